"""What a service shows to the world: its name, its methods, and when it is ready.

Knows no transport; the shell of `pairmill.server` puts it on gRPC and on HTTP.
"""

from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any, Protocol

from prometheus_client import CollectorRegistry


class CallContext(Protocol):
    """What a method may ask of its call, on gRPC and on HTTP alike; errors are raised."""

    def time_remaining(self) -> float | None:
        """Return the seconds until the deadline; None without one."""
        ...

    def invocation_metadata(self) -> Sequence[tuple[str, str | bytes]]:
        """Return what came with the call."""
        ...


@dataclass(frozen=True, kw_only=True)
class Face:
    """One service.

    Args:
        descriptor: of the service, such as
            `retrieval_pb2.DESCRIPTOR.services_by_name["RetrievalService"]`.
        servicer: its async methods take (request, CallContext); one that answers with a stream
            is an async generator; one that takes a stream is given an async iterator.
        add: the generated `add_…Servicer_to_server`.
        ready: whether calls can be answered now.
        lifespan: entered before the first call, left after the last one.
        routes: more routes on HTTP, without key or admission.
        registry: of the service's own figures.
    """

    descriptor: Any
    servicer: object
    add: Callable[[Any, Any], None]
    ready: Callable[[], bool] = lambda: True
    lifespan: Callable[[], AbstractAsyncContextManager[Any]] = nullcontext
    routes: tuple[Any, ...] = ()
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    @property
    def service(self) -> str:
        """The service's full name."""
        return str(self.descriptor.full_name)
