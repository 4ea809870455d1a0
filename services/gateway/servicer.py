"""Answer calls of pairmill.v1.RunService. Knows messages; what they ask for is done elsewhere.

Everything that touches a store happens off the event loop.
"""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import TypeVar

import grpc
from google.rpc.error_details_pb2 import BadRequest

from pairmill.pb import runs_pb2 as pb
from pairmill.pipeline.standing import Standing
from pairmill.run_messages import STATES, to_message
from pairmill.server import CallContext, CallError
from services.gateway.refusing import FaultyRequestError, UnknownRunError, WrongStateError
from services.gateway.rooms import Rooms

Answer = TypeVar("Answer")
MAX_DETAIL_BYTES = 1000
"""Of the faults beside the message: both travel in the trailers, which must stay small."""


@dataclass(frozen=True)
class RunServicer:
    """Implements pairmill.v1.RunService. watch_seconds: how often a watched run is looked at."""

    rooms: Rooms
    watch_seconds: float = 1.0

    async def SubmitRun(self, request: pb.SubmitRunRequest, _: CallContext) -> pb.SubmitRunResponse:
        """Write a run down, or refuse it with all of its faults."""
        taken = await _aside(lambda: self.rooms.office.take(request))
        return pb.SubmitRunResponse(run=taken.run, notes=taken.notes, existed=taken.existed,
                                    state=STATES[taken.state])  # fmt: skip

    async def GetRun(self, request: pb.GetRunRequest, _: CallContext) -> pb.GetRunResponse:
        """Return how a run stands."""
        return pb.GetRunResponse(run=to_message(await self._now(request.run)))

    async def ListRuns(self, request: pb.ListRunsRequest, _: CallContext) -> pb.ListRunsResponse:
        """Return a page of runs."""
        asked = request.page_size, request.page_token
        page = await _aside(lambda: self.rooms.register.page(*asked))
        return pb.ListRunsResponse(runs=map(to_message, page.runs), next_page_token=page.token)

    async def WatchRun(
        self, request: pb.WatchRunRequest, _: CallContext
    ) -> AsyncIterator[pb.WatchRunResponse]:
        """Tell how a run stands whenever that changes, until it ends."""
        told = None
        while True:
            now = await self._now(request.run)
            if now != told:
                yield pb.WatchRunResponse(run=to_message(now))
                told = now
            if now.end:
                return
            await asyncio.sleep(self.watch_seconds)

    async def CancelRun(self, request: pb.CancelRunRequest, _: CallContext) -> pb.CancelRunResponse:
        """End an active run."""
        now = await _aside(lambda: self.rooms.ends.cancel(request.run, request.why))
        return pb.CancelRunResponse(run=to_message(now))

    async def RetryRun(self, request: pb.RetryRunRequest, _: CallContext) -> pb.RetryRunResponse:
        """Give failed tasks another chance."""
        chance = await _aside(lambda: self.rooms.ends.retry(request.run))
        return pb.RetryRunResponse(run=to_message(chance.standing), tasks=chance.tasks,
                                   reopened=chance.reopened)  # fmt: skip

    async def GetReport(self, request: pb.GetReportRequest, _: CallContext) -> pb.GetReportResponse:
        """Return a run's report."""
        text = await _aside(lambda: self.rooms.register.report(request.run))
        return pb.GetReportResponse(report_json=text)

    async def _now(self, run: str) -> Standing:
        return await _aside(lambda: self.rooms.register.get(run))


async def _aside(do: Callable[[], Answer]) -> Answer:
    """Do it off the loop; what the gateway refuses gets the code that callers act on."""
    try:
        return await asyncio.to_thread(do)
    except FaultyRequestError as error:
        raise _faulty(error) from None
    except UnknownRunError as error:
        raise CallError(grpc.StatusCode.NOT_FOUND, "NO_SUCH_RUN", str(error)) from None
    except WrongStateError as error:
        raise CallError(grpc.StatusCode.FAILED_PRECONDITION, "WRONG_STATE", str(error)) from None


def _faulty(error: FaultyRequestError) -> CallError:
    told, left = BadRequest(), MAX_DETAIL_BYTES
    for fault in error.faults:
        one = BadRequest.FieldViolation(field=fault.field or "request", description=fault.what)
        left -= one.ByteSize()
        if left < 0:
            break
        told.field_violations.append(one)
    call = CallError(grpc.StatusCode.INVALID_ARGUMENT, "FAULTY_REQUEST", str(error))
    call.details = (told,)
    return call
