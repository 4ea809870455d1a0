"""The encoder of the laptop preset: EfficientNet-Lite0 and MiniLM, with their published weights.

Knows the two towers, the shipped head and their digests; knows no store and no stage. Nothing is
fetched. Loading is put off until a feature is asked for: ids and sizes cost no torch.
"""

# B images or texts, H height, W width, C channels, F features, D dims of a space

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from pairmill.adapters.encoder import weights
from pairmill.core.ids import digest_of
from pairmill.core.vectors import unit_rows
from pairmill.models.towers import IMAGE_DIM, IMAGE_SIDE, LAST_DIM, MAX_TOKENS, TEXT_DIM
from pairmill.ports.encoder import Label, Space

if TYPE_CHECKING:
    from pairmill.adapters.encoder.imagenet import ImageNetLabels
    from pairmill.models.heads import Heads
    from pairmill.models.tower_image import ImageTower
    from pairmill.models.tower_lanes import Lanes
    from pairmill.models.tower_text import TextTower

SEMANTIC_DIM = 384
PREPARE = "bicubic, whole image in a white square of 224, JPEG decoded to 448 or more, version 3"
"""Named in every space of images; a change of `prepare` or `longest_side` changes it."""

IMAGE_PARTS = {
    "tower": weights.IMAGE.sha256,
    "layout": weights.LAYOUT.sha256,
    "prepare": PREPARE,
}
TEXT_PARTS = {
    "tower": weights.TEXT.sha256,
    "tokenizer": weights.TOKENIZER.sha256,
    "max_tokens": MAX_TOKENS,
}
HEAD_PARTS = {**IMAGE_PARTS, "head": weights.HEAD.sha256}


class StarterEncoder:
    """Implements `ports.encoder.Encoder` on the CPU.

    The paper's three encoders are three networks; here `visual_semantic` and `visual_pattern`
    share the image tower, so they find less diverse pairs.

    Args:
        cache: folder for converted weights; one that cannot be written only costs time.
        threads: images or chunks of texts that run side by side; they do not change a byte.
    """

    encoder_id = digest_of({"image": IMAGE_PARTS, "text": TEXT_PARTS, "head": HEAD_PARTS})
    image_dim = IMAGE_DIM
    text_dim = TEXT_DIM
    longest_side = IMAGE_SIDE
    spaces = (
        Space(name="visual_semantic", dim=SEMANTIC_DIM, reads="image",
              space_id=digest_of({"space": "visual_semantic", **HEAD_PARTS})),
        Space(name="visual_pattern", dim=LAST_DIM, reads="image",
              space_id=digest_of({"space": "visual_pattern", **HEAD_PARTS})),
        Space(name="caption", dim=TEXT_DIM, reads="text",
              space_id=digest_of({"space": "caption", **TEXT_PARTS})),
    )  # fmt: skip

    def __init__(self, *, cache: Path, threads: int) -> None:
        self._cache, self._threads = cache, threads

    def prepare(self, image: Image.Image) -> NDArray[np.uint8]:
        """Fit the whole RGB image into a white square, (224, 224, 3) uint8.

        Nothing is cut off or stretched. White is what ingest lays beneath transparency. On 1,261
        photographs of ten kinds of clothing (3:4, nearest neighbour of the same kind, last layer)
        white found 74.8 %, the border's median colour 73.3, grey 71.9, squashing 71.2.
        """
        from pairmill.models.tower_square import whole_in_white

        return whole_in_white(image, IMAGE_SIDE)

    def image_features(self, pixels_BHWC: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Return the image tower's features, (B, 2480): the same bytes in any batch."""
        import torch

        wanted = (IMAGE_SIDE, IMAGE_SIDE, 3)
        if pixels_BHWC.shape[1:] != wanted or pixels_BHWC.dtype != np.uint8:
            got = f"{pixels_BHWC.dtype} {pixels_BHWC.shape}"
            raise ValueError(f"pixels: got {got}, wanted uint8 (B, {wanted}); call prepare first")
        features: NDArray[np.float32] = self._image_tower(torch.tensor(pixels_BHWC)).numpy()
        return features

    def text_features(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the text tower's features, (B, 384), unit norm."""
        features: NDArray[np.float32] = self._text_tower(texts).numpy()
        return features

    def project(self, space: str, features_BF: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the embeddings of features in one space, (B, D), unit norm.

        A row whose norm is zero stays zero, one that is not finite stays so; KeyError for a space
        that is not of this encoder.
        """
        if space == "caption":
            return unit_rows(features_BF)
        if space == "visual_semantic":
            return unit_rows(self._semantic(features_BF))
        if space == "visual_pattern":
            return unit_rows(features_BF[:, -LAST_DIM:] - self._heads.mean.numpy()[-LAST_DIM:])
        known = ", ".join(found.name for found in self.spaces)
        raise KeyError(f"got space {space!r}, wanted one of {known}")

    def labels(self, features_BF: NDArray[np.float32]) -> list[tuple[Label, ...]]:
        """Return what each image may show by the tower's own ImageNet classifier."""
        return self._labels(features_BF[:, -LAST_DIM:])

    def head(self) -> Mapping[str, NDArray[np.float32]]:
        """Return the shipped head's tensors by name, float32."""
        from safetensors.numpy import load_file

        stored = load_file(weights.HEAD.checked())
        return {name: array.astype(np.float32) for name, array in stored.items()}

    def _semantic(self, features_BF: NDArray[np.float32]) -> NDArray[np.float32]:
        import torch

        (found_BD,) = self._lanes.map(self._heads.images, [torch.tensor(features_BF)])
        embeddings: NDArray[np.float32] = found_BD.numpy()
        return embeddings

    @cached_property
    def _labels(self) -> "ImageNetLabels":
        from pairmill.adapters.encoder.imagenet import ImageNetLabels

        state = weights.load_image_state(self._cache)
        rows_CF, bias_C = state["classifier.weight"], state["classifier.bias"]
        return ImageNetLabels(rows_CF.numpy(), bias_C.numpy())

    @cached_property
    def _lanes(self) -> "Lanes":
        from pairmill.models.tower_lanes import Lanes

        return Lanes(self._threads)

    @cached_property
    def _image_tower(self) -> "ImageTower":
        from safetensors.torch import load_file

        from pairmill.models.tower_image import ImageTower

        layout = load_file(weights.LAYOUT.checked())
        return ImageTower(weights.load_image_state(self._cache), layout, self._lanes)

    @cached_property
    def _text_tower(self) -> "TextTower":
        from safetensors.torch import load_file

        from pairmill.models.tower_text import TextTower

        state = load_file(weights.TEXT.checked())
        return TextTower(weights.TOKENIZER.checked(), state, self._lanes)

    @cached_property
    def _heads(self) -> "Heads":
        from pairmill.models.heads import load_heads

        return load_heads(self.head()).requires_grad_(False).eval()
