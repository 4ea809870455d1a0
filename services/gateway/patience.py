"""Give up on a source that takes too long to list. Knows the object store port and a clock."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from pairmill.core.errors import CorpusError
from pairmill.ports.objects import ObjectStore


@dataclass(frozen=True)
class Deadline:
    """When patience ends, for everything that one request lists."""

    seconds: float
    clock: Callable[[], float] = time.monotonic

    def over(self, source: ObjectStore, address: str) -> "Patient":
        """Return the source, to be read until `seconds` from now."""
        return Patient(source, address, self, self.clock() + self.seconds)


class Patient:
    """An object store to read from, which raises CorpusError once its time is over."""

    def __init__(self, source: ObjectStore, address: str, deadline: Deadline, end: float) -> None:
        self._source, self._address = source, address
        self._deadline, self._end, self._seen = deadline, end, 0

    def get(self, key: str) -> bytes:
        """Return the whole object."""
        return self._in_time().get(key)

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`."""
        return self._in_time().get_range(key, offset, length)

    def size(self, key: str) -> int:
        """Return the object's size in bytes."""
        return self._in_time().size(key)

    def exists(self, key: str) -> bool:
        """Say whether the key holds an object."""
        return self._in_time().exists(key)

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`."""
        for key in self._in_time().list(prefix):
            self._seen += 1
            self._in_time()
            yield key

    def put(self, key: str, data: bytes) -> None:
        """Refuse: a source is somebody's own."""
        raise ValueError(f"{self._address}: a source is read only, yet {key!r} was to be written")

    def create(self, key: str, data: bytes) -> bool:
        """Refuse: a source is somebody's own."""
        raise ValueError(f"{self._address}: a source is read only, yet {key!r} was to be written")

    def delete(self, key: str) -> None:
        """Refuse: a source is somebody's own."""
        raise ValueError(f"{self._address}: a source is read only, yet {key!r} was to be deleted")

    def _in_time(self) -> ObjectStore:
        if self._deadline.clock() > self._end:
            raise CorpusError(
                f"{self._address}: listing took longer than {self._deadline.seconds:g} s, after "
                f"{self._seen:,} names; put the images into uncompressed WebDataset tars, name "
                "fewer by a glob, or raise PAIRMILL_LISTING_SECONDS"
            )
        return self._source
