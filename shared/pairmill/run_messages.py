"""Turn how a run stands into its protobuf message and back. Knows no server and no store."""

from datetime import UTC, datetime

from google.protobuf.timestamp_pb2 import Timestamp

from pairmill.pb import runs_pb2
from pairmill.pipeline.standing import End, NodeProgress, RunStateName, Standing, Submitted

MAX_CONFIG_BYTES = 256 * 2**10
MAX_FILE_BYTES = 4 * 2**20
"""Of a table of captions, and of a benchmark."""

STATES: dict[RunStateName, runs_pb2.RunState] = {
    "active": runs_pb2.RUN_STATE_ACTIVE,
    "finished": runs_pb2.RUN_STATE_FINISHED,
    "cancelled": runs_pb2.RUN_STATE_CANCELLED,
    "stopped": runs_pb2.RUN_STATE_STOPPED,
}
NAMES = {state: name for name, state in STATES.items()}


def to_message(standing: Standing) -> runs_pb2.Run:
    """Return the message of a run."""
    asked, end = standing.submitted, standing.end
    return runs_pb2.Run(
        name=asked.run, corpus=asked.corpus, gallery=asked.gallery,
        state=STATES[standing.state], why=end.why if end else "",
        submit_time=_stamp(asked.time), end_time=_stamp(end.time) if end else None,
        nodes=[_node_message(node) for node in standing.nodes],
    )  # fmt: skip


def from_message(run: runs_pb2.Run) -> Standing:
    """Return how a run stands, as a message tells."""
    asked = Submitted(run=run.name, corpus=run.corpus, gallery=run.gallery,
                      time=_time(run.submit_time))  # fmt: skip
    state, end = NAMES.get(run.state, "active"), None
    if state != "active":
        end = End(run=run.name, state=state, why=run.why, time=_time(run.end_time))
    return Standing(submitted=asked, end=end, nodes=tuple(map(_node, run.nodes)))


def _node_message(node: NodeProgress) -> runs_pb2.NodeProgress:
    return runs_pb2.NodeProgress(
        node=node.node, unit=node.unit, tasks=node.tasks, done=node.done, open=node.open,
        running=node.running, failed=node.failed, records=node.records, total=node.total,
        seconds=node.seconds,
    )  # fmt: skip


def _node(node: runs_pb2.NodeProgress) -> NodeProgress:
    return NodeProgress(
        node=node.node, unit=node.unit, tasks=node.tasks, done=node.done, open=node.open,
        running=node.running, failed=node.failed, records=node.records, total=node.total,
        seconds=node.seconds,
    )  # fmt: skip


def _stamp(time: str) -> Timestamp | None:
    stamp = Timestamp()
    try:
        stamp.FromDatetime(datetime.fromisoformat(time).astimezone(UTC))
    except ValueError:  # never written by this release
        return None
    return stamp


def _time(stamp: Timestamp) -> str:
    if not stamp.seconds:
        return ""
    told: datetime = stamp.ToDatetime(UTC)
    return told.isoformat(timespec="milliseconds")
