"""Read one entry's bytes from the source, and see that they are those that were listed.

Knows the object store port and tar headers; knows no decoder.
"""

import tarfile

from pairmill.core.errors import RejectError
from pairmill.ports.objects import ObjectStore
from pairmill.sources.kinds import kind_of


def fetch(source: ObjectStore, key: str, offset: int, length: int) -> bytes:
    """Return `length` bytes at `offset` of object `key`.

    Raises RejectError `source_missing` if the object is gone, `source_changed` if a file has
    another length now, or if a tar has another member there.
    """
    try:
        if kind_of(key) == "tar":
            return _fetch_member(source, key, offset, length)
        size = source.size(key)
        data = source.get_range(key, 0, length)
    except KeyError:
        raise RejectError("source_missing", key) from None
    if size != length or len(data) != length:
        raise RejectError("source_changed", f"{key}: {size} bytes, listed with {length}")
    return data


def _fetch_member(source: ObjectStore, key: str, offset: int, length: int) -> bytes:
    """Read a member with the header block before it, which tells whether the tar is the same."""
    start = offset - tarfile.BLOCKSIZE
    data = source.get_range(key, start, tarfile.BLOCKSIZE + length)
    try:
        header = tarfile.TarInfo.frombuf(data[: tarfile.BLOCKSIZE], "utf-8", "backslashreplace")
    except tarfile.HeaderError:
        raise RejectError("source_changed", f"{key}: no member at byte {offset}") from None
    body = data[tarfile.BLOCKSIZE :]
    if header.size != length or len(body) != length:
        raise RejectError("source_changed", f"{key}: another member at byte {offset}")
    return body
