"""Read a run's benchmark, join its keys to images, and name the images kept out of training.

Knows commits and the object store port; knows no stage, no feature and no figure.
"""

import posixpath
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from pairmill.core.benchmark import parse_benchmark
from pairmill.core.errors import FormatError
from pairmill.core.ids import sha256_hex
from pairmill.core.records import BenchmarkQuery, ImageRecord
from pairmill.pipeline.shard import Shard, read_records
from pairmill.ports.objects import ObjectStore

CORPUS, GALLERY = "dedupe", "dedupe@gallery"
KEPT_SETS = 4
"""A worker meets one run at a time; a few more cost little and spare the re-reading."""

_found: dict[str, frozenset[str]] = {}


@dataclass(frozen=True, kw_only=True)
class Images:
    """The images a benchmark may name. searched: those of the gallery, or of the corpus where the
    run has no gallery. others: the corpus's, where a gallery is searched."""

    searched: tuple[ImageRecord, ...]
    others: tuple[ImageRecord, ...] = ()

    def find(self, key: str) -> str:
        """Return the id of the image that bears `key`, or an empty string.

        A name in what is searched goes before the same name elsewhere. Keys of files have no
        ending, so `shoe.jpg` also finds `shoe`.
        """
        for ids in (self._searched_ids, self._other_ids):
            for name in (key, posixpath.splitext(key)[0]):
                if name in ids:
                    return ids[name]
        return ""

    @cached_property
    def _searched_ids(self) -> dict[str, str]:
        return _ids_by_key(self.searched)

    @cached_property
    def _other_ids(self) -> dict[str, str]:
        return _ids_by_key(self.others)


def read_benchmark(shard: Shard, objects: ObjectStore) -> tuple[BenchmarkQuery, ...]:
    """Return the run's benchmark queries; none where it has no benchmark.

    Raises FormatError if the stored bytes are not those that the run was submitted with, and
    CorpusError if they are no benchmark.
    """
    spec = shard.graph.spec
    if not spec.benchmark:
        return ()
    key = f"runs/{spec.name}/benchmark.jsonl"
    data = objects.get(key)
    if sha256_hex(data) != spec.benchmark:
        raise FormatError(f"{key}: its bytes are not those submitted; restore it, or run anew")
    return parse_benchmark(data, "benchmark.jsonl")


def read_images(shard: Shard, objects: ObjectStore) -> Images:
    """Return the images that the run's benchmark may name; the task must take what they need."""
    corpus = tuple(read_records(objects, shard.files(CORPUS, "images"), ImageRecord))
    if not shard.graph.spec.gallery:
        return Images(searched=corpus)
    assert GALLERY in shard.commits, f"{shard.node} must take {GALLERY} to know its images"
    gallery = read_records(objects, shard.files(GALLERY, "images"), ImageRecord)
    return Images(searched=tuple(gallery), others=corpus)


def benchmark_ids(shard: Shard, objects: ObjectStore) -> frozenset[str]:
    """Return the ids of all images that must stay out of mining and training.

    All images of the gallery, and every query image and target of the benchmark. A byte-identical
    image of the corpus has the same id and so stays out as well. Read once a process.
    """
    spec = shard.graph.spec
    if not spec.gallery and not spec.benchmark:
        return frozenset()
    digests = [c.digest for node in (CORPUS, GALLERY) for c in shard.commits.get(node, ())]
    name = sha256_hex("\n".join([spec.name, spec.gallery, spec.benchmark, *digests]).encode())
    if name not in _found:
        while len(_found) >= KEPT_SETS:
            del _found[next(iter(_found))]
        _found[name] = _ids(shard, objects)
    return _found[name]


def _ids(shard: Shard, objects: ObjectStore) -> frozenset[str]:
    images = read_images(shard, objects)
    keys = [k for q in read_benchmark(shard, objects) for k in (q.query_image, *q.targets) if k]
    named = {images.find(key) for key in keys} - {""}
    of_gallery = images.searched if shard.graph.spec.gallery else ()
    return frozenset(named | {image.image_id for image in of_gallery})


def _ids_by_key(images: Iterable[ImageRecord]) -> dict[str, str]:
    return {key: image.image_id for image in images for key in image.keys}
