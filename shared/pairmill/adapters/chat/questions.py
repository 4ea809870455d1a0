"""What is asked of a model before anything is fetched or sent: words, pictures by name, a schema.

Knows prompts as they were filled in; knows no server, no cache and no store.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from pairmill.config.writing import AskingConfig
from pairmill.core.answers import Fault
from pairmill.core.ids import digest_of, generator
from pairmill.core.prompting.prompts import Filled, Slot
from pairmill.ports.chat import Ask, Picture, Turn

FORMAT = 1
"""Raise the number when what a digest is made of changes."""
DIGEST_HEX = 32
NOTHING: Mapping[str, "Shown"] = {}

About = TypeVar("About")
Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A picture by its name.

    digest: names image and encoding, so that nothing is read to know the question. load: returns
    the picture once it is really asked about; may raise RejectError.
    """

    digest: str
    load: Callable[[], Picture]


Said = tuple[Role, tuple[str | Shown, ...]]
"""One turn: who speaks, and words and pictures in the order in which they are read."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Question(Generic[About]):
    """One question with all that decides its answer.

    about: handed back with the answer, and no part of it. check: names what is wrong with a value
    that fits the schema. seed: 0 or more.
    """

    about: About
    stage: str
    record_id: str
    prompt_version: str
    said: tuple[Said, ...]
    schema: Mapping[str, Any]
    asking: AskingConfig
    seed: int
    check: Callable[[Any], Fault | None] | None = None

    def digest(self, model: str) -> str:
        """Return the name of the answer that a model gives: a digest of all that it is asked."""
        return digest_of(
            {
                "format": FORMAT, "model": model, "prompt": self.prompt_version,
                "said": [[role, [_named(part) for part in parts]] for role, parts in self.said],
                "schema": self.schema, "seed": self.seed,
                "temperature": float(self.asking.temperature),
                "max_tokens": self.asking.max_tokens,
            },
            length=DIGEST_HEX,
        )  # fmt: skip

    def ask(self, ask_id: str) -> Ask:
        """Return the question with its pictures; RejectError where one cannot be had."""
        return Ask(
            ask_id=ask_id,
            turns=tuple(Turn(role=role, parts=_loaded(parts)) for role, parts in self.said),
            schema=self.schema,
            max_tokens=self.asking.max_tokens,
            temperature=self.asking.temperature,
            seed=self.seed,
        )


def _named(part: str | Shown) -> object:
    return part if isinstance(part, str) else {"picture": part.digest}


def _loaded(parts: Iterable[str | Shown]) -> tuple[str | Picture, ...]:
    return tuple(part if isinstance(part, str) else part.load() for part in parts)


def say(
    filled: Filled, style: str, pictures: Mapping[str, Shown] = NOTHING
) -> tuple[Said, ...]:  # fmt: skip
    """Return a filled prompt as turns, with pictures in their places.

    style: `chat` is a system turn and a user turn; `fewshot` is one user turn of plain text, which
    a model that only continues texts can be given as it is.
    """
    user = tuple(pictures[part.name] if isinstance(part, Slot) else part for part in filled.user)
    if style == "chat":
        return ("system", (filled.system,)), ("user", user)
    if user and isinstance(user[0], str):
        return (("user", (f"{filled.system}\n\n{user[0]}", *user[1:])),)
    return (("user", (filled.system, *user)),)


def draw_seed(seed: int, *parts: str) -> int:
    """Return a model's seed that only the run's seed and names decide; below 2^31."""
    return int(generator(seed, "ask", *parts).integers(2**31))
