"""The chat port: turns of text and pictures go to a language model, an answer comes back.

Knows no server, no prompt and no schema language beyond JSON Schema; knows nothing of what an
answer is for. Cache, parsing and repair stand above it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from pairmill.core.errors import RejectError


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An encoded image: JPEG, PNG or WebP, as its media type says."""

    data: bytes
    media_type: str = "image/jpeg"


@dataclass(frozen=True, kw_only=True)
class Turn:
    """One turn of a conversation; its parts stand in the order in which they are read."""

    role: Literal["system", "user", "assistant"]
    parts: tuple[str | Picture, ...]


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One question.

    ask_id: the caller's own name for it, unique among the asks of a call. schema: JSON Schema of
    the answer, None for free text. max_tokens: of the answer. seed: 0 or more, sent where the
    model takes one.
    """

    ask_id: str
    turns: tuple[Turn, ...]
    schema: Mapping[str, Any] | None = None
    max_tokens: int = 512
    temperature: float = 0.0
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What was read and written, in the model's tokens; 0 where the server does not say."""

    prompt: int = 0
    completion: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What a model said. finish: `stop`, or `length` where the token limit cut it off. requests:
    how often the server was asked for it. seconds: of the request that was answered."""

    text: str
    model: str
    finish: str
    tokens: Tokens
    requests: int = 1
    seconds: float = 0.0


class Chat(Protocol):
    """Answers questions."""

    @property
    def model(self) -> str:
        """The name under which the model is asked for."""
        ...

    def answer(self, asks: Iterable[Ask]) -> Iterator[tuple[Ask, Answer | RejectError]]:
        """Yield one outcome for each ask, as they come, in any order.

        `asks` is read only so far ahead as keeps the model busy, so it may be endless. A question
        at fault (refused image, too long) gives a RejectError of its own and takes no other with
        it. Raises RetryError where the server stays away beyond its patience, StopError
        (ConfigError) where asking again cannot help: wrong key, unknown model.
        """
        ...
