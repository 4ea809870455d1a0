"""Speak to one bucket over S3: again where that may help. Knows names and bytes, no port."""

import io
import random
import secrets
import threading
import time
from collections.abc import Callable
from itertools import islice
from typing import TypeVar

from minio.error import S3Error

from pairmill.adapters.objects.minio_connection import WRITER, connect
from pairmill.adapters.objects.minio_faults import (
    FAULTS,
    MISSING,
    Asked,
    code_of,
    meaning,
    status_of,
)
from pairmill.core.errors import RetryError
from pairmill.settings import S3Settings

T = TypeVar("T")
WAITS = (0.1, 0.2, 0.4, 0.8, 1.6, 3.2)
"""Seconds between tries of one call, each cut at random by up to a half."""
PART_BYTES = 64 * 2**20
"""What is larger is sent in parts."""


class S3Bucket:
    """One bucket, for any number of threads. answered: the endpoint is known to be right."""

    def __init__(self, s3: S3Settings, name: str, *, answered: bool = False) -> None:
        self.name = name
        self._s3 = s3
        self._answered = answered
        self._connection = connect(s3, name)
        self._client = self._connection.client

    @property
    def where(self) -> str:
        """The place, for people."""
        return f"{self._s3.endpoint}/{self.name}"

    def make(self) -> bool:
        """Make the bucket where it is missing; True where that was done now."""
        if self._tried("", lambda: bool(self._client.bucket_exists(self.name))):
            return False
        return self._tried("", self._make)

    def put(self, name: str, data: bytes) -> None:
        """Write an object, in parts where it is large."""
        self._tried(name, lambda: self._client.put_object(
            self.name, name, io.BytesIO(data), len(data), part_size=PART_BYTES))  # fmt: skip

    def create(self, name: str, data: bytes) -> bool:
        """Write an object unless there is one; a lost answer makes no winner a loser."""
        writer, lost = secrets.token_hex(8), threading.Event()

        def attempt() -> bool:
            try:
                self._connection.put_if_none(self.name, name, data, writer)
            except FAULTS as error:
                if status_of(error) != 412:
                    lost.set()
                    raise
                return lost.is_set() and self._wrote(name, data, writer)
            return True

        return self._tried(name, attempt)

    def get(self, name: str, offset: int = 0, length: int = 0) -> bytes:
        """Return `length` bytes from `offset`, or all where it is 0; none beyond the end."""

        def attempt() -> bytes:
            try:
                answer = self._client.get_object(self.name, name, offset, length)
            except S3Error as error:
                if code_of(error) == "InvalidRange" or status_of(error) == 416:
                    return b""
                raise
            try:
                return bytes(answer.read())
            finally:
                answer.close()
                answer.release_conn()

        return self._tried(name, attempt)

    def size(self, name: str) -> int:
        """Return an object's size."""
        return int(self._tried(name, lambda: self._client.stat_object(self.name, name)).size)

    def delete(self, name: str) -> None:
        """Remove an object; a missing one is no error."""
        self._tried(name, lambda: self._client.remove_object(self.name, name))

    def page(self, prefix: str, after: str, count: int) -> list[tuple[str, int]]:
        """Return up to `count` names that begin with `prefix`, beyond `after`, and their sizes."""

        def attempt() -> list[tuple[str, int]]:
            found = self._client.list_objects(self.name, prefix, recursive=True,
                                              start_after=after or None)  # fmt: skip
            return [(item.object_name, item.size or 0) for item in islice(found, count)]

        return self._tried(prefix, attempt)

    def _tried(self, name: str, call: Callable[[], T]) -> T:
        for wait in (*WAITS, None):
            try:
                result = call()
            except FAULTS as error:
                self._answered |= status_of(error) > 0
                asked = Asked(endpoint=self._s3.endpoint, bucket=self.name, key=name,
                              answered=self._answered)  # fmt: skip
                meant = meaning(error, asked)
                passing = isinstance(meant, RetryError) or status_of(error) == 0
                if not passing or wait is None:
                    raise meant from None  # the vendor's text may hold a signed address
                time.sleep(wait * random.uniform(0.5, 1.0))
            else:
                self._answered = True
                return result
        raise AssertionError("unreachable: the last try returns or raises")

    def _make(self) -> bool:
        try:
            self._client.make_bucket(self.name)
        except S3Error as error:
            if code_of(error) not in ("BucketAlreadyOwnedByYou", "BucketAlreadyExists"):
                raise
            return False
        return True

    def _wrote(self, name: str, data: bytes, writer: str) -> bool:
        """Say whether the object that is there is ours, which we were never told."""
        try:
            found = self._client.stat_object(self.name, name)
        except S3Error as error:
            if code_of(error) in MISSING:  # it was there, and somebody deleted it since
                return False
            raise
        signed = found.metadata.get(WRITER)
        if signed is None:  # a server that keeps no metadata
            return found.size == len(data) and self.get(name) == data
        return bool(signed == writer)
