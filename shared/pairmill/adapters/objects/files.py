"""Write whole files, give them their names at once, and see that they last. Knows no key."""

import errno
import fcntl
import os
import time
from collections.abc import Callable, Iterable
from contextlib import suppress

from pairmill.core.errors import ConfigError, StoreFullError

STALE_SECONDS = 86_400.0
"""A temporary that old belongs to a process that was killed: no write takes a day."""
MANY_FILES = 256
"""Above this, one sync of everything is quicker than one of every file."""
LOCK = "lock"

FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
NO_LINKS = (errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS)


def write(path: str, data: bytes) -> None:
    """Write a file that does not exist yet."""
    fd = os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o666)
    try:
        left = memoryview(data)
        while left:
            left = left[os.write(fd, left) :]
    finally:
        os.close(fd)


def read(fd: int, offset: int, length: int) -> bytes:
    """Return up to `length` bytes from `offset`; fewer only at the file's end."""
    parts, end = [], offset + length
    while offset < end and (part := os.pread(fd, end - offset, offset)):
        parts.append(part)
        offset += len(part)
    return b"".join(parts)


def in_folder(path: str, action: Callable[[], None]) -> None:
    """Do what makes `path`, and first its folder where that is missing."""
    try:
        action()
    except FileNotFoundError:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        action()


def name_once(temporary: str, path: str) -> bool:
    """Give a temporary its name unless that is taken; True for exactly one of many racers."""
    try:
        in_folder(path, lambda: os.link(temporary, path))
    except FileExistsError:
        # NFS may repeat a request that succeeded: then our own file holds the name.
        return os.stat(temporary).st_nlink > 1
    except OSError as error:
        if error.errno not in NO_LINKS:
            raise
        return _name_under_lock(temporary, path)
    return True


def _name_under_lock(temporary: str, path: str) -> bool:
    """The same without hard links (exFAT, some shares): a killed process lets go of a lock."""
    with open(os.path.join(os.path.dirname(temporary), LOCK), "ab") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if os.path.lexists(path):
            return False
        in_folder(path, lambda: os.replace(temporary, path))
        return True


def sync(paths: Iterable[str]) -> None:
    """See that files, and the names they have now, outlast a power cut.

    With ext4, XFS and Btrfs, syncing a file that was just renamed includes its name.
    """
    wanted = list(paths)
    if len(wanted) > MANY_FILES:
        os.sync()
        return
    for path in wanted:
        with suppress(FileNotFoundError):
            fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(fd)
            finally:
                os.close(fd)


def sweep(folder: str) -> None:
    """Remove the temporaries that killed processes left."""
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                stale = time.time() - entry.stat().st_mtime > STALE_SECONDS
                if stale and entry.name != LOCK:
                    os.unlink(entry.path)


def explained(error: OSError, root: str, key: str, num_bytes: int) -> Exception:
    """Return the error that a failed write shall be known by."""
    if error.errno in FULL:
        return StoreFullError(
            f"{root}: no space left for {key} ({num_bytes:,} bytes; {error.strerror}): free some "
            "and start again, the run goes on from there"
        )
    if error.errno == errno.EXDEV:
        return ConfigError(
            f"{root}: {key} would lie on another file system, where nothing can be put at once; "
            "link or mount the whole folder, not a part of it"
        )
    if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
        return ConfigError(
            f"{root}: {key} cannot be written ({error.strerror}): wanted a folder in which you "
            "may write"
        )
    if error.errno in (errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG):
        return ValueError(f"key {key!r}: {error.strerror}; an object cannot also be a folder")
    return error
