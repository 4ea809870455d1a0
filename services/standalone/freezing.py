"""Freeze the listing of a source, once. Knows folders, globs and manifests; knows no run."""

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from pairmill.core.errors import CorpusError
from pairmill.core.ids import canonical_json, digest_of, sha256_hex
from pairmill.core.records import Entry
from pairmill.core.tables import from_parquet, to_parquet
from pairmill.pipeline.barrier import MANIFEST
from pairmill.ports.objects import ObjectStore
from services.ingestor.listing import list_source
from services.ingestor.tables import read_captions


@dataclass(frozen=True, kw_only=True)
class Place:
    """A source on this machine: a folder and the pattern of names in it."""

    root: Path
    pattern: str

    @property
    def name(self) -> str:
        """A name that people recognise, made unique by the pattern where there is one."""
        plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in self.root.name.lower())
        cut = "" if self.pattern == "**" else f"-{digest_of(self.pattern, length=6)}"
        return (plain or "corpus") + cut


def place_of(path: str) -> Place:
    """Return the folder before the first wildcard, and the pattern below it (`**`: all)."""
    parts = Path(path).expanduser().parts
    wild = next((i for i, part in enumerate(parts) if any(c in part for c in "*?[")), len(parts))
    root, pattern = Path(*parts[:wild]).resolve(), "/".join(parts[wild:])
    if root.is_file():
        root, pattern = root.parent, root.name
    if not root.is_dir():
        raise CorpusError(
            f"{path}: no such folder; wanted a folder of images or of .tar files, or a quoted "
            "glob of either"
        )
    return Place(root=root, pattern=pattern or "**")


@dataclass(frozen=True, kw_only=True)
class Frozen:
    """A listing that stays as it is. home: the prefix where it lies. notes: for the user."""

    home: str
    data: bytes
    notes: tuple[str, ...] = field(default=())

    @cached_property
    def entries(self) -> list[Entry]:
        """Its rows."""
        return from_parquet(Entry, self.data)

    @cached_property
    def keys(self) -> frozenset[str]:
        """The names of its images."""
        return frozenset(entry.key for entry in self.entries)

    @property
    def digest(self) -> str:
        """sha256 of the listing."""
        return sha256_hex(self.data)

    def keep(self, objects: ObjectStore, protected: frozenset[str]) -> None:
        """Write the listing, and the keys that no filter may drop."""
        objects.create(f"{self.home}/{MANIFEST}", self.data)
        objects.put(f"{self.home}/protected.json", canonical_json(sorted(protected)))


@dataclass(frozen=True, kw_only=True)
class Lister:
    """Lists a source into the run's objects."""

    objects: ObjectStore
    source: ObjectStore
    shard_images: int

    def freeze(self, home: str, place: Place, captions: Path | None = None) -> Frozen:
        """Return the listing. Once one is kept it stays, and differences are noted; one that has
        no image in common with the source is not that source's, and is passed over."""
        table = read_captions(captions) if captions else None
        entries = list_source(
            self.source, pattern=place.pattern, captions=table, shard_images=self.shard_images
        )
        fresh = Frozen(home=home, data=to_parquet(Entry, entries))
        try:
            kept = Frozen(home=home, data=self.objects.get(f"{home}/{MANIFEST}"))
        except KeyError:
            return fresh
        if not kept.keys & fresh.keys:
            return fresh
        more, fewer = len(fresh.keys - kept.keys), len(kept.keys - fresh.keys)
        if not more and not fewer:
            return kept
        note = (
            f"the source changed since its listing was frozen: {more} new images are not taken, "
            f"{fewer} are gone; use another --out to take it as it is now"
        )
        return Frozen(home=home, data=kept.data, notes=(note,))
