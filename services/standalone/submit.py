"""Turn paths of the command line into a run: listings, benchmark, specification. Runs no stage."""

from dataclasses import dataclass
from pathlib import Path

from pairmill.config import RunConfig, Settings
from pairmill.core.benchmark import parse_benchmark
from pairmill.core.errors import CorpusError
from pairmill.core.ids import digest_of, sha256_hex
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.runs import Places, claim_root, save_run
from pairmill.wiring import Ports
from services.standalone.freezing import Frozen, Lister, Place, place_of


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What the user asked for: where the images, captions, benchmark and results are.

    corpus, gallery: a folder or a quoted glob.
    """

    corpus: str
    out: Path
    config: RunConfig
    captions: Path | None = None
    benchmark: Path | None = None
    gallery: str = ""


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """A run that is written down and can be conducted; `notes` are for the user's eyes."""

    ports: Ports
    graph: Graph
    notes: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Benchmark:
    """A benchmark's bytes, and the images that it names with and without their ending."""

    data: bytes = b""
    keys: frozenset[str] = frozenset()


def submit(asked: Submission, settings: Settings) -> Submitted:
    """Freeze the listings, write the run down and return it; the same request is the same run.

    Nothing is written before all that was asked for is known to fit together.
    """
    corpus = place_of(asked.corpus)
    gallery = place_of(asked.gallery) if asked.gallery else None
    places = Places(source=str(corpus.root), gallery=str(gallery.root) if gallery else "")
    ports = Ports(settings, asked.out.resolve(), asked.config, places)
    benchmark = _read_benchmark(asked.benchmark)
    listed = _list(ports, corpus, gallery, asked.captions)
    _check_keys(benchmark, listed)
    claim_root(ports.objects, corpus.name, listed[0].digest)
    protected = [benchmark.keys & listed[0].keys, *(frozen.keys for frozen in listed[1:])]
    for frozen, keys in zip(listed, protected, strict=True):
        frozen.keep(ports.objects, keys)
    spec = _spec(ports, (corpus, gallery), benchmark, listed, protected[0])
    if benchmark.data:
        ports.objects.put(f"runs/{spec.name}/benchmark.jsonl", benchmark.data)
    save_run(ports.objects, spec, places)
    notes = tuple(note for frozen in listed for note in frozen.notes)
    return Submitted(ports=ports, graph=Graph(spec), notes=notes)


def _list(
    ports: Ports, corpus: Place, gallery: Place | None, captions: Path | None
) -> list[Frozen]:
    """Return the corpus's listing, and the gallery's if there is one."""
    shard_images = ports.config.ingest.shard_images
    lister = Lister(objects=ports.objects, source=ports.source, shard_images=shard_images)
    listed = [lister.freeze(f"corpora/{corpus.name}", corpus, captions)]
    if gallery:
        lister = Lister(objects=ports.objects, source=ports.gallery, shard_images=shard_images)
        listed.append(lister.freeze(f"galleries/{_gallery_name(gallery)}", gallery))
    return listed


def _gallery_name(gallery: Place | None) -> str:
    """A point keeps it apart from every corpus's name."""
    return f"{gallery.name}.gallery" if gallery else ""


def _read_benchmark(path: Path | None) -> Benchmark:
    if path is None:
        return Benchmark()
    data = benchmark_bytes(path)
    named = {k for q in parse_benchmark(data, str(path)) for k in (q.query_image, *q.targets) if k}
    return Benchmark(
        data=data, keys=frozenset(named | {str(Path(k).with_suffix("")) for k in named})
    )


def benchmark_bytes(path: Path) -> bytes:
    """Return a benchmark file's bytes; CorpusError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: wanted a benchmark of JSON lines, got: {error}") from None


def _check_keys(benchmark: Benchmark, listed: list[Frozen]) -> None:
    """Refuse a benchmark of other images now, not after an hour of work."""
    known = frozenset[str]().union(*(frozen.keys for frozen in listed))
    if benchmark.keys and not benchmark.keys & known:
        raise CorpusError(
            f"the benchmark names images such as {min(benchmark.keys)!r}, and none of them is in "
            f"the corpus or gallery, which hold such as {min(known)!r}: wanted file names without "
            "their ending"
        )


def _spec(
    ports: Ports,
    places: tuple[Place, Place | None],
    benchmark: Benchmark,
    listed: list[Frozen],
    protected: frozenset[str],
) -> RunSpec:
    """Return the run; its name digests all that decides its bytes."""
    config = ports.config
    parts = {
        "corpus": places[0].name,
        "gallery": _gallery_name(places[1]),
        "benchmark": sha256_hex(benchmark.data) if benchmark.data else "",
        "encoder_id": ports.encoder.encoder_id,
        "protected": digest_of(sorted(protected)) if protected else "",
    }
    seen = [frozen.digest for frozen in listed]
    name = digest_of({**parts, "config": config.model_dump(mode="json"), "seen": seen}, length=8)
    return RunSpec(name=f"{config.preset}-{name}", config=config, **parts)
