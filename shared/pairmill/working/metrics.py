"""What a worker counts for Prometheus. Knows names; knows no server.

Figures of the whole system come from the coordinator: services/coordinator/figures.py.
"""

from prometheus_client import Counter, Gauge, Histogram

TASKS = Counter(
    "pairmill_tasks_total",
    "Deliveries by what came of them",
    ["service", "stage", "outcome"],
)
"""outcome: settled (committed, or no longer needed), again, refused (no task of ours), drained."""

TASK_SECONDS = Histogram(
    "pairmill_task_seconds",
    "Seconds from delivery to outcome",
    ["service", "stage"],
    buckets=(0.1, 0.5, 1, 5, 15, 60, 300, 900, 3600),
)

WORKING = Gauge("pairmill_working", "1 while a task is under way", ["service"])
READY = Gauge("pairmill_ready", "1 once models are loaded and a canary passed", ["service"])
