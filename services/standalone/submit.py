"""Turn paths of the command line into a run: listings, benchmark, specification. Runs no stage."""

from dataclasses import dataclass
from pathlib import Path

from pairmill.config import RunConfig, Settings
from pairmill.core.benchmark import parse_benchmark
from pairmill.core.errors import CorpusError
from pairmill.core.ids import canonical_json, digest_of, sha256_hex
from pairmill.core.records import Entry
from pairmill.core.tables import from_parquet, to_parquet
from pairmill.pipeline.barrier import MANIFEST
from pairmill.pipeline.graph import Graph, RunSpec
from pairmill.pipeline.runs import Places, claim_root, save_run
from pairmill.ports.objects import ObjectStore
from pairmill.wiring import Ports
from services.ingestor.listing import list_source
from services.ingestor.tables import read_captions


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


def submit(asked: Submission, settings: Settings) -> Submitted:
    """Freeze the listings, write the run down and return it; the same request is the same run."""
    corpus_root, pattern = split_glob(asked.corpus)
    gallery_root, gallery_pattern = split_glob(asked.gallery) if asked.gallery else (None, "")
    places = Places(source=str(corpus_root), gallery=str(gallery_root or ""))
    ports = Ports(settings, asked.out.resolve(), asked.config, places)
    benchmark = _read_benchmark(asked.benchmark)
    keys = _benchmark_keys(benchmark)
    corpus = Listing(ports, f"corpora/{_name(corpus_root, pattern)}", pattern, asked.captions)
    corpus_entries, notes = corpus.freeze(ports.source)
    claim_root(ports.objects, _name(corpus_root, pattern), sha256_hex(corpus_entries))
    corpus.keep(corpus_entries, keys)
    manifests, gallery = [corpus_entries], ""
    if gallery_root is not None:
        gallery = _name(gallery_root, gallery_pattern) + ".gallery"
        listing = Listing(ports, f"galleries/{gallery}", gallery_pattern, None)
        gallery_entries, more = listing.freeze(ports.gallery)
        # nothing of a gallery is ever filtered (DESIGN section 6)
        listing.keep(gallery_entries, {e.key for e in from_parquet(Entry, gallery_entries)})
        manifests, notes = [corpus_entries, gallery_entries], notes + more
    _check_keys(benchmark, manifests)
    names = {"corpus": _name(corpus_root, pattern), "gallery": gallery}
    spec = _spec(ports, names, benchmark, manifests)
    if benchmark:
        ports.objects.put(f"runs/{spec.name}/benchmark.jsonl", benchmark)
    save_run(ports.objects, spec, places)
    return Submitted(ports=ports, graph=Graph(spec), notes=tuple(notes))


@dataclass(frozen=True)
class Listing:
    """One source's frozen listing, at home under one prefix."""

    ports: Ports
    home: str
    pattern: str
    captions: Path | None

    def freeze(self, source: ObjectStore) -> tuple[bytes, list[str]]:
        """Return the listing and notes on it. Once frozen it stays; differences are told."""
        table = read_captions(self.captions) if self.captions else None
        shard_images = self.ports.config.ingest.shard_images
        entries = list_source(
            source, pattern=self.pattern, captions=table, shard_images=shard_images
        )
        try:
            frozen = self.ports.objects.get(f"{self.home}/{MANIFEST}")
        except KeyError:
            return to_parquet(Entry, entries), []
        before = {(e.object, e.key) for e in from_parquet(Entry, frozen)}
        now = {(e.object, e.key) for e in entries}
        if before == now:
            return frozen, []
        if not before & now:
            return to_parquet(Entry, entries), []  # another corpus: the root's mark refuses it
        return frozen, [
            f"the source changed since its listing was frozen: {len(now - before)} new images are "
            f"not taken, {len(before - now)} are gone; use another --out to take it as it is now"
        ]

    def keep(self, entries: bytes, protected: set[str]) -> None:
        """Write the listing, and the keys that no filter may drop."""
        self.ports.objects.create(f"{self.home}/{MANIFEST}", entries)
        self.ports.objects.put(f"{self.home}/protected.json", canonical_json(sorted(protected)))


def split_glob(path: str) -> tuple[Path, str]:
    """Return the folder before the first wildcard, and the pattern below it (`**` for a folder)."""
    parts = Path(path).expanduser().parts
    wild = next((i for i, part in enumerate(parts) if any(c in part for c in "*?[")), len(parts))
    root, pattern = Path(*parts[:wild]).resolve(), "/".join(parts[wild:])
    if root.is_file():
        root, pattern = root.parent, root.name
    if not root.is_dir():
        raise CorpusError(f"{path}: no such folder; wanted a folder of images or of .tar files, "
                          "or a quoted glob of either")  # fmt: skip
    return root, pattern or "**"


def _name(root: Path, pattern: str) -> str:
    """A name that people recognise, made unique by the pattern where there is one."""
    plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in root.name.lower()) or "corpus"
    return plain if pattern == "**" else f"{plain}-{digest_of(pattern, length=6)}"


def _read_benchmark(path: Path | None) -> bytes:
    if path is None:
        return b""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: wanted a benchmark of JSON lines, got: {error}") from None


def _benchmark_keys(benchmark: bytes) -> set[str]:
    queries = parse_benchmark(benchmark, "the benchmark") if benchmark else []
    named = {key for q in queries for key in (q.query_image, *q.targets) if key}
    return named | {str(Path(key).with_suffix("")) for key in named}


def _check_keys(benchmark: bytes, manifests: list[bytes]) -> None:
    """Refuse a benchmark of another corpus now, not after an hour of work."""
    wanted = _benchmark_keys(benchmark)
    known = {entry.key for manifest in manifests for entry in from_parquet(Entry, manifest)}
    if wanted and not any(key in known or Path(key).stem in known for key in wanted):
        raise CorpusError(
            f"the benchmark names {len(wanted):,} images, such as {min(wanted)!r}, and none is in "
            f"the corpus or gallery, which hold such as {min(known)!r}: wanted file names without "
            "their ending"
        )


def _spec(ports: Ports, names: dict[str, str], benchmark: bytes, manifests: list[bytes]) -> RunSpec:
    keys, config = _benchmark_keys(benchmark), ports.config
    parts = {
        **names,
        "benchmark": sha256_hex(benchmark) if benchmark else "",
        "encoder_id": ports.encoder.encoder_id,
        "protected": digest_of(sorted(keys)) if keys else "",
    }
    seen = [sha256_hex(manifest) for manifest in manifests]
    name = digest_of({**parts, "config": config.model_dump(mode="json"), "seen": seen}, length=8)
    return RunSpec(name=f"{config.preset}-{name}", config=config, **parts)
