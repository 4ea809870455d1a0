"""The captioner port: an image becomes a caption. Knows no store and no prompt."""

from collections.abc import Generator, Iterable, Sequence
from typing import Protocol

from pairmill.core.captions import MachineCaption
from pairmill.core.errors import RejectError
from pairmill.core.records import ImageRecord
from pairmill.core.synthesis import RawAnswer


class Captioner(Protocol):
    """Says what one image shows."""

    @property
    def author(self) -> str:
        """Name and version."""
        ...

    def caption(self, images: Sequence[ImageRecord]) -> list[MachineCaption | RejectError]:
        """Return one outcome for each image, in order: a caption, or why there is none."""
        ...

    def each(
        self, images: Iterable[ImageRecord]
    ) -> Generator[tuple[ImageRecord, MachineCaption | RejectError]]:
        """Yield each image with its outcome, as they come, in any order.

        `images` is read only as far ahead as keeps a model busy, so it may be endless.
        """
        ...

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return what a model answered since the last call, in an order of their own."""
        ...
