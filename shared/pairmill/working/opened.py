"""Keep the runs that a process works for open. Knows specifications; knows no task."""

from collections import OrderedDict

from pairmill.core.errors import RootError
from pairmill.pipeline.graph import Graph
from pairmill.pipeline.runs import load_run, run_key
from pairmill.pipeline.spending import spending_of
from pairmill.wiring import Ports, Stores

KEPT = 8


class OpenRuns:
    """The runs last worked for, each with its ports and its graph; a run never changes."""

    def __init__(self, stores: Stores) -> None:
        self._stores = stores
        self._open: OrderedDict[str, tuple[Ports, Graph]] = OrderedDict()

    def open(self, run: str) -> tuple[Ports, Graph]:
        """Return a run's ports and graph; RootError if there is no such run."""
        if run not in self._open:
            # `load_run` would list every object of every run for its words, at every wrong message
            if not self._stores.objects.exists(run_key(run)):
                raise RootError(f"no run {run!r} here")
            spec, places = load_run(self._stores.objects, run)
            books = spending_of(self._stores.objects, run, spec.config)
            self._open[run] = Ports(self._stores, spec.config, places, books), Graph(spec)
        self._open.move_to_end(run)
        while len(self._open) > KEPT:
            self._open.popitem(last=False)
        return self._open[run]
