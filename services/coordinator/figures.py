"""What a coordinator tells Prometheus: figures of the whole system. Knows names; knows no server.

They come from here, and not from workers: workers that are scaled to nothing tell of nothing.
"""

from prometheus_client import Counter, Gauge, Histogram

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
