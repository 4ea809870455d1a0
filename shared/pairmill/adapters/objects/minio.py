"""Keep objects in a bucket of any S3 endpoint. Knows keys and bytes; knows no record and no stage.

Writing is all or nothing at the server; a create is a put on the condition that nothing is there.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from pairmill.adapters.objects.keys import check_key, split_prefix
from pairmill.adapters.objects.minio_bucket import S3Bucket
from pairmill.core.errors import ConfigError, RejectError
from pairmill.settings import S3Settings

PAGE = 1000
"""Keys of one answer to a listing, which is what S3 gives at most."""
MAX_REMEMBERED = 2**20
"""Sizes kept from a listing: some 150 MB at worst."""


class MinioObjects:
    """An object store in a bucket, below a prefix, for any number of threads and processes.

    read_only: the objects are somebody's own (a corpus). Writing is a ValueError; a key that a
    folder could not hold (`a//b`) is listed, and is a RejectError with the rule `unsafe_path`
    where it is read. answered: the endpoint is known to be right, so that its silence is a fault
    that passes, from the first call on.

    A size that a listing told is given once without a further call, so that freezing a corpus is
    not one call an image. Markers of folders (`a/`) are no objects.
    """

    def __init__(
        self,
        s3: S3Settings,
        bucket: str,
        prefix: str = "",
        *,
        read_only: bool = False,
        answered: bool = False,
    ) -> None:
        self._bucket = S3Bucket(s3, bucket, answered=answered)
        self._prefix = _folder(prefix)
        self._read_only = read_only
        self._sizes: dict[str, int] = {}

    def put(self, key: str, data: bytes) -> None:
        """Write `data` under `key`, over whatever was there."""
        self._bucket.put(self._target(key), data)

    def create(self, key: str, data: bytes) -> bool:
        """Write `data` under `key` unless the key exists; True for exactly one of many racers."""
        return self._bucket.create(self._target(key), data)

    def get(self, key: str) -> bytes:
        """Return the whole object."""
        with _missing(key):
            return self._bucket.get(self._name(key))

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer only at the object's end."""
        if offset < 0 or length < 0:
            raise ValueError(f"{key}: offset {offset} and length {length} must not be negative")
        if length == 0:  # S3 has no empty range
            self.size(key)
            return b""
        with _missing(key):
            return self._bucket.get(self._name(key), offset, length)

    def size(self, key: str) -> int:
        """Return the object's size in bytes."""
        name = self._name(key)
        told = self._sizes.pop(key, None)
        with _missing(key):
            return self._bucket.size(name) if told is None else told

    def exists(self, key: str) -> bool:
        """Say whether the key holds an object."""
        try:
            self._bucket.size(self._name(key))
        except KeyError:
            return False
        return True

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`, in ascending order of code points."""
        split_prefix(prefix)
        return self._walk(self._prefix + prefix)

    def delete(self, key: str) -> None:
        """Remove the object; a missing key is no error."""
        self._bucket.delete(self._target(key))

    def ensure_bucket(self) -> bool:
        """Make the bucket where it is missing; True where that was done now."""
        return self._bucket.make()

    def _walk(self, start: str) -> Iterator[str]:
        after = ""
        while page := self._bucket.page(start, after, PAGE):
            for name, size in page:
                key = name.removeprefix(self._prefix)
                if self._is_object(key):
                    self._remember(key, size)
                    yield key
            after = page[-1][0]
            if len(page) < PAGE:
                return

    def _is_object(self, key: str) -> bool:
        """Say whether a listed name is a key: others' odd ones are, so that they are seen."""
        if not key or key.endswith("/"):
            return False
        return self._read_only or all(part not in ("", ".", "..") for part in key.split("/"))

    def _remember(self, key: str, size: int) -> None:
        if self._read_only and len(self._sizes) < MAX_REMEMBERED:
            self._sizes[key] = size

    def _name(self, key: str) -> str:
        try:
            return self._prefix + check_key(key)
        except ValueError:
            if self._read_only:
                raise RejectError("unsafe_path", key) from None
            raise

    def _target(self, key: str) -> str:
        if self._read_only:
            raise ValueError(
                f"{self._bucket.where}: opened to be read only, yet {key!r} was to be written"
            )
        return self._name(key)


@contextmanager
def _missing(key: str) -> Iterator[None]:
    """Name a missing object as the caller does, without the bucket's prefix."""
    try:
        yield
    except KeyError:
        raise KeyError(key) from None


def _folder(prefix: str) -> str:
    """Return a prefix with its slash, or nothing."""
    plain = prefix.strip("/")
    try:
        return check_key(plain) + "/" if plain else ""
    except ValueError as error:
        raise ConfigError(f"the prefix of the bucket: {error}") from None
