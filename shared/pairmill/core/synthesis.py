"""The records of what language models were asked and wrote. They know no model and no prompt.

Tasks: which of a pair's images and which texts are asked with, and what is to be found.

    task              asked with                      found                   `text`      `answer`
    image+text→image  query image and an instruction  target image            instruction
    text→image        a text                          target image            the text
    image→text        target image                    a text about it         a request   the text
    image→image       query image and a request       target image            the request
    image+text→text   query image and an instruction  a text about the target instruction the text

The request of image→image names what joins the images and nothing that only one of them has.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from pairmill.core.errors import RejectError

COMPOSED = "image+text→image"
TEXT_TO_IMAGE, IMAGE_TO_TEXT = "text→image", "image→text"
IMAGE_TO_IMAGE, COMPOSED_TO_TEXT = "image→image", "image+text→text"
TASKS = (COMPOSED, TEXT_TO_IMAGE, IMAGE_TO_TEXT, IMAGE_TO_IMAGE, COMPOSED_TO_TEXT)

COMMAND, PHRASE, QUESTION, SENTENCE = "command", "phrase", "question", "sentence"
KINDS = (COMMAND, PHRASE, QUESTION, SENTENCE)
"""A sentence only tells, as captions do; an instruction is one of the other three."""

LANGUAGES = ("en", "ko")


@dataclass(frozen=True, kw_only=True)
class Written:
    """A text for one task of one pair, with its kind and its language.

    kind: empty where its writer does not say, as rules do not. answer: the text that is to be
    found, where the task finds texts; else empty.
    """

    text: str
    kind: str
    language: str
    task: str = COMPOSED
    answer: str = ""

    @property
    def by_model(self) -> bool:
        """Whether a language model wrote it: rules say no kind."""
        return bool(self.kind)


def as_written(instructions: Iterable[str]) -> tuple[Written, ...]:
    """Return English instructions of which nobody says the kind."""
    return tuple(Written(text=text, kind="", language="en") for text in instructions)


def instructions_of(outcome: tuple[Written, ...] | RejectError) -> tuple[str, ...] | RejectError:
    """Return the composed instructions of what was written, or why nothing was."""
    if isinstance(outcome, RejectError):
        return outcome
    return tuple(one.text for one in outcome if one.task == COMPOSED)


@dataclass(frozen=True, kw_only=True)
class PairText:
    """A text for one task of one pair, as it is stored; fields as `Written` has them."""

    pair_id: str
    task: str
    kind: str
    language: str
    text: str
    answer: str = ""


@dataclass(frozen=True, kw_only=True)
class RawAnswer:
    """One answer of a model as it came, before anything was made of it.

    ask_digest: of all that was asked, the answer's name in the cache. stage: describe, instruct,
    caption, judge … record_id: the pair or image asked about. prompt_version: name and digest of
    the prompt. parsed_ok: whether it is what the schema wants; else `fault` names what is wrong,
    and, where no answer came, the rule by which the question was refused. requests: how often a
    server was asked for it. seconds: of the request that was answered. No table holds these two.
    """

    ask_digest: str
    stage: str
    record_id: str
    model: str
    prompt_version: str
    seed: int
    text: str
    parsed_ok: bool
    fault: str = ""
    prompt_tokens: int = 0
    completion_tokens: int = 0
    requests: int = 1
    seconds: float = 0.0


@dataclass(frozen=True, kw_only=True)
class Usage:
    """What one stage has asked of one model.

    questions: that ended, with a good answer or without. answers: that a server gave for them,
    tokens, requests and seconds being theirs. cached: answers that were taken from the cache.
    repairs: answers, of both sorts, that came of asking again. faulty: answers that could not be
    used. fenced: good ones that stood between fences. rejected: questions without a good answer.
    seconds: of all requests, many at once; wall_seconds: that passed while they were asked.
    """

    stage: str
    model: str
    questions: int = 0
    answers: int = 0
    cached: int = 0
    repairs: int = 0
    faulty: int = 0
    fenced: int = 0
    rejected: int = 0
    requests: int = 0
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    wall_seconds: float = 0.0

    def plus(self, other: "Usage") -> "Usage":
        """Return the sum with what the same stage asked of the same model elsewhere."""
        assert (self.stage, self.model) == (other.stage, other.model)
        mine, theirs = vars(self), vars(other)
        counted = [name for name in mine if name not in ("stage", "model")]
        return replace(self, **{name: mine[name] + theirs[name] for name in counted})


def sum_usage(parts: Iterable[Usage]) -> tuple[Usage, ...]:
    """Return one sum for each stage and model, in the order of their names."""
    sums: dict[tuple[str, str], Usage] = {}
    for part in parts:
        name = part.stage, part.model
        sums[name] = sums[name].plus(part) if name in sums else part
    return tuple(sums[name] for name in sorted(sums))
