"""Open who judges: the run's own spaces, or a model that looks, at the server that is named.

Names vendors; knows no stage.
"""

from dataclasses import dataclass

from pairmill.config import RunConfig
from pairmill.pipeline.spending import Spending
from pairmill.ports.encoder import Encoder
from pairmill.ports.judge import Album, Judge
from pairmill.ports.objects import ObjectStore
from pairmill.settings import ChatSettings
from pairmill.wiring.writers import ReadImage, open_chat, variant_of


@dataclass(frozen=True)
class Asked:
    """What a model is asked with. answers: where its answers are kept."""

    chats: ChatSettings
    answers: ObjectStore
    read: ReadImage
    spending: Spending | None = None


def encoder_judge(config: RunConfig, encoder: Encoder, album: Album) -> Judge:
    """Return the judge by the run's own spaces and captions."""
    from pairmill.adapters.judge.encoder import EncoderJudge

    return EncoderJudge(album, encoder, config.gating.judging)


def chat_judge(config: RunConfig, asked: Asked, album: Album) -> Judge:
    """Return the judge that looks."""
    from pairmill.adapters.chat.asking import Asker
    from pairmill.adapters.judge.llm import ChatJudge

    own = config.gating.judging
    chat = open_chat(own.chat, asked.chats.server("judge"))
    asker = Asker(chat, asked.answers, variant=variant_of(own.chat), spending=asked.spending)
    return ChatJudge(asker, album.records, asked.read, own, config.seed)
