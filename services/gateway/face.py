"""Put the gateway's parts together as what the server shows. Opens nothing."""

from pairmill.pb import runs_pb2
from pairmill.pb.runs_pb2_grpc import add_RunServiceServicer_to_server
from pairmill.run_messages import MAX_CONFIG_BYTES, MAX_FILE_BYTES
from pairmill.server import Face
from pairmill.settings import ServerSettings
from services.gateway.readiness import Readiness
from services.gateway.rooms import Rooms
from services.gateway.servicer import RunServicer

LARGEST_REQUEST = 2 * MAX_FILE_BYTES + MAX_CONFIG_BYTES + 2**16
"""Bytes: a request whose every part is as large as it may be is refused by no transport."""


def face_of(rooms: Rooms, watch_seconds: float = 1.0) -> Face:
    """Return the gateway's face; ready once its objects are reachable."""
    readiness = Readiness(rooms.check)
    return Face(
        descriptor=runs_pb2.DESCRIPTOR.services_by_name["RunService"],
        servicer=RunServicer(rooms, watch_seconds),
        add=add_RunServiceServicer_to_server,
        ready=readiness,
        lifespan=readiness.watched,
    )


def wide_enough(settings: ServerSettings) -> ServerSettings:
    """Return the settings with room for the largest request."""
    size = max(settings.max_message_bytes, LARGEST_REQUEST)
    return settings.model_copy(update={"max_message_bytes": size})
