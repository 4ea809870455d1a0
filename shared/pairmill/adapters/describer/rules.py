"""Describe pairs by rules, from captions and attributes. Looks at no pixel and no file.

The honest low-cost path for captioned corpora: what it can and cannot do stands in
`pairmill.core.describing`.
"""

from collections.abc import Generator, Iterable, Sequence
from itertools import islice

from pairmill.config import DescribingConfig
from pairmill.core.describing import describe_pair
from pairmill.core.errors import RejectError
from pairmill.core.portraits import Portrait, portray
from pairmill.core.records import Caption, Description, ImageRecord
from pairmill.core.synthesis import RawAnswer
from pairmill.ports.describer import PairView

Said = tuple[tuple[Caption, ...], tuple[tuple[str, tuple[str, ...]], ...]]
"""All captions and attributes of an image."""

BATCH = 32
"""Pairs of a stream whose images are remembered together."""
AUTHOR = "rules/1"
"""Raise the number when equal captions would be described otherwise."""


class RulesDescriber:
    """The describer that compares texts.

    seed: the run's. These rules draw nothing, so that every seed gives the same descriptions.
    """

    def __init__(self, config: DescribingConfig, seed: int) -> None:
        self._config = config
        self._seed = seed

    @property
    def author(self) -> str:
        """Name and version of the rules."""
        return AUTHOR

    def describe(self, views: Sequence[PairView]) -> list[Description | RejectError]:
        """Return one outcome for each view, in order."""
        portraits: dict[Said, Portrait] = {}
        return [self._describe_one(view, portraits) for view in views]

    def each(
        self, views: Iterable[PairView]
    ) -> Generator[tuple[PairView, Description | RejectError]]:
        """Yield each view with its outcome, in order."""
        source = iter(views)
        while batch := list(islice(source, BATCH)):
            yield from zip(batch, self.describe(batch), strict=True)

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return nothing: no model is asked."""
        return ()

    def _describe_one(
        self, view: PairView, portraits: dict[Said, Portrait]
    ) -> Description | RejectError:
        try:
            return describe_pair(
                view.pair,
                _remembered(view.query, portraits),
                _remembered(view.target, portraits),
                max_differences=self._config.max_differences,
                author=AUTHOR,
            )
        except RejectError as error:
            return error


def _remembered(image: ImageRecord, portraits: dict[Said, Portrait]) -> Portrait:
    """An image is in many pairs of a shard: read what is said of it once. What a machine says may
    differ from pair to pair."""
    said = image.captions, tuple(image.attributes.items())
    if said not in portraits:
        portraits[said] = portray(image)
    return portraits[said]
