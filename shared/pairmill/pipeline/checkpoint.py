"""Keep the unfinished work of one task, so that another attempt goes on from there.

Knows the object store port; knows nothing of what the bytes mean.
"""

from dataclasses import dataclass

from pairmill.core.ids import sha256_hex
from pairmill.pipeline.progress import Progress
from pairmill.ports.objects import ObjectStore


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """One attempt at a task: how far it is, and what it keeps for the next one."""

    progress: Progress
    checkpoints: "Checkpoints"


class Checkpoints:
    """Numbered states beneath one prefix; the newest whole one wins, older ones are removed."""

    def __init__(self, objects: ObjectStore, prefix: str) -> None:
        self._objects, self._prefix, self._used = objects, prefix, False

    def save(self, step: int, state: bytes) -> None:
        """Keep `state` as that of `step`, a number that only grows."""
        self._used = True
        key = f"{self._prefix}/{step:09d}-{sha256_hex(state)[:16]}"
        self._objects.put(key, state)
        for old in list(self._objects.list(self._prefix + "/")):
            if old < key and old.rpartition("/")[2][:9] != f"{step:09d}":
                self._objects.delete(old)

    def load(self) -> tuple[int, bytes] | None:
        """Return the newest step and its state, or None. A state with a wrong digest is skipped."""
        self._used = True
        for key in reversed(list(self._objects.list(self._prefix + "/"))):
            step, _, digest = key.rpartition("/")[2].partition("-")
            state = self._objects.get(key)
            if sha256_hex(state)[:16] == digest:
                return int(step), state
        return None

    def clear(self) -> None:
        """Remove every state, once the commit exists; most stages keep none, and none is sought."""
        for key in list(self._objects.list(self._prefix + "/")) if self._used else ():
            self._objects.delete(key)
