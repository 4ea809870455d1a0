"""The control plane as plain processes: etcd, API server, controllers, scheduler, kwok, KEDA."""
