"""What a process is around its tasks: what a stage is handed, leases, probes, metrics, signals."""
