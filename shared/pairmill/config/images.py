"""How images are taken in and encoded. Values and their bounds only."""

import re
from typing import Literal

from pydantic import Field, model_validator

from pairmill.config.part import Part


class IngestConfig(Part):
    """Limits of decoding and how images are kept."""

    store: Literal["original", "resized", "reference"] = "resized"
    longest_side: int = Field(512, ge=32, le=8192, description="pixels, for `resized`")
    shard_images: int = Field(512, ge=1, le=10_000)
    min_side: int = Field(32, ge=1, description="pixels; smaller images are rejected")
    max_bytes: int = Field(64 * 2**20, ge=1024)
    max_pixels: int = Field(100_000_000, ge=1024)
    max_caption_chars: int = Field(10_000, ge=1)


class ModelConfig(Part):
    """One published model: a folder, or a hub's name with the one commit that is meant."""

    hub: str = Field("", pattern=r"^([\w.-]+/[\w.-]+)?$", description="owner/name on a hub")
    revision: str = Field("", description="the commit of a hub's model, all 40 hex digits")
    path: str = Field("", description="a folder with the model's own files")
    sha256: str = Field(
        "", pattern="^([0-9a-f]{64})?$", description="of the weights, refused where it differs"
    )

    @model_validator(mode="after")
    def _names_one_version_of_one_model(self) -> "ModelConfig":
        if bool(self.hub) == bool(self.path):
            got = f"hub {self.hub!r} and path {self.path!r}" if self.hub else "neither"
            raise ValueError(f"got {got}, wanted either `hub` with `revision`, or `path`")
        if self.hub and not re.fullmatch("[0-9a-f]{40}", self.revision):
            raise ValueError(
                f"got {self.hub} at revision {self.revision!r}, wanted a full commit (40 hex "
                "digits): a name alone may mean other weights tomorrow; take it from the list of "
                "commits on the model's page"
            )
        if self.path and self.revision:
            raise ValueError("got a revision of a folder, wanted one of a `hub` name only")
        return self


class TextModelConfig(ModelConfig):
    """A sentence encoder: how its token vectors become one, and how many tokens it reads."""

    pooling: Literal["mean", "cls"] = Field("mean", description="over the mask, or the first one")
    max_tokens: int = Field(128, ge=2, le=8192, description="of a text; more are cut off")


class EncoderConfig(Part):
    """Which towers, and what decides their bytes.

    `starter` names its models itself. The others take a `joint` model of images and texts (the
    spaces visual_semantic and caption) and, if wanted, a `pattern` model of images
    (visual_pattern) and a `text` model (which then makes the caption space).
    """

    name: Literal["starter", "open_clip", "transformers"] = "starter"
    joint: ModelConfig | None = Field(None, description="CLIP or SigLIP, of the library `name`")
    pattern: ModelConfig | None = Field(None, description="DINOv2 or its like, of transformers")
    text: TextModelConfig | None = Field(None, description="a BERT or its like, of transformers")
    batch: int = Field(32, ge=1, le=4096)
    threads: int = Field(2, ge=1, le=256)
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        "float32", description="on a GPU; a CPU computes in float32"
    )

    @model_validator(mode="after")
    def _has_the_models_that_its_name_wants(self) -> "EncoderConfig":
        given = [part for part in ("joint", "pattern", "text") if getattr(self, part)]
        if self.name == "starter" and (given or self.precision != "float32"):
            got = ", ".join(given) or f"precision {self.precision}"
            raise ValueError(f"got {got} for the starter, which brings its own models in float32; "
                             "wanted name: open_clip or transformers")  # fmt: skip
        if self.name != "starter" and not self.joint:
            raise ValueError(f"name {self.name} wants a `joint` model of images and texts")
        return self

    @property
    def spaces(self) -> tuple[str, ...]:
        """The names of the spaces that this encoder has."""
        both = ("visual_semantic", "visual_pattern", "caption")
        return both if self.name == "starter" or self.pattern else (both[0], both[2])
