"""Turn paths of the command line into a run in an output folder of its own. Runs no stage."""

from dataclasses import dataclass
from pathlib import Path

from pairmill.config import RunConfig
from pairmill.core.costing import Budget
from pairmill.core.errors import CorpusError
from pairmill.pipeline.graph import Graph
from pairmill.pipeline.runs import Places, claim_root
from pairmill.pipeline.spending import spending_of
from pairmill.settings import Settings
from pairmill.sources.places import place_of
from pairmill.sources.tables import read_captions
from pairmill.submitting import Request, draft_run
from pairmill.wiring import Ports, Stores


@dataclass(frozen=True, kw_only=True)
class Submission:
    """What the user asked for: where the images, captions, benchmark and results are.

    corpus, gallery: a folder or a quoted glob. budget: how much may be asked of language models, by
    all starts of the run together.
    """

    corpus: str
    out: Path
    config: RunConfig
    captions: Path | None = None
    benchmark: Path | None = None
    gallery: str = ""
    budget: Budget | None = None


@dataclass(frozen=True, kw_only=True)
class Submitted:
    """A run that is written down and can be conducted; `notes` are for the user's eyes."""

    ports: Ports
    graph: Graph
    notes: tuple[str, ...]


def submit(asked: Submission, settings: Settings) -> Submitted:
    """Freeze the listings, write the run down and return it; the same request is the same run."""
    stores = Stores(settings.at(asked.out))
    request = Request(
        corpus=place_of(asked.corpus),
        gallery=place_of(asked.gallery) if asked.gallery else None,
        captions=read_captions(asked.captions) if asked.captions else None,
        benchmark=benchmark_bytes(asked.benchmark) if asked.benchmark else b"",
        benchmark_name=str(asked.benchmark),
        config=asked.config,
        encoder_id=Ports(stores, asked.config, Places(source="")).encoder.encoder_id,
    )
    draft = draft_run(request, stores.objects, stores.open_source)
    claim_root(stores.objects, draft.spec.corpus, draft.corpus.digest)
    draft.write(stores.objects)
    books = spending_of(stores.objects, draft.spec.name, asked.config, asked.budget)
    ports = Ports(stores, asked.config, draft.places, books)
    return Submitted(ports=ports, graph=Graph(draft.spec), notes=draft.notes)


def benchmark_bytes(path: Path) -> bytes:
    """Return a benchmark file's bytes; CorpusError if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError as error:
        raise CorpusError(f"{path}: wanted a benchmark of JSON lines, got: {error}") from None
