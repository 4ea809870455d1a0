"""Do the runs of an ablation, one after the other, and put what came of them in one file.

Knows configurations, runs and reports; knows no screen. A run that fails does not take the others
with it. Started again with the same folder, it goes on; what is done is not done again.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from pairmill.config import RunConfig
from pairmill.core.errors import (
    CorpusError,
    PairmillError,
    RootError,
    StoreFullError,
    WeightsError,
)
from pairmill.core.records import Split, Triplet
from pairmill.pipeline.commit import CommitLog
from pairmill.pipeline.graph import ALL, Graph
from pairmill.pipeline.report import write_report
from pairmill.pipeline.shard import read_records
from pairmill.ports.objects import ObjectStore
from pairmill.settings import read_settings
from services.standalone.ablating.asking import Ablation, configure
from services.standalone.ablating.conducting import SharingConductor
from services.standalone.ablating.figures import Result, figures_of, means_of
from services.standalone.ablating.remembering import RememberingPorts
from services.standalone.ablating.sharing import Donors, adopted
from services.standalone.ablating.switches import FULL, Switch, built_in
from services.standalone.conduct import Listener, Unwatched
from services.standalone.submit import Submission, Submitted, submit

RESULT = "ablation.json"
FORMAT = 1


class Watcher(Listener, Protocol):
    """Who watches an ablation: a listener of every run's stages that also hears of runs."""

    def began(self, switch: str, seed: int) -> None:
        """A run begins."""
        ...

    def ended(self, result: Result) -> None:
        """A run has ended; `result` holds its figures, or `error` where it failed."""
        ...


class Nobody(Unwatched):
    """A watcher that shows nothing."""

    def began(self, switch: str, seed: int) -> None:
        """Ignore it."""

    def ended(self, result: Result) -> None:
        """Ignore it."""


@dataclass
class Ablating:
    """One ablation under way in an output folder."""

    asked: Ablation
    out: Path
    watcher: Watcher = field(default_factory=Nobody)
    _donors: Donors | None = None
    _num_mined: dict[int, int] = field(default_factory=dict)

    def run(self) -> dict[str, Any]:
        """Do every run that is left; return, and write, what `ablation.json` holds."""
        results: list[Result] = []
        for seed in self.asked.seeds:
            for switch in self.asked.chosen:
                self.watcher.began(switch.name, seed)
                results.append({"switch": switch.name, "seed": seed} | self._one(switch, seed))
                self.watcher.ended(results[-1])
                self._write(results)
        return self._write(results)

    def _one(self, switch: Switch, seed: int) -> dict[str, Any]:
        """Return one run's result, or what went wrong with it alone."""
        try:  # what concerns every run alike goes through
            num_mined = self._mined(seed) if 0 < switch.share < 1 else 0
            submitted = self._conduct(configure(self.asked, switch, seed, num_mined))
        except (CorpusError, RootError, StoreFullError, WeightsError):
            raise
        except PairmillError as error:
            return {"error": str(error)}
        except Exception as error:  # one run's fault must not take the others
            return {"error": repr(error)}
        found = result_of(submitted.ports.objects, submitted.graph)
        if switch.name != FULL:  # the same before any training, whatever is switched
            del found["before"], found["queries"]
        return found

    def _conduct(self, config: RunConfig, until: str = "") -> Submitted:
        asked = self.asked
        submitted = submit(
            Submission(corpus=asked.corpus, out=self.out, config=config, gallery=asked.gallery,
                       captions=Path(asked.captions) if asked.captions else None,
                       benchmark=Path(asked.benchmark) if asked.benchmark else None),
            read_settings(),
        )  # fmt: skip
        ports, graph = submitted.ports, submitted.graph
        self._donors = self._donors or Donors(ports.objects)
        if CommitLog(ports.objects, graph.node("evaluate").commits).exists(ALL):
            for node in graph.nodes:
                self._donors.offer(graph, node)
            return submitted
        own = RememberingPorts(ports.stores, ports.config, ports.places, ports.spending)
        conductor = SharingConductor(own, graph, self.watcher, donors=self._donors)
        conductor.run(until)
        if not until:
            _forget_texts(ports.objects, graph)
        return submitted

    def _mined(self, seed: int) -> int:
        """Return how many mined triplets the base's training takes."""
        if seed not in self._num_mined:
            base = configure(self.asked, built_in()[FULL], seed, 0)
            submitted = self._conduct(base, "split")
            self._num_mined[seed] = num_learnt(submitted.ports.objects, submitted.graph)
        return self._num_mined[seed]

    def _write(self, results: list[Result]) -> dict[str, Any]:
        done = [result for result in results if "figures" in result]
        found = {
            "format": FORMAT,
            "preset": self.asked.preset,
            "base": self.asked.config,
            "seeds": list(self.asked.seeds),
            "vary": self.asked.vary,
            "switches": {s.name: {"group": s.group, "about": s.about, "changes": dict(s.changes)}
                         for s in self.asked.chosen},
            "runs": results,
            "means": means_of(done),
        }  # fmt: skip
        text = json.dumps(found, indent=1, sort_keys=True, ensure_ascii=False, allow_nan=False)
        (self.out / RESULT).write_text(text + "\n", "utf-8")
        return found


def result_of(objects: ObjectStore, graph: Graph) -> dict[str, Any]:
    """Return the figures of a finished run, and where they came from."""
    report = write_report(objects, graph)
    own = [node.name for node in graph.nodes if node.stage.home == "run"]
    return {
        "run": graph.spec.name,
        "figures": figures_of(report),
        "before": figures_of(report, "before"),
        "published": report["training"]["published"],
        "why": report["training"]["why"],
        "learnt": num_learnt(objects, graph),
        "seconds": round(sum(report["seconds"][name] for name in own), 1),
        "adopted": adopted(objects, graph),
        "queries": report["quality"]["num_queries"],
    }


def num_learnt(objects: ObjectStore, graph: Graph) -> int:
    """Return how many mined triplets a run learns from: those of the train side, capped."""
    training = graph.spec.config.training
    if "mined" not in training.sources:
        return 0
    kept = {s.pair_id for s in _records(objects, graph, "split", Split) if s.part == "train"}
    found = sum(t.pair_id in kept for t in _records(objects, graph, "gate", Triplet))
    return min(found, training.max_triplets or found)


def _records(objects: ObjectStore, graph: Graph, node: str, kind: type[Any]) -> Iterator[Any]:
    data_set = {"split": "splits", "gate": "triplets"}[node]
    for commit in CommitLog(objects, graph.node(node).commits).read_all():
        yield from read_records(objects, [f for f in commit.files if f.data_set == data_set], kind)


def _forget_texts(objects: ObjectStore, graph: Graph) -> None:
    """Remove the texts' features of a finished run: they only served to go on after a stop."""
    for key in list(objects.list(f"runs/{graph.spec.name}/features/texts/")):
        objects.delete(key)
