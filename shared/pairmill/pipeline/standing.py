"""How a run stands: submitted, ended, and how far each of its nodes is.

Knows keys and formats, which gateway and coordinator share; knows no stage and decides nothing.
A run that was submitted and has not ended is active.
"""

import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from datetime import UTC, datetime
from typing import Any, Literal

from pairmill.core.ids import canonical_json
from pairmill.ports.objects import ObjectStore

SUBMITTED, ENDED = "submitted/", "ended/"
EndState = Literal["finished", "cancelled", "stopped"]
RunStateName = Literal["active", "finished", "cancelled", "stopped"]


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """A run that somebody asked for. time: when, in UTC, as ISO 8601. gallery: may be empty."""

    run: str
    corpus: str
    gallery: str = ""
    time: str = ""


@dataclass(frozen=True, kw_only=True)
class End:
    """How a run came to its end, and why. time: when, in UTC, as ISO 8601."""

    run: str
    state: EndState
    why: str = ""
    time: str = ""


@dataclass(frozen=True, kw_only=True)
class NodeProgress:
    """How far one node is.

    tasks: how many there are (0: not known yet). done: committed. failed: dead letters. open: the
    rest; running: those of them that a worker holds. records, total: in the stage's unit, of what
    is committed and of all (0: not known). seconds: since its first task was opened.
    """

    node: str
    unit: str = ""
    tasks: int = 0
    done: int = 0
    open: int = 0
    running: int = 0
    failed: int = 0
    records: int = 0
    total: int = 0
    seconds: float = 0.0

    @property
    def closed(self) -> bool:
        """Whether commits and dead letters cover all of its tasks."""
        return 0 < self.tasks <= self.done + self.failed


@dataclass(frozen=True, kw_only=True)
class RunProgress:
    """How far a run is, node after node in the order of its graph."""

    run: str
    state: RunStateName = "active"
    nodes: tuple[NodeProgress, ...] = ()

    def to_json(self) -> bytes:
        """Return it as the one JSON text of its values."""
        return canonical_json(asdict(self))

    @classmethod
    def from_json(cls, data: bytes) -> "RunProgress":
        """Return what `to_json` wrote; fields of a later release are passed over."""
        values = json.loads(data)
        nodes = tuple(NodeProgress(**_known(NodeProgress, node)) for node in values["nodes"])
        return cls(**_known(cls, values) | {"nodes": nodes})


@dataclass(frozen=True, kw_only=True)
class Standing:
    """One run and how it stands. nodes: none before the coordinator has looked at it."""

    submitted: Submitted
    end: End | None = None
    nodes: tuple[NodeProgress, ...] = ()

    @property
    def state(self) -> RunStateName:
        """The run's state in one word."""
        return self.end.state if self.end else "active"

    @property
    def num_failed(self) -> int:
        """How many tasks are among the dead letters, as far as the coordinator has told."""
        return sum(node.failed for node in self.nodes)

    @property
    def under_way(self) -> tuple[str, ...]:
        """The nodes that are being worked on."""
        return tuple(node.node for node in self.nodes if node.open or node.running)


def note_submitted(objects: ObjectStore, submitted: Submitted) -> bool:
    """Put a run on the list; False where it stands there already, which stays as it is."""
    return objects.create(f"{SUBMITTED}{submitted.run}.json", _stamped(submitted))


def submitted_names(objects: ObjectStore) -> list[str]:
    """Return the names of all runs that were ever submitted, sorted."""
    return list(_names(objects, SUBMITTED))


def submitted(objects: ObjectStore, run: str) -> Submitted | None:
    """Return what is known of a run's submission, or None where there is no such run."""
    values = _read(objects, f"{SUBMITTED}{run}.json")
    return Submitted(**_known(Submitted, values)) if values else None


def submitted_runs(objects: ObjectStore) -> list[Submitted]:
    """Return all runs that were ever submitted, the first one first."""
    found = (submitted(objects, name) for name in submitted_names(objects))
    return sorted((run for run in found if run), key=lambda run: (run.time, run.run))


def active_runs(objects: ObjectStore) -> list[str]:
    """Return the names of the runs that were submitted and have not ended, sorted."""
    over = set(_names(objects, ENDED))
    return [name for name in submitted_names(objects) if name not in over]


def ended_runs(objects: ObjectStore) -> list[str]:
    """Return the names of the runs that came to an end, sorted."""
    return list(_names(objects, ENDED))


def end_run(objects: ObjectStore, run: str, state: EndState, why: str) -> bool:
    """Note that a run came to its end; False where it had one already, which stays as it is."""
    return objects.create(f"{ENDED}{run}.json", _stamped(End(run=run, state=state, why=why)))


def ended(objects: ObjectStore, run: str) -> End | None:
    """Return a run's end, or None where it is active."""
    values = _read(objects, f"{ENDED}{run}.json")
    return End(**_known(End, {"run": run, **values})) if values else None


def reopen(objects: ObjectStore, run: str) -> None:
    """Make a run active again; an active one stays so."""
    objects.delete(f"{ENDED}{run}.json")


def save_progress(objects: ObjectStore, progress: RunProgress) -> None:
    """Write how far a run is, over what was known before."""
    objects.put(f"runs/{progress.run}/progress.json", progress.to_json())


def read_progress(objects: ObjectStore, run: str) -> RunProgress:
    """Return how far a run is; without nodes where nobody has looked at it yet."""
    try:
        return RunProgress.from_json(objects.get(f"runs/{run}/progress.json"))
    except KeyError:
        return RunProgress(run=run)


def standing(objects: ObjectStore, asked: Submitted) -> Standing:
    """Return how a submitted run stands."""
    end = ended(objects, asked.run)  # first, so that the progress beside an end is the last one
    return Standing(submitted=asked, end=end, nodes=read_progress(objects, asked.run).nodes)


def _stamped(mark: Submitted | End) -> bytes:
    now = datetime.now(UTC).isoformat(timespec="milliseconds")
    return canonical_json(asdict(mark) | {"time": mark.time or now})


def _names(objects: ObjectStore, prefix: str) -> Iterator[str]:
    for key in objects.list(prefix):
        if key.endswith(".json"):
            yield key[len(prefix) : -len(".json")]


def _read(objects: ObjectStore, key: str) -> dict[str, Any]:
    try:
        values: dict[str, Any] = json.loads(objects.get(key))
    except KeyError:
        return {}
    return values


def _known(record: type, values: dict[str, Any]) -> dict[str, Any]:
    names = {field.name for field in fields(record)}
    return {name: value for name, value in values.items() if name in names}
