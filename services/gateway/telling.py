"""Tell how runs stand: one, a page of them, or a run's report. Changes nothing."""

import base64
import binascii
import difflib
import json
import re
from dataclasses import dataclass, field

from pairmill.pipeline.standing import (
    Standing,
    Submitted,
    standing,
    submitted,
    submitted_names,
)
from pairmill.ports.objects import ObjectStore
from services.gateway.refusing import Fault, FaultyRequestError, UnknownRunError

PAGE, MAX_PAGE = 50, 200
RUN_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")


@dataclass(frozen=True, kw_only=True)
class Page:
    """Some runs, the last one submitted first. token: asks for the next page; empty: none left."""

    runs: tuple[Standing, ...]
    token: str


@dataclass(frozen=True)
class Register:
    """The runs in a store. What was read of a submission is kept, since it never changes."""

    objects: ObjectStore
    _known: dict[str, Submitted] = field(default_factory=dict)

    def find(self, run: str) -> Submitted:
        """Return a run's submission; UnknownRunError, with the nearest name, if there is none."""
        found = self._read(run) if RUN_NAME.fullmatch(run) else None
        if found is None:
            near = difflib.get_close_matches(run[:80], submitted_names(self.objects), 1)
            meant = f"did you mean {near[0]!r}? " if near else ""
            raise UnknownRunError(f"no run {run[:80]!r}: {meant}`pairmill runs` lists them")
        return found

    def get(self, run: str) -> Standing:
        """Return how a run stands."""
        return standing(self.objects, self.find(run))

    def page(self, size: int, token: str) -> Page:
        """Return a page of runs; runs that are submitted meanwhile move none to another page."""
        if size < 0:
            raise FaultyRequestError([Fault("page_size", f"got {size}, wanted 0 or more")])
        before, size = _cursor(token), min(size or PAGE, MAX_PAGE)
        found = (self._read(name) for name in submitted_names(self.objects))
        order = sorted(((run.time, run.run) for run in found if run), reverse=True)
        left = [at for at in order if before is None or at < before]
        runs = tuple(self.get(name) for _, name in left[:size])
        return Page(runs=runs, token=_token(left[size - 1]) if len(left) > size else "")

    def report(self, run: str) -> str:
        """Return a run's report as JSON text; UnknownRunError while there is none."""
        asked = self.find(run)
        try:
            return self.objects.get(f"runs/{run}/report.json").decode()
        except KeyError:
            now = standing(self.objects, asked)
        why = f" ({now.end.why})" if now.end and now.end.why else ""
        then = "it is written when the run finishes" if now.end is None else "it came to none"
        raise UnknownRunError(f"run {run} has no report: it is {now.state}{why}, and {then}")

    def _read(self, run: str) -> Submitted | None:
        if run not in self._known:
            found = submitted(self.objects, run)
            if found is None:
                return None
            self._known[run] = found
        return self._known[run]


def _token(last: tuple[str, str]) -> str:
    return base64.urlsafe_b64encode(json.dumps(last).encode()).decode()


def _cursor(token: str) -> tuple[str, str] | None:
    if not token:
        return None
    try:
        time, run = json.loads(base64.urlsafe_b64decode(token.encode()))
        return str(time), str(run)
    except (ValueError, TypeError, binascii.Error):
        wrong = "got a token that no page gave, wanted next_page_token of the page before"
        raise FaultyRequestError([Fault("page_token", wrong)]) from None
