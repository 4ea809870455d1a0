"""Write a requested run down, or refuse it with every fault it has. Starts nothing.

Knows sources, objects and the marks of runs; knows no protocol's server.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from pairmill.config import RunConfig
from pairmill.core.errors import CorpusError, StopError
from pairmill.pb.runs_pb2 import SubmitRunRequest
from pairmill.pipeline.runs import claim_shared_root
from pairmill.pipeline.standing import RunStateName, Submitted, ended, note_submitted, submitted
from pairmill.ports.objects import ObjectStore
from pairmill.sources.places import Place
from pairmill.submitting import (
    Draft,
    OpenSource,
    Request,
    corpus_home,
    draft_run,
    gallery_home,
)
from services.gateway.asking import Asked, read_request
from services.gateway.origins import check_origin, keep_origin
from services.gateway.patience import Deadline
from services.gateway.refusing import Fault, Faults, FaultyRequestError


@dataclass(frozen=True, kw_only=True)
class Taken:
    """A run that is written down. existed: it was before, and nothing was changed."""

    run: str
    notes: tuple[str, ...]
    existed: bool
    state: RunStateName


@dataclass(frozen=True, kw_only=True)
class Office:
    """Takes requests. encoder_id: of the encoder that a configuration names."""

    objects: ObjectStore
    open_source: OpenSource
    encoder_id: Callable[[RunConfig], str]
    deadline: Deadline

    def take(self, message: SubmitRunRequest) -> Taken:
        """Write the run down; the same request is the same run.

        Raises FaultyRequestError with every fault, and then nothing is written.
        """
        faults = Faults()
        asked = read_request(message, faults)
        if asked.corpus:
            faults.take("corpus", partial(self._look, asked.corpus, corpus_home(asked.corpus)))
        if asked.gallery:
            faults.take("gallery", partial(self._look, asked.gallery, gallery_home(asked.gallery)))
        faults.refuse()
        draft = self._draft(asked, message)
        if submitted(self.objects, draft.spec.name):
            return self._known(draft)
        if not self._write(draft, asked):
            return self._known(draft)
        return Taken(run=draft.spec.name, notes=draft.notes, existed=False, state="active")

    def _look(self, place: Place, home: str) -> None:
        """Refuse a source that is not there, empty or under another's name, before it is listed."""
        check_origin(self.objects, home, place)
        source = self.open_source(place.address)
        if next(iter(source.list("")), None) is None:
            raise CorpusError(
                f"got {place.address}, wanted a prefix with images below it: it holds nothing; "
                "check the address, or send the images first: pairmill upload"
            )

    def _draft(self, asked: Asked, message: SubmitRunRequest) -> Draft:
        if asked.config is None or asked.corpus is None:
            raise ValueError("only a request without faults can be drafted")
        request = Request(
            corpus=asked.corpus, gallery=asked.gallery, config=asked.config,
            captions=asked.captions, encoder_id=self.encoder_id(asked.config),
            benchmark=message.benchmark.data, benchmark_name=message.benchmark.name or "benchmark",
        )  # fmt: skip

        def open_source(address: str) -> ObjectStore:
            return self.deadline.over(self.open_source(address), address)

        try:
            return draft_run(request, self.objects, open_source)
        except StopError as error:
            raise FaultyRequestError([Fault("", str(error))]) from None

    def _write(self, draft: Draft, asked: Asked) -> bool:
        """Write all of the run, its place on the list last: without it nobody starts anything.

        False where the same request came to the list first meanwhile.
        """
        claim_shared_root(self.objects)
        pairs = (("corpus", draft.corpus, asked.corpus), ("gallery", draft.gallery, asked.gallery))
        kept = [(field, frozen, place) for field, frozen, place in pairs if frozen and place]
        faults = Faults()
        for field, frozen, _ in kept:
            faults.take(field, partial(frozen.check, self.objects))
        faults.refuse()
        for _, frozen, place in kept:
            keep_origin(self.objects, frozen.home, place)
        draft.write(self.objects)
        spec = draft.spec
        noted = Submitted(run=spec.name, corpus=spec.corpus, gallery=spec.gallery)
        return note_submitted(self.objects, noted)

    def _known(self, draft: Draft) -> Taken:
        """Return a run that was asked for before; one that ended is not started again by that."""
        name, end = draft.spec.name, ended(self.objects, draft.spec.name)
        notes = list(draft.notes)
        if end and end.state != "finished":
            notes.append(f"the run was {end.state} ({end.why}) and is not started again by "
                         f"submitting it: pairmill retry {name}")  # fmt: skip
        state = end.state if end else "active"
        return Taken(run=name, notes=tuple(notes), existed=True, state=state)
