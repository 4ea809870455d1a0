"""`pairmill upload`: copy a folder of images into a bucket, from which a cluster takes them.

Knows the object store port; what has the same size in the bucket already is not sent again.
"""

import argparse
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from itertools import islice
from pathlib import Path
from typing import TypeVar

from rich.filesize import decimal
from rich.progress import (
    BarColumn,
    DownloadColumn,
    Progress,
    TextColumn,
    TimeRemainingColumn,
    TransferSpeedColumn,
)

from pairmill.core.errors import ConfigError, CorpusError, RejectError, RetryError, StopError
from pairmill.ports.objects import ObjectStore
from pairmill.settings import read_settings
from pairmill.sources.kinds import is_hidden
from pairmill.sources.places import BUCKETS
from pairmill.wiring import Stores
from services.cli.arguments import Commands, at_least, command
from services.cli.screen import CONSOLE

LARGE_BYTES = 64 * 2**20
"""A file is held in memory while it is sent; those above this are sent one at a time."""
BATCH_PER_THREAD = 64
Item = TypeVar("Item")


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands, "upload", "copy a folder of images into a bucket, for a run on a cluster",
        "pairmill upload photos/ s3://corpora/photos   (endpoint and keys: PAIRMILL_S3__ENDPOINT, "
        "PAIRMILL_S3__ACCESS_KEY, PAIRMILL_S3__SECRET_KEY)",
    )  # fmt: skip
    add = parser.add_argument
    add("folder", type=Path, metavar="FOLDER", help="all in it but hidden files is copied")
    add("address", metavar="s3://BUCKET/PREFIX",
        help="where to; a file that is there with the same size is skipped")  # fmt: skip
    add("--threads", type=at_least(1), default=16, help="files sent at once (default: 16)")
    parser.set_defaults(do=upload)


def upload(given: argparse.Namespace) -> None:
    """Do what the command line asks."""
    bucket = given.address.removeprefix(BUCKETS).partition("/")[0]
    if not given.address.startswith(BUCKETS) or not bucket:
        raise ConfigError(f"{given.address}: wanted {BUCKETS}bucket/prefix")
    if not given.folder.is_dir():
        raise CorpusError(f"{given.folder}: no such folder; wanted one with images in it")
    stores = Stores(read_settings())
    target, folder = stores.open_target(given.address), Stores.folder(given.folder)
    sending = Sending(folder, target)
    sending.plan(stores.open_source(given.address))
    try:
        sending.send_all(given.threads)
    except RetryError as error:
        raise StopError(f"{error}; start again, what was sent is skipped") from error
    CONSOLE.print(sending.told(given.address), markup=False, highlight=False, soft_wrap=True)


class Sending:
    """Files on their way from a folder to a bucket."""

    def __init__(self, folder: ObjectStore, target: ObjectStore) -> None:
        self._folder, self._target = folder, target
        self._sizes: dict[str, int] = {}
        self._large = threading.Lock()
        self._counts = Counter[str]()
        self._left_out = Counter[str]()

    def plan(self, there: ObjectStore) -> None:
        """Find out what is to be sent. there: the target, opened to be read only."""
        kept = {key: there.size(key) for key in there.list("")}
        for key in self._folder.list(""):
            if is_hidden(key):
                continue
            try:
                key.encode()
                size = self._folder.size(key)
            except (RejectError, KeyError, UnicodeEncodeError) as error:
                self._leave_out(error)
                continue
            if kept.get(key) == size:
                self._counts["kept"] += 1
            else:
                self._sizes[key] = size
        if not self._sizes and not self._counts:
            raise CorpusError("the folder has no file to send; wanted images")

    def send_all(self, threads: int) -> None:
        """Send what is planned, with a bar."""
        with _bar() as bar, ThreadPoolExecutor(threads) as pool:
            task = bar.add_task("uploading", total=sum(self._sizes.values()), files=0)
            for batch in _batches(iter(self._sizes), threads * BATCH_PER_THREAD):
                for num_bytes in pool.map(self._send, batch):
                    self._counts["bytes"] += num_bytes
                    self._counts["sent"] += 1
                    bar.update(task, advance=num_bytes, files=self._counts["sent"])

    def told(self, address: str) -> str:
        """Return what was done, for people."""
        counts = self._counts
        parts = [f"{counts['sent']:,} files sent to {address} ({decimal(counts['bytes'])})"]
        if counts["kept"]:
            parts.append(f"{counts['kept']:,} were there already")
        parts += [f"{count:,} left out: {why}" for why, count in sorted(self._left_out.items())]
        return "; ".join(parts)

    def _send(self, key: str) -> int:
        """Send one file; return its size."""
        with self._large if self._sizes[key] > LARGE_BYTES else nullcontext():
            data = self._folder.get(key)
            self._target.put(key, data)
            return len(data)

    def _leave_out(self, error: Exception) -> None:
        unnamed = isinstance(error, UnicodeEncodeError)
        rule = error.rule if isinstance(error, RejectError) else "dangling_link"
        self._left_out["name_is_not_utf8" if unnamed else rule] += 1


def _batches(items: Iterator[Item], count: int) -> Iterator[list[Item]]:
    while batch := list(islice(items, count)):
        yield batch


def _bar() -> Progress:
    return Progress(
        TextColumn("{task.description}"), BarColumn(28), DownloadColumn(), TransferSpeedColumn(),
        TextColumn("{task.fields[files]:,} files, left"), TimeRemainingColumn(), console=CONSOLE,
    )  # fmt: skip
