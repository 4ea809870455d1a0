"""Freeze the listing of a source, once. Knows folders, globs and manifests; knows no run."""

from dataclasses import dataclass, field
from functools import cached_property

from pairmill.core.errors import CorpusError
from pairmill.core.ids import sha256_hex
from pairmill.core.records import Entry
from pairmill.core.tables import from_parquet, to_parquet
from pairmill.pipeline.barrier import MANIFEST
from pairmill.ports.objects import ObjectStore
from pairmill.sources.listing import list_source
from pairmill.sources.places import Place
from pairmill.sources.tables import CaptionTable


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

    def check(self, objects: ObjectStore) -> None:
        """Raise CorpusError where another source's listing has the name already."""
        key = f"{self.home}/{MANIFEST}"
        if objects.exists(key) and objects.get(key) != self.data:
            raise CorpusError(
                f"{self.home}: the name belongs to another source, with other images; "
                "submit this one under another name"
            )

    def keep(self, objects: ObjectStore) -> None:
        """Write the listing; CorpusError where another source's has the name already."""
        if not objects.create(f"{self.home}/{MANIFEST}", self.data):
            self.check(objects)


@dataclass(frozen=True, kw_only=True)
class Lister:
    """Lists a source into the run's objects."""

    objects: ObjectStore
    source: ObjectStore
    shard_images: int

    def freeze(self, home: str, place: Place, captions: CaptionTable | None = None) -> Frozen:
        """Return the listing. Once one is kept it stays, and differences are noted; one that has
        no image in common with the source is not that source's, and is passed over."""
        entries = list_source(
            self.source, pattern=place.pattern, captions=captions, shard_images=self.shard_images
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
            f"{fewer} are gone; to take it as it is now use another --out, or, on a cluster, "
            "another prefix"
        )
        return Frozen(home=home, data=kept.data, notes=(note,))
