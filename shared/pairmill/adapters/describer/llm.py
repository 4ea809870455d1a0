"""Describe pairs by a multimodal model that sees both images. Knows no server and no cache.

As in MegaPairs (arXiv 2412.14475, appendix A): common ground and differences under a word limit
that is drawn for each pair.
"""

from collections.abc import Generator, Iterable, Sequence

from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.chat.questions import Question, draw_seed, say
from pairmill.adapters.chat.showing import Pictures, show
from pairmill.config import DescribingConfig
from pairmill.core.errors import RejectError
from pairmill.core.prompting.describe import (
    SCHEMA,
    DescribeOptions,
    ask_to_describe,
    describe_version,
    description_of,
)
from pairmill.core.records import Description
from pairmill.core.synthesis import RawAnswer
from pairmill.ports.describer import PairView

STAGE = "describe"


class ChatDescriber:
    """The describer that looks. pictures: returns an image's bytes."""

    def __init__(
        self, asker: Asker, pictures: Pictures, config: DescribingConfig, seed: int
    ) -> None:
        self._asker = asker
        self._pictures = pictures
        self._config = config
        self._options = DescribeOptions(words=config.words, captions=config.captions, seed=seed)

    @property
    def author(self) -> str:
        """The model's name and the prompt's version."""
        return f"{self._asker.model} by {describe_version()}"

    def describe(self, views: Sequence[PairView]) -> list[Description | RejectError]:
        """Return one outcome for each view, in order.

        Rejected besides by what `Asker.ask` and `description_of` name: `undecodable` and what
        `pictures` raises.
        """
        found = {id(view): outcome for view, outcome in self.each(views)}
        return [found[id(view)] for view in views]

    def each(
        self, views: Iterable[PairView]
    ) -> Generator[tuple[PairView, Description | RejectError]]:
        """Yield each view with its outcome, as they come.

        `views` may be endless: it is read only as far ahead as keeps the model busy.
        """
        for view, value in self._asker.ask(map(self._question, views)):
            yield view, self._outcome(view, value)

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return the answers since the last call."""
        return self._asker.take_raw()

    def _question(self, view: PairView) -> Question[PairView]:
        filled = ask_to_describe(view.pair, view.query, view.target, self._options)
        both = {"query": view.query, "target": view.target}
        pictures = {
            name: show(image, self._pictures, self._config.max_pixels)
            for name, image in both.items()
        }
        return Question(
            about=view,
            stage=STAGE,
            record_id=view.pair.pair_id,
            prompt_version=filled.version,
            said=say(filled, self._config.asking.prompt_style, pictures),
            schema=SCHEMA,
            asking=self._config.asking,
            seed=draw_seed(self._options.seed, STAGE, view.pair.pair_id),
        )

    def _outcome(self, view: PairView, value: object) -> Description | RejectError:
        if isinstance(value, RejectError):
            return value
        assert isinstance(value, dict)
        try:
            return description_of(view.pair, value, self.author)
        except RejectError as error:
            return error
