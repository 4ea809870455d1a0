"""Who writes captions, describes pairs and writes instructions. Values and their bounds only."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from pairmill.config.chat import ChatConfig
from pairmill.config.part import Part
from pairmill.core.synthesis import COMPOSED


def _with_arrows(value: Any) -> Any:
    return value.replace("->", "→") if isinstance(value, str) else value


TaskName = Annotated[
    Literal["image+text→image", "text→image", "image→text", "image→image", "image+text→text"],
    BeforeValidator(_with_arrows),
]
"""The tasks of `pairmill.core.synthesis`; the arrow may be written as ->."""
Language = Literal["en", "ko"]


class AskingConfig(Part):
    """How a language model is asked for JSON."""

    prompt_style: Literal["chat", "fewshot"] = Field(
        "chat", description="fewshot: one turn of plain text, for a model that continues texts"
    )
    temperature: float = Field(0.0, ge=0, le=2)
    max_tokens: int = Field(512, ge=16, le=32_768, description="of an answer")
    repairs: int = Field(2, ge=0, le=10, description="how often a faulty answer is asked for again")


class CaptioningConfig(Part):
    """Captions that the machine makes for images that came without one; marked and kept apart."""

    captioner: Literal["rules", "none", "llm"] = Field(
        "rules",
        description="rules: ImageNet classes, main colours, names of files, dates; llm: a model "
        "that sees the image",
    )
    min_probability: float = Field(
        0.5, ge=0.5, le=1, description="of what an image is said to show; else a broader name"
    )
    southern: bool = Field(False, description="seasons are those of the southern half of the earth")
    max_pixels: int = Field(262_144, ge=4096, description="larger images are shown reduced to this")
    asking: AskingConfig = AskingConfig(max_tokens=192)
    chat: ChatConfig = ChatConfig()


class DescribingConfig(Part):
    """Who says what a pair's images share and differ in."""

    describer: Literal["rules", "llm"] = Field(
        "rules", description="llm: a model that sees both images"
    )
    max_differences: int = Field(
        2, ge=1, description="the rules reject pairs that differ in more"
    )  # fmt: skip
    captions: bool = Field(False, description="the model reads the images' captions, too")
    words: tuple[int, int] = Field(
        (60, 100), description="between which each pair's word limit is drawn, as in the paper"
    )
    max_pixels: int = Field(262_144, ge=4096, description="larger images are shown reduced to this")
    asking: AskingConfig = AskingConfig()
    chat: ChatConfig = ChatConfig()

    @property
    def reads_captions(self) -> bool:
        """Whether what is said of an image decides its descriptions, or its pixels alone do."""
        return self.describer == "rules" or self.captions

    @field_validator("words")
    @classmethod
    def _bounds(cls, words: tuple[int, int]) -> tuple[int, int]:
        if not 10 <= words[0] <= words[1] <= 400:
            raise ValueError(f"got {list(words)}, wanted two bounds in order, from 10 to 400 words")
        return words


class InstructingConfig(Part):
    """Who writes the instructions, and how many."""

    instructor: Literal["rules", "templates", "llm", "both"] = Field(
        "rules",
        description="templates: the target's caption in three fixed frames, a baseline; llm: a "
        "model that reads the description; both: rules and the model for every pair",
    )
    per_pair: int = Field(3, ge=3, le=20)
    max_chars: int = Field(300, ge=20)
    tasks: tuple[TaskName, ...] = Field(
        ("image+text→image",), description="what else the model writes for of the same pair"
    )
    languages: tuple[Language, ...] = Field(("en",), description="the model writes in each of them")
    demonstrations: int = Field(5, ge=0, le=15, description="drawn from the pool for each pair")
    demonstration_sets: int = Field(
        0,
        ge=0,
        description="0: every pair draws its own demonstrations; else one of so many sets of them, "
        "which a server with a prefix cache reads but once",
    )
    pool: Literal["fine", "plain"] = Field(
        "fine", description="plain demonstrations, of English instructions alone, for small models"
    )
    shows: Literal["phrases", "text", "both", "target"] = Field(
        "both",
        description="what of a description the model is shown; target: phrases, but for those of "
        "the query alone, which a small model cannot keep to itself",
    )
    asking: AskingConfig = AskingConfig(temperature=0.7)
    chat: ChatConfig = ChatConfig()

    @property
    def asks(self) -> bool:
        """Whether a model is asked."""
        return self.instructor in ("llm", "both")

    @field_validator("tasks", "languages")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if not names or len(set(names)) < len(names):
            raise ValueError(f"got {list(names)}, wanted one name or more, each once")
        return names

    @field_validator("tasks")
    @classmethod
    def _compose(cls, tasks: tuple[str, ...]) -> tuple[str, ...]:
        if COMPOSED not in tasks:
            raise ValueError(f"got {list(tasks)}, wanted {COMPOSED} among them: triplets need it")
        return tasks

    @model_validator(mode="after")
    def _demonstrated(self) -> Self:
        if self.pool == "plain" and (self.languages != ("en",) or self.tasks != (COMPOSED,)):
            raise ValueError(
                f"pool: got plain for {list(self.languages)}, {list(self.tasks)}; wanted fine, or "
                f"English and {COMPOSED} alone"
            )
        return self
