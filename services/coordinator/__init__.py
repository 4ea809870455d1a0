"""The coordinator: publishes tasks, sweeps, closes barriers, launches jobs, ends runs."""
