"""The commit rule: a task is done when its commit exists, and a commit is written once.

Knows the object store port; knows no stage. Readers follow commits, never data prefixes.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from pairmill.core.errors import FormatError
from pairmill.core.ids import canonical_json, sha256_hex
from pairmill.ports.objects import ObjectStore

COMMIT_FORMAT = 1


@dataclass(frozen=True, kw_only=True)
class DataFile:
    """One committed file of a data set; its key ends in `<shard>-<digest of content>.<ext>`."""

    data_set: str
    key: str
    shard: str
    sha256: str
    num_rows: int
    num_bytes: int

    @property
    def home(self) -> str:
        """The prefix beneath which its data set lies, such as `runs/<run>`."""
        return self.key.rpartition(f"/{self.data_set}/")[0]


@dataclass(frozen=True, kw_only=True)
class Counts:
    """What went in and what came out, in the stage's own unit: inputs = outputs + rejects.

    parts: rejects of another unit (a caption of an image that stays), outside the balance.
    """

    inputs: int
    outputs: int
    rejects: Mapping[str, int] = field(default_factory=dict)
    parts: Mapping[str, int] = field(default_factory=dict)

    @property
    def balanced(self) -> bool:
        """Whether nothing was lost and nothing invented."""
        return self.inputs == self.outputs + sum(self.rejects.values())


@dataclass(frozen=True, kw_only=True)
class Commit:
    """What one task made of which inputs. Times and cost lie apart, so equal work gives equal
    bytes. facts: plain values that a later stage or the report needs."""

    node: str
    shard: str
    inputs: str
    files: tuple[DataFile, ...]
    counts: Counts
    facts: Mapping[str, Any] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)

    def to_json(self) -> bytes:
        """Return the commit's one JSON text."""
        return canonical_json({"format": COMMIT_FORMAT, **asdict(self)})

    @property
    def digest(self) -> str:
        """Full sha256 of the commit's bytes."""
        return sha256_hex(self.to_json())


def parse_commit(key: str, data: bytes) -> Commit:
    """Return the commit of its JSON; FormatError where it is of another format version."""
    try:
        values = json.loads(data)
    except ValueError:
        raise FormatError(f"{key}: wanted a commit, got no JSON; remove it, or run anew") from None
    if values.pop("format", None) != COMMIT_FORMAT:
        raise FormatError(
            f"{key}: wanted a commit of format {COMMIT_FORMAT}; it was written by another version "
            "of Pairmill: use its own, or another output folder"
        )
    files = tuple(DataFile(**file) for file in values.pop("files"))
    return Commit(files=files, counts=Counts(**values.pop("counts")), **values)


class CommitLog:
    """The commits of one node of a run: `<prefix>/<shard>.json`."""

    def __init__(self, objects: ObjectStore, prefix: str) -> None:
        self._objects = objects
        self.prefix = prefix

    def key(self, shard: str) -> str:
        """Return the key of a shard's commit."""
        return f"{self.prefix}/{shard}.json"

    def write(self, commit: Commit) -> bool:
        """Write the commit unless one exists; False tells a loser to discard its work."""
        return self._objects.create(self.key(commit.shard), commit.to_json())

    def exists(self, shard: str) -> bool:
        """Say whether the shard is committed."""
        return self._objects.exists(self.key(shard))

    def read(self, shard: str) -> Commit:
        """Return the shard's commit; KeyError if there is none."""
        return parse_commit(self.key(shard), self._objects.get(self.key(shard)))

    def shards(self) -> list[str]:
        """Return the committed shards, in order."""
        start = len(self.prefix) + 1
        return [key[start:-5] for key in self._objects.list(self.prefix + "/")]

    def read_all(self) -> Iterator[Commit]:
        """Yield every commit, in order of shards."""
        for shard in self.shards():
            yield self.read(shard)
