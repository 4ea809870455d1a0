"""Read the table of contents of a tar that lies in an object store, by range reads.

Knows the object store port and the tar format; knows no image and no caption.
"""

import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import IO, cast

from pairmill.core.errors import CorpusError
from pairmill.ports.objects import ObjectStore

READ_AHEAD = 64 * 2**10
"""Bytes a range read fetches at least: few requests where images are small, little waste where
they are large."""

_GZIP = b"\x1f\x8b"


@dataclass(frozen=True, kw_only=True)
class Member:
    """One file that a source holds: `length` bytes at `offset` of `object`."""

    name: str
    object: str
    offset: int
    length: int
    regular: bool = True


class RangeFile(io.RawIOBase):
    """One object of a store as a file to read and seek in."""

    def __init__(self, objects: ObjectStore, key: str) -> None:
        super().__init__()
        self._objects, self._key = objects, key
        self._size, self._at = objects.size(key), 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Move to `offset` from the start, the place reached or the end."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """Return the place reached."""
        return self._at

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        """Fill the buffer as far as the object reaches; return the number of bytes."""
        wanted = min(len(buffer), self._size - self._at)
        if wanted <= 0:
            return 0
        data = self._objects.get_range(self._key, self._at, wanted)
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)


def read_members(source: ObjectStore, key: str) -> list[Member]:
    """Return what an uncompressed tar holds, in its own order, folders left out.

    Names that are not UTF-8 come with backslash escapes. Raises CorpusError for a tar that is
    compressed, broken or cut short; KeyError if it is gone.
    """
    with cast("IO[bytes]", io.BufferedReader(RangeFile(source, key), READ_AHEAD)) as file:
        try:
            with tarfile.open(
                fileobj=file, mode="r:", encoding="utf-8", errors="backslashreplace"
            ) as tar:
                members = list(_members(tar, key))
                _check_end(file, tar.offset)
        except (tarfile.TarError, EOFError, ValueError, OverflowError) as error:
            raise CorpusError(_fault(source, key, str(error))) from None
    return members


def _members(tar: tarfile.TarFile, key: str) -> Iterator[Member]:
    reached = -1
    while (info := tar.next()) is not None:
        if info.size < 0 or tar.offset <= reached:
            raise tarfile.ReadError(f"a header of size {info.size} before byte {tar.offset}")
        reached = tar.offset
        # TarFile keeps what it has read; a listing of millions need not
        tar.members.clear()  # type: ignore[attr-defined]
        if not info.isdir():
            regular = info.isreg() and not info.issparse()
            yield Member(name=info.name, object=key, offset=info.offset_data,
                         length=info.size if regular else 0, regular=regular)  # fmt: skip


def _check_end(file: IO[bytes], offset: int) -> None:
    """Raise unless zeros or nothing follow the last member: TarFile also stops at rubble."""
    file.seek(offset)
    if file.read(tarfile.BLOCKSIZE).strip(b"\0"):
        raise tarfile.ReadError(f"a broken header at byte {offset}")


def _fault(source: ObjectStore, key: str, error: str) -> str:
    if source.get_range(key, 0, 2) == _GZIP:
        return f"{key}: got a gzip-compressed tar, wanted a plain one; run `gunzip` on it first"
    return f"{key}: got no whole tar ({error}), wanted an uncompressed WebDataset tar; copy it anew"
