"""What a worker and a coordinator count for Prometheus. Knows names; knows no server.

A figure of the whole system (open tasks, dead letters) comes from the coordinator, which reads it
from the ledger: workers that are scaled to nothing tell of nothing.
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

OPEN_TASKS = Gauge("pairmill_open_tasks", "Tasks left to do, over all runs", ["stage"])
QUEUED = Gauge("pairmill_queued_messages", "Messages that wait", ["stage"])
DEAD_TASKS = Gauge("pairmill_dead_tasks", "Dead letters of active runs", ["run", "node"])
ACTIVE_RUNS = Gauge("pairmill_active_runs", "Runs that have not ended")
OLDEST_SECONDS = Gauge(
    "pairmill_oldest_node_seconds", "How long a node has been open", ["run", "node"]
)
RUNG = Counter("pairmill_rung_total", "Messages sent by the coordinator", ["stage"])
LEADING = Gauge("pairmill_leading", "1 while this coordinator leads")
STEP_SECONDS = Histogram("pairmill_step_seconds", "Seconds of one look at all active runs")
