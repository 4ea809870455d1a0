"""The captioner port: an image becomes a caption. Knows no store and no prompt."""

from collections.abc import Sequence
from typing import Protocol

from pairmill.core.captions import MachineCaption
from pairmill.core.errors import RejectError
from pairmill.core.records import ImageRecord


class Captioner(Protocol):
    """Says what one image shows."""

    @property
    def author(self) -> str:
        """Name and version."""
        ...

    def caption(self, images: Sequence[ImageRecord]) -> list[MachineCaption | RejectError]:
        """Return one outcome for each image, in order: a caption, or why there is none."""
        ...
