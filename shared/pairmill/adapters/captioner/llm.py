"""Caption images by a multimodal model that sees them. Knows no server and no cache.

Which images are captioned is decided by whoever calls: those that nobody captioned.
"""

from collections.abc import Generator, Iterable, Sequence

from pairmill.adapters.chat.asking import Asker
from pairmill.adapters.chat.questions import Question, draw_seed, say
from pairmill.adapters.chat.showing import Pictures, show
from pairmill.config import CaptioningConfig
from pairmill.core.captions import MachineCaption
from pairmill.core.errors import RejectError
from pairmill.core.prompting.caption import SCHEMA, ask_for_caption, caption_of
from pairmill.core.records import ImageRecord
from pairmill.core.synthesis import RawAnswer

STAGE = "caption"


class ChatCaptioner:
    """The captioner that looks. pictures: returns an image's bytes."""

    def __init__(
        self, asker: Asker, pictures: Pictures, config: CaptioningConfig, seed: int
    ) -> None:
        self._asker = asker
        self._pictures = pictures
        self._config = config
        self._seed = seed

    @property
    def author(self) -> str:
        """The model's name and the prompt's version."""
        return f"{self._asker.model} by {ask_for_caption().version}"

    def caption(self, images: Sequence[ImageRecord]) -> list[MachineCaption | RejectError]:
        """Return one outcome for each image, in order.

        Rejected by what `Asker.ask` names: `undecodable` and what `pictures` raises among it.
        """
        found = {image.image_id: outcome for image, outcome in self.each(images)}
        return [found[image.image_id] for image in images]

    def each(
        self, images: Iterable[ImageRecord]
    ) -> Generator[tuple[ImageRecord, MachineCaption | RejectError]]:
        """Yield each image with its outcome, as they come; `images` may be endless."""
        for image, value in self._asker.ask(map(self._question, images)):
            if isinstance(value, RejectError):
                yield image, value
            else:
                yield image, caption_of(image, value)

    def take_raw(self) -> tuple[RawAnswer, ...]:
        """Return the answers since the last call."""
        return self._asker.take_raw()

    def _question(self, image: ImageRecord) -> Question[ImageRecord]:
        filled = ask_for_caption()
        pictures = {"image": show(image, self._pictures, self._config.max_pixels)}
        return Question(
            about=image,
            stage=STAGE,
            record_id=image.image_id,
            prompt_version=filled.version,
            said=say(filled, self._config.asking.prompt_style, pictures),
            schema=SCHEMA,
            asking=self._config.asking,
            seed=draw_seed(self._seed, STAGE, image.image_id),
        )
