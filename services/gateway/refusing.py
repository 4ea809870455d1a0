"""What the gateway refuses, and all faults of one request gathered. Knows no protocol."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from pairmill.core.errors import ConfigError, StopError

Found = TypeVar("Found")


@dataclass(frozen=True)
class Fault:
    """What is wrong with one field of a request; an empty field is the request as a whole."""

    field: str
    what: str

    def __str__(self) -> str:
        lines = self.what.replace("\n", "\n    ")
        return f"{self.field}: {lines}" if self.field else lines


class FaultyRequestError(StopError):
    """A request with faults, every one of them named."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        self.faults = tuple(faults)
        head = "the request has a fault:" if len(faults) == 1 else f"got {len(faults)} faults:"
        super().__init__(head + "".join(f"\n  {fault}" for fault in faults))


class UnknownRunError(StopError):
    """There is no run of that name, or no report of it yet."""


class WrongStateError(StopError):
    """The run is not in a state in which that can be done to it."""


class Faults:
    """Faults as they are found, so that a request is answered with all of them at once."""

    def __init__(self) -> None:
        self._found: list[Fault] = []

    def add(self, field: str, what: str) -> None:
        """Note one fault."""
        self._found.append(Fault(field, what))

    def take(self, field: str, make: Callable[[], Found]) -> Found | None:
        """Return what `make` returns; None, with its faults noted, where it refuses."""
        try:
            return make()
        except ConfigError as error:
            inner = [(f"{field}.{name}", what) for name, what in error.faults]
            for name, what in inner or [(field, str(error))]:
                self.add(name, what)
        except StopError as error:
            self.add(field, str(error))
        return None

    def refuse(self) -> None:
        """Raise FaultyRequestError where any fault was found."""
        if self._found:
            raise FaultyRequestError(self._found)
