"""Count calls for Prometheus: by method and code, their seconds, who is inside, who was refused.

Knows no transport and no service.
"""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)


class Figures:
    """The counters of one server, in a registry of its own."""

    def __init__(self) -> None:
        own = self.registry = CollectorRegistry()
        self.calls = Counter("pairmill_calls", "Calls ended", ("method", "code"), registry=own)
        self.seconds = Histogram("pairmill_call_seconds", "Seconds of a call", ("method",),
                                 buckets=SECONDS, registry=own)  # fmt: skip
        self.inside = Gauge("pairmill_calls_in_flight", "Calls inside", registry=own)
        self.refused = Counter("pairmill_rejections", "Calls that were not let in", ("reason",),
                               registry=own)  # fmt: skip
