"""Submit, watch and end runs from any Python program: `from pairmill.client_runs import Runs`.

Knows the gateway's messages; knows no command line and no store.
"""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pairmill.calling import AwayError, Caller, Server
from pairmill.core.errors import CorpusError
from pairmill.pb import runs_pb2 as pb
from pairmill.pb.runs_pb2_grpc import RunServiceStub
from pairmill.pipeline.standing import Standing
from pairmill.run_messages import MAX_FILE_BYTES, NAMES, from_message

SUBMIT_SECONDS = 180.0
"""The gateway lists the source before it answers."""
LOST_SECONDS = 60.0
"""How long a watcher waits for a gateway that went away, as one does that is replaced."""


@dataclass(frozen=True, kw_only=True)
class Attached:
    """A file that goes with a request."""

    name: str
    data: bytes

    @classmethod
    def read(cls, path: Path) -> "Attached":
        """Read a file of this machine; CorpusError where it cannot be read or is too large."""
        try:
            data = path.read_bytes()
        except OSError as error:
            raise CorpusError(f"{path}: wanted a readable file, got: {error}") from None
        if len(data) > MAX_FILE_BYTES:
            raise CorpusError(
                f"{path}: got {len(data):,} bytes, wanted at most {MAX_FILE_BYTES:,}: put captions "
                "beside the images, as .txt or .json files; take fewer queries of a benchmark"
            )
        return cls(name=path.name, data=data)


@dataclass(frozen=True, kw_only=True)
class RunRequest:
    """What shall be done with which images.

    corpus, gallery: `s3://bucket/prefix`, or with a glob. config_yaml: laid over the preset.
    """

    corpus: str
    gallery: str = ""
    captions: Attached | None = None
    benchmark: Attached | None = None
    preset: str = "laptop"
    config_yaml: str = ""


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """What became of a request. existed: the same one was submitted before."""

    run: str
    state: str
    notes: tuple[str, ...]
    existed: bool


@dataclass(frozen=True, kw_only=True)
class Retried:
    """What a retry did. tasks: how many came back from the dead letters."""

    standing: Standing
    tasks: int
    reopened: bool


class Runs(Caller):
    """A gateway's runs.

        with Runs("127.0.0.1:50050") as runs:
            receipt = runs.submit(RunRequest(corpus="s3://photos/shop"))
            for standing in runs.watch(receipt.run): ...

    Raises RefusedError where a call was refused, and AwayError where trying again may help.
    """

    def __init__(self, address: str, api_key: str = "", *, seconds: float = 60.0) -> None:
        super().__init__(Server(address=address, api_key=api_key, seconds=seconds))
        self._stub = RunServiceStub(self._channel)  # type: ignore[no-untyped-call,unused-ignore]

    def submit(self, asked: RunRequest) -> Receipt:
        """Submit a run; the same request is the same run."""
        message = pb.SubmitRunRequest(
            corpus=asked.corpus,
            gallery=asked.gallery,
            preset=asked.preset,
            config_yaml=asked.config_yaml,
        )
        if asked.captions:
            message.captions.data = asked.captions.data
            message.captions.file_name = asked.captions.name
        if asked.benchmark:
            message.benchmark.data = asked.benchmark.data
            message.benchmark.name = asked.benchmark.name
        told = self.call(self._stub.SubmitRun, message, SUBMIT_SECONDS)
        return Receipt(run=told.run, state=NAMES[told.state], notes=tuple(told.notes),
                       existed=told.existed)  # fmt: skip

    def get(self, run: str) -> Standing:
        """Return how a run stands."""
        return from_message(self.call(self._stub.GetRun, pb.GetRunRequest(run=run)).run)

    def list(self, page_size: int = 0) -> Iterator[Standing]:
        """Yield all runs, the last one submitted first."""
        token = ""
        while True:
            asked = pb.ListRunsRequest(page_size=page_size, page_token=token)
            page = self.call(self._stub.ListRuns, asked)
            yield from map(from_message, page.runs)
            token = page.next_page_token
            if not token:
                return

    def watch(self, run: str) -> Iterator[Standing]:
        """Yield how a run stands, at once and whenever that changes, until it has ended.

        A gateway that goes away meanwhile is waited for.
        """
        last, lost = None, 0.0
        while last is None or last.end is None:
            try:
                for told in self.stream(self._stub.WatchRun, pb.WatchRunRequest(run=run)):
                    now = from_message(told.run)
                    if now != last:
                        yield now
                    last, lost = now, 0.0
            except AwayError:
                if last is None or lost >= LOST_SECONDS:
                    raise
                time.sleep(1.0)
                lost += 1.0

    def cancel(self, run: str, why: str = "") -> Standing:
        """End an active run."""
        asked = pb.CancelRunRequest(run=run, why=why)
        return from_message(self.call(self._stub.CancelRun, asked).run)

    def retry(self, run: str) -> Retried:
        """Give a run's failed tasks another chance."""
        told = self.call(self._stub.RetryRun, pb.RetryRunRequest(run=run))
        return Retried(standing=from_message(told.run), tasks=told.tasks, reopened=told.reopened)

    def report(self, run: str) -> dict[str, Any]:
        """Return every figure of a run that ended."""
        told = self.call(self._stub.GetReport, pb.GetReportRequest(run=run))
        report: dict[str, Any] = json.loads(told.report_json)
        return report
