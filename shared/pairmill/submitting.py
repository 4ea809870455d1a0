"""Turn a request into a run that is written down: listings, benchmark, specification.

Knows sources and formats; knows no command line, no server and no stage.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from pairmill.config import RunConfig
from pairmill.core.benchmark import parse_benchmark
from pairmill.core.errors import CorpusError
from pairmill.core.ids import canonical_json, digest_of, sha256_hex
from pairmill.pipeline.graph import RunSpec
from pairmill.pipeline.runs import Places, protected_key, save_run
from pairmill.ports.objects import ObjectStore
from pairmill.sources.freezing import Frozen, Lister
from pairmill.sources.places import Place
from pairmill.sources.tables import CaptionTable

OpenSource = Callable[[str], ObjectStore]
"""Opens the files at an address, to be read only."""


@dataclass(frozen=True, kw_only=True)
class Request:
    """What shall be done with which images.

    benchmark: JSON lines; benchmark_name: what errors call it.
    """

    corpus: Place
    config: RunConfig
    encoder_id: str
    gallery: Place | None = None
    captions: CaptionTable | None = None
    benchmark: bytes = b""
    benchmark_name: str = "benchmark"


@dataclass(frozen=True, kw_only=True)
class Draft:
    """A run before anything of it is written. notes: for the user's eyes."""

    spec: RunSpec
    places: Places
    corpus: Frozen
    gallery: Frozen | None
    benchmark: bytes
    protected: frozenset[str] = field(default=frozenset())

    @property
    def notes(self) -> tuple[str, ...]:
        """What the user should know of the listings."""
        return self.corpus.notes + (self.gallery.notes if self.gallery else ())

    def write(self, objects: ObjectStore) -> None:
        """Write listings, benchmark and run; once more changes nothing."""
        self.corpus.keep(objects)
        if self.protected:
            key = protected_key(self.corpus.home, self.spec.protected)
            objects.put(key, canonical_json(sorted(self.protected)))
        if self.gallery:
            self.gallery.keep(objects)
        if self.benchmark:
            objects.put(f"runs/{self.spec.name}/benchmark.jsonl", self.benchmark)
        save_run(objects, self.spec, self.places)


def draft_run(asked: Request, objects: ObjectStore, open_source: OpenSource) -> Draft:
    """Return the run; nothing is written before all that was asked for is known to fit together.

    The same request gives the same run. Raises CorpusError where source, captions or benchmark
    cannot be used.
    """
    named = _named_images(asked)
    corpus = _lister(asked, objects, open_source, asked.corpus).freeze(
        corpus_home(asked.corpus), asked.corpus, asked.captions
    )
    gallery = None
    if asked.gallery:
        lister = _lister(asked, objects, open_source, asked.gallery)
        gallery = lister.freeze(gallery_home(asked.gallery), asked.gallery)
    _check_keys(named, corpus.keys | (gallery.keys if gallery else frozenset()))
    protected = named & corpus.keys
    places = Places(source=asked.corpus.address,
                    gallery=asked.gallery.address if asked.gallery else "")  # fmt: skip
    spec = _spec(asked, [f.digest for f in (corpus, gallery) if f], protected)
    return Draft(spec=spec, places=places, corpus=corpus, gallery=gallery,
                 benchmark=asked.benchmark, protected=protected)  # fmt: skip


def _lister(asked: Request, objects: ObjectStore, open_source: OpenSource, place: Place) -> Lister:
    return Lister(objects=objects, source=open_source(place.address),
                  shard_images=asked.config.ingest.shard_images)  # fmt: skip


def _gallery_name(asked: Request) -> str:
    """A point keeps it apart from every corpus's name."""
    return f"{asked.gallery.name}.gallery" if asked.gallery else ""


def corpus_home(place: Place) -> str:
    """Return the prefix where a corpus's listing is kept."""
    return f"corpora/{place.name}"


def gallery_home(place: Place) -> str:
    """Return the prefix where a gallery's listing is kept."""
    return f"galleries/{place.name}.gallery"


def _named_images(asked: Request) -> frozenset[str]:
    """Return the images that the benchmark names, with and without their ending."""
    if not asked.benchmark:
        return frozenset()
    queries = parse_benchmark(asked.benchmark, asked.benchmark_name)
    named = {key for q in queries for key in (q.query_image, *q.targets) if key}
    return frozenset(named | {str(Path(key).with_suffix("")) for key in named})


def _check_keys(named: frozenset[str], known: frozenset[str]) -> None:
    """Refuse a benchmark of other images now, not after an hour of work."""
    if named and not named & known:
        raise CorpusError(
            f"the benchmark names images such as {min(named)!r}, and none of them is in the "
            f"corpus or gallery, which hold such as {min(known)!r}: wanted file names without "
            "their ending"
        )


def _spec(asked: Request, seen: list[str], protected: frozenset[str]) -> RunSpec:
    """Return the run; its name digests all that decides its bytes."""
    config = asked.config
    parts = {
        "corpus": asked.corpus.name,
        "gallery": _gallery_name(asked),
        "benchmark": sha256_hex(asked.benchmark) if asked.benchmark else "",
        "encoder_id": asked.encoder_id,
        "protected": digest_of(sorted(protected)) if protected else "",
    }
    name = digest_of({**parts, "config": config.deciding(), "seen": seen}, length=8)
    return RunSpec(name=f"{config.preset}-{name}", config=config, **parts)
