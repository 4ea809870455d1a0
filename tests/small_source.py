"""A small world for the ingestor: a source and a run's objects in memory, and how to fill them."""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from PIL import Image

from pairmill.config import IngestConfig, RunConfig
from pairmill.core.records import Entry, ImageRecord, Reject
from pairmill.core.tables import from_parquet, to_parquet
from pairmill.pipeline.commit import Commit, Counts, DataFile
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.output import Output
from pairmill.pipeline.plan import stage
from pairmill.pipeline.progress import Silent
from pairmill.pipeline.shard import Shard
from pairmill.sources.listing import list_source
from services.ingestor.stage import dedupe, ingest

HOME = "corpora/c"


class Memory(dict[str, bytes]):
    """An object store in memory."""

    def put(self, key: str, data: bytes) -> None:
        self[key] = bytes(data)

    def create(self, key: str, data: bytes) -> bool:
        return self.setdefault(key, data) is data

    def get(self, key: str) -> bytes:  # type: ignore[override]
        return self[key]

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        return self[key][offset : offset + length]

    def size(self, key: str) -> int:
        return len(self[key])

    def exists(self, key: str) -> bool:
        return key in self

    def list(self, prefix: str) -> Iterator[str]:
        return iter(sorted(key for key in self if key.startswith(prefix)))

    def delete(self, key: str) -> None:
        self.pop(key, None)


@dataclass
class World:
    """One corpus on its way through listing, ingest and dedupe."""

    source: Memory = field(default_factory=Memory)
    objects: Memory = field(default_factory=Memory)
    config: IngestConfig = field(default_factory=IngestConfig)
    protected: str = ""
    commits: dict[str, list[Commit]] = field(default_factory=dict)

    def picture(self, seed: int = 0, size: tuple[int, int] = (48, 40)) -> Image.Image:
        """Return a smooth picture that only the seed decides."""
        small = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
        return Image.fromarray(small).resize(size, Image.Resampling.BICUBIC)

    def encoded(self, image: Image.Image | int = 0, kind: str = "JPEG", **options: Any) -> bytes:
        """Return the bytes of an image, or of the picture of a seed."""
        sink = io.BytesIO()
        image = self.picture(image) if isinstance(image, int) else image
        image.save(sink, kind, **options)
        return sink.getvalue()

    def tar(self, members: list[tuple[str, bytes] | tarfile.TarInfo]) -> bytes:
        """Return a tar of files, and of members that are given whole."""
        sink = io.BytesIO()
        with tarfile.open(fileobj=sink, mode="w") as tar:
            for member in members:
                if isinstance(member, tarfile.TarInfo):
                    tar.addfile(member)
                    continue
                info = tarfile.TarInfo(member[0])
                info.size = len(member[1])
                tar.addfile(info, io.BytesIO(member[1]))
        return sink.getvalue()

    def enlist(self, **options: Any) -> list[Entry]:
        """List the source into the manifest."""
        options.setdefault("shard_images", self.config.shard_images)
        entries = list_source(self.source, **options)
        self.objects.put(f"{HOME}/manifest.parquet", to_parquet(Entry, entries))
        return entries

    def ingest(self) -> list[Counts]:
        """Ingest every shard of the manifest."""
        entries = from_parquet(Entry, self.objects.get(f"{HOME}/manifest.parquet"))
        for name in sorted({entry.shard for entry in entries}):
            shard, out = self._task("ingest", name)
            counts = ingest(shard, out, self.objects, self.source, Silent())
            self._commit("ingest", name, out, counts)
        return [commit.counts for commit in self.commits["ingest"]]

    def dedupe(self) -> Counts:
        """Join equal images of all shards."""
        shard, out = self._task("dedupe", "all")
        counts = dedupe(shard, out, self.objects)
        self._commit("dedupe", "all", out, counts)
        return counts

    def files(self, node: str, data_set: str = "images") -> list[DataFile]:
        """Return a node's committed files of one data set."""
        return [f for c in self.commits[node] for f in c.files if f.data_set == data_set]

    def images(self, node: str = "ingest") -> list[ImageRecord]:
        """Return the images that a node committed."""
        tables = [f for f in self.files(node) if f.key.endswith(".parquet")]
        return [r for f in tables for r in from_parquet(ImageRecord, self.objects.get(f.key))]

    def rejects(self, node: str = "ingest") -> list[Reject]:
        """Return the rejects that a node committed."""
        files = self.files(node, f"rejects/{node}")
        return [r for f in files for r in from_parquet(Reject, self.objects.get(f.key))]

    def rules(self, node: str = "ingest") -> dict[str, str]:
        """Return the rule of every reject by its record's id."""
        return {reject.record_id: reject.rule for reject in self.rejects(node)}

    def _task(self, node: str, name: str) -> tuple[Shard, Output]:
        spec = RunSpec(name="r", corpus="c", config=RunConfig(ingest=self.config), encoder_id="e",
                       protected=self.protected)  # fmt: skip
        commits = {key: tuple(found) for key, found in self.commits.items()}
        shard = Shard(name=name, graph=Graph(spec), home=HOME, commits=commits)
        return shard, Output(self.objects, HOME, stage(node), name)

    def _commit(self, node: str, name: str, out: Output, counts: Counts) -> None:
        commit = Commit(node=node, shard=name, inputs="", files=out.files, counts=counts)
        self.commits.setdefault(node, []).append(commit)
