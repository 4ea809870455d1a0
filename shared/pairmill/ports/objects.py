"""The object store port: whole objects under keys. Knows no vendor and no record."""

from collections.abc import Iterator
from typing import Protocol


class ObjectStore(Protocol):
    """Objects under slash-separated keys.

    Every write is all or nothing: a reader sees the old object, the new one or none, never a
    part. A missing key raises KeyError; a full store raises StoreFullError; a key with an empty,
    `.` or `..` part, or a leading slash, raises ValueError.
    """

    def put(self, key: str, data: bytes) -> None:
        """Write `data` under `key`, over whatever was there."""
        ...

    def create(self, key: str, data: bytes) -> bool:
        """Write `data` under `key` unless the key exists; True for exactly one of many racers."""
        ...

    def get(self, key: str) -> bytes:
        """Return the whole object."""
        ...

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer only at the object's end."""
        ...

    def size(self, key: str) -> int:
        """Return the object's size in bytes."""
        ...

    def exists(self, key: str) -> bool:
        """Say whether the key holds an object."""
        ...

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`, in ascending order of code points."""
        ...

    def delete(self, key: str) -> None:
        """Remove the object; a missing key is no error."""
        ...
