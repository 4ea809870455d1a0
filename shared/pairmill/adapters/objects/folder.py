"""Keep objects as files beneath one folder. Knows keys and bytes; knows no record and no stage.

Every write goes to a temporary and then takes its name at once, so that nobody sees a part.
"""

import errno
import os
import secrets
import stat
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pairmill.adapters.objects import files
from pairmill.adapters.objects.keys import check_key, split_prefix
from pairmill.core.errors import RejectError

TEMPORARIES = ".pairmill-tmp"
"""One folder for all, so that those of killed processes are found; no key lies in it."""
MISSING = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP, errno.ENAMETOOLONG, errno.ENXIO)


class FolderObjects:
    """An object store in a folder, for any number of threads and processes at once.

    read_only: the folder is somebody's own (a corpus). Writing is a ValueError; a file that
    cannot be read, or a link that leads out of the folder, is a RejectError with the rule
    `unreadable` or `link_leads_out`. File names that are not UTF-8 come as Python's surrogates.

    Durability: a `put` is not synced, since that costs 2.6 ms each instead of 0.1 (60,000 small
    ones: 156 s instead of 6; ext4 on a virtual disk). A `create`, which is how work is committed,
    first syncs what this object put before, so that not even a power cut leaves a commit whose
    files are lost. What is merely put may be lost by a power cut, never by a killed process.
    """

    def __init__(self, root: Path, *, read_only: bool = False) -> None:
        self._root = os.path.realpath(root)
        self._temporaries = os.path.join(self._root, TEMPORARIES)
        self._read_only = read_only
        self._lock = threading.Lock()
        self._unsynced: set[str] = set()
        self._swept = read_only

    def put(self, key: str, data: bytes) -> None:
        """Write `data` under `key`, over whatever was there."""
        path = self._target(key)
        with self._staged(key, data) as temporary:
            files.in_folder(path, lambda: os.replace(temporary, path))
        with self._lock:
            self._unsynced.add(path)

    def create(self, key: str, data: bytes) -> bool:
        """Write `data` under `key` unless the key exists; True for exactly one of many racers."""
        path = self._target(key)
        if os.path.isfile(path):
            return False
        with self._staged(key, data) as temporary:
            with self._lock:
                earlier, self._unsynced = self._unsynced, set()
            files.sync([*earlier, temporary])
            return files.name_once(temporary, path)

    def get(self, key: str) -> bytes:
        """Return the whole object."""
        with self._opened(key) as (fd, size):
            return files.read(fd, 0, size)

    def get_range(self, key: str, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`; fewer only at the object's end."""
        if offset < 0 or length < 0:
            raise ValueError(f"{key}: offset {offset} and length {length} must not be negative")
        with self._opened(key) as (fd, size):
            return files.read(fd, offset, min(length, size - offset))

    def size(self, key: str) -> int:
        """Return the object's size in bytes."""
        with self._opened(key) as (_, size):
            return size

    def exists(self, key: str) -> bool:
        """Say whether the key holds an object."""
        return os.path.isfile(self._path(key))

    def list(self, prefix: str) -> Iterator[str]:
        """Yield the keys that begin with `prefix`, in ascending order of code points."""
        return self._walk(*split_prefix(prefix))

    def delete(self, key: str) -> None:
        """Remove the object; a missing key is no error."""
        path = self._target(key)
        with suppress(FileNotFoundError, NotADirectoryError, IsADirectoryError):
            os.unlink(path)

    def _walk(self, folder: str, start: str) -> Iterator[str]:
        try:
            with os.scandir(os.path.join(self._root, folder)) as entries:
                names = sorted(filter(None, map(self._name_of, entries)))
        except (FileNotFoundError, NotADirectoryError):
            return
        for name in names:
            key = f"{folder}/{name}" if folder else name
            if not name.startswith(start) or key == TEMPORARIES + "/":
                continue
            if name.endswith("/"):
                yield from self._walk(key[:-1], "")
            else:
                yield key

    def _name_of(self, entry: "os.DirEntry[str]") -> str:
        """Return a file's name, a folder's with its slash (which is how keys sort), or nothing."""
        # A link to a folder among somebody's own files is listed like a file, so that it is seen
        # and rejected, and never followed: it may lead out, or round in a circle.
        if entry.is_dir(follow_symlinks=not self._read_only):
            return entry.name + "/"
        return entry.name if entry.is_symlink() or entry.is_file() else ""

    def _path(self, key: str) -> str:
        if check_key(key).partition("/")[0] == TEMPORARIES:
            raise ValueError(f"key {key!r}: {TEMPORARIES} is kept for temporaries")
        return os.path.join(self._root, key)

    def _target(self, key: str) -> str:
        if self._read_only:
            raise ValueError(f"{self._root}: opened to be read only, yet {key!r} was to be written")
        return self._path(key)

    @contextmanager
    def _opened(self, key: str) -> Iterator[tuple[int, int]]:
        """Yield a descriptor and the size of a regular file; KeyError where there is none."""
        fd = self._open(key)
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise KeyError(key)
            yield fd, found.st_size
        finally:
            os.close(fd)

    def _open(self, key: str) -> int:
        path = self._path(key)
        if self._read_only:
            real, inside = (os.path.join(os.path.realpath(p), "") for p in (path, self._root))
            if not real.startswith(inside):
                raise RejectError("link_leads_out", key)
        try:
            # O_NONBLOCK: opening a pipe that somebody put among the images must not wait.
            return os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        except OSError as error:
            if error.errno in MISSING:
                raise KeyError(key) from None
            if self._read_only and isinstance(error, PermissionError):
                raise RejectError("unreadable", key) from None
            raise

    @contextmanager
    def _staged(self, key: str, data: bytes) -> Iterator[str]:
        """Yield a temporary that holds `data` and is gone afterwards."""
        if not self._swept:
            files.sweep(self._temporaries)
            self._swept = True
        name = f"{os.getpid()}-{secrets.token_hex(8)}"
        temporary = os.path.join(self._temporaries, name)
        try:
            files.in_folder(temporary, lambda: files.write(temporary, data))
            yield temporary
        except OSError as error:
            raise files.explained(error, self._root, key, len(data)) from error
        finally:
            with suppress(FileNotFoundError):
                os.unlink(temporary)
