"""What a published model is to us: parts that see, parts that read, and both in one.

Knows tensors; knows no library, no file and no space.

    B batch, S side, L tokens, D dims
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from pairmill.models.tower_fit import Fit

MAX_CHARS_PER_TOKEN = 16
"""Characters given to a tokenizer per token it keeps: natural text is far shorter, and a caption
of 100,000 characters would be cut to pieces only to be thrown away."""


@dataclass(frozen=True, kw_only=True)
class ImagePart:
    """Images to features. fit: an image to (S, S, 3) uint8, as the model wants it. encode: (B, S,
    S, 3) uint8 on the module's device to (B, D), not normalised, differentiable."""

    module: nn.Module
    fit: Fit
    dim: int
    encode: Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class TextPart:
    """Texts to features. tokenise: texts to (B, L) int64 on the CPU. encode: those on the module's
    device to (B, D), not normalised, differentiable."""

    module: nn.Module
    dim: int
    tokenise: Callable[[Sequence[str]], Tensor]
    encode: Callable[[Tensor], Tensor]


@dataclass(frozen=True, kw_only=True)
class JointTower:
    """A model that sees and reads into one space of (image.dim =) text.dim dimensions.

    `module` holds the parameters of both parts. As it is opened it stands on the CPU, in float32
    and in evaluation mode, with gradients; whoever trains it brings it where it is wanted.
    """

    module: nn.Module
    image: ImagePart
    text: TextPart


@dataclass(frozen=True, kw_only=True)
class Colours:
    """What a tower's pixels are shifted and scaled by, a value a channel, for pixels in [0, 1]."""

    mean: tuple[float, ...]
    std: tuple[float, ...]

    def __call__(self, pixels_BSSC: Tensor) -> Tensor:
        """Return (pixels / 255 - mean) / std as (B, C, S, S) float32."""
        device = pixels_BSSC.device
        mean_C, std_C = (torch.tensor(part, device=device) for part in (self.mean, self.std))
        scaled_BSSC = pixels_BSSC.float().div_(255).sub_(mean_C).div_(std_C)
        return scaled_BSSC.permute(0, 3, 1, 2).contiguous()


def shorten(texts: Sequence[str], num_tokens: int) -> list[str]:
    """Return the texts without what no tokenizer would keep of them."""
    return [text[: MAX_CHARS_PER_TOKEN * num_tokens] for text in texts]
