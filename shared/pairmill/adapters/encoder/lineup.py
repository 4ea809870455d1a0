"""Which published models stand together in one encoder, and what tells them from any others.

Knows configuration, versions and digests; knows no feature. Nothing is opened until it is asked.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pairmill.adapters.encoder.hub import Published
from pairmill.config.images import EncoderConfig
from pairmill.core.ids import digest_of
from pairmill.models.tower_fit import FITTING

if TYPE_CHECKING:
    from torch.nn import Module

    from pairmill.models.tower_parts import ImagePart, JointTower, TextPart


@dataclass(frozen=True, kw_only=True)
class Library:
    """How a library's models are found and opened; weights: patterns of its files."""

    weights: tuple[str, ...]
    open_joint: Callable[[Published], "JointTower"]
    open_pattern: Callable[[Published], "ImagePart"]
    open_text: Callable[[Published], "TextPart"]


@dataclass(frozen=True, kw_only=True)
class Models:
    """A lineup's models, opened; images, texts: what sees and what reads, the joint one first."""

    joint: "JointTower"
    images: "list[ImagePart]"
    texts: "list[TextPart]"

    @property
    def modules(self) -> "list[Module]":
        """Every model once."""
        others = [part.module for part in self.images[1:]] + [
            part.module for part in self.texts[1:]
        ]
        return [self.joint.module, *others]

    @cached_property
    def tops(self) -> list[int]:
        """The row of a prepared image that each model's own begins at."""
        sides = [part.fit.side for part in self.images]
        return [sum(sides[:index]) for index in range(len(sides))]

    @cached_property
    def shape(self) -> tuple[int, int, int]:
        """Of a prepared image: each model's square beneath the one before."""
        sides = [part.fit.side for part in self.images]
        return sum(sides), max(sides), 3


@dataclass(frozen=True)
class Lineup:
    """The models that a configuration names: a joint one, perhaps a pattern and a text model.

    joint: the library of the joint model. others: that of the rest.
    """

    config: EncoderConfig
    joint: Library
    others: Library

    @cached_property
    def encoder_id(self) -> str:
        """Digest of all models' versions, their preprocessing and the precision."""
        return digest_of([self._joint_parts, self._pattern_parts, self._text_parts])

    def space_id(self, space: str) -> str:
        """Return the digest of a space: of the one model that it is drawn from."""
        told = self._text_parts if self.config.text else self._joint_parts
        parts = {"visual_semantic": self._joint_parts, "visual_pattern": self._pattern_parts,
                 "caption": told}  # fmt: skip
        return digest_of({"space": space, **parts[space]})

    def open_joint(self) -> "JointTower":
        """Return the joint model anew, on the CPU, in float32 and with gradients."""
        return self.joint.open_joint(self._joint)

    def open_all(self) -> Models:
        """Return all models, on the CPU."""
        joint, pattern, text = self.open_joint(), self.config.pattern, self.config.text
        images, texts = [joint.image], [joint.text]
        if pattern:
            images.append(self.others.open_pattern(Published(pattern, self.others.weights)))
        if text:
            texts.append(self.others.open_text(Published(text, self.others.weights)))
        return Models(joint=joint, images=images, texts=texts)

    @cached_property
    def _joint(self) -> Published:
        assert self.config.joint is not None, "EncoderConfig wants one"
        return Published(self.config.joint, self.joint.weights)

    @property
    def _joint_parts(self) -> dict[str, Any]:
        return self._parts(self._joint, library=self.config.name)

    @property
    def _pattern_parts(self) -> dict[str, Any]:
        says = self.config.pattern
        return self._parts(Published(says, self.others.weights)) if says else {}

    @property
    def _text_parts(self) -> dict[str, Any]:
        says = self.config.text
        if says is None:
            return {}
        return self._parts(Published(says, self.others.weights), pooling=says.pooling,
                           max_tokens=says.max_tokens)  # fmt: skip

    def _parts(self, published: Published, **more: object) -> dict[str, Any]:
        return {"model": published.identity, "fitting": FITTING,
                "precision": self.config.precision, **more}  # fmt: skip
