"""Where a source is: the address of a folder or bucket, and the pattern of names in it.

Knows paths and addresses; opens nothing but to see that a local folder is there.
"""

from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from pairmill.core.errors import CorpusError
from pairmill.core.ids import digest_of

BUCKETS = "s3://"


@dataclass(frozen=True, kw_only=True)
class Place:
    """A source. address: a folder's whole path, or `s3://bucket/prefix`."""

    address: str
    pattern: str = "**"

    @property
    def name(self) -> str:
        """A name that people recognise, made unique by the pattern where there is one."""
        last = PurePosixPath(self.address).name.lower()
        plain = "".join(c if c.isalnum() or c in "-_" else "-" for c in last)
        cut = "" if self.pattern == "**" else f"-{digest_of(self.pattern, length=6)}"
        return (plain or "corpus") + cut


def place_of(path: str) -> Place:
    """Return the folder before the first wildcard, and the pattern below it (`**`: all).

    Raises CorpusError where a local folder is not there; a bucket is not looked into.
    """
    if path.startswith(BUCKETS):
        head, pattern = _before_wildcard(path.removeprefix(BUCKETS).strip("/").split("/"))
        if not head:
            raise CorpusError(f"{path}: wanted s3://bucket/prefix, got no name of a bucket")
        return Place(address=BUCKETS + "/".join(head), pattern=pattern or "**")
    parts, pattern = _before_wildcard(list(Path(path).expanduser().parts))
    root = Path(*parts).resolve()
    if root.is_file():
        root, pattern = root.parent, root.name
    if not root.is_dir():
        raise CorpusError(
            f"{path}: no such folder; wanted a folder of images or of .tar files, or a quoted "
            "glob of either"
        )
    return Place(address=str(root), pattern=pattern or "**")


def _before_wildcard(parts: list[str]) -> tuple[list[str], str]:
    found = (i for i, part in enumerate(parts) if any(c in part for c in "*?["))
    wild = next(found, len(parts))
    return [part for part in parts[:wild] if part], "/".join(parts[wild:])
