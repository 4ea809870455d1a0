"""EfficientNet-Lite0 as a locked image tower: pixels become features pooled at every depth, with
the layout of two of them.

Knows the architecture and its input; knows no file, no package and no space.
"""

# B images, H height, W width, C channels, F features

import warnings
from collections.abc import Callable, Iterator, Mapping

import timm
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.utils.fusion import fuse_conv_bn_eval

from pairmill.models.tower_lanes import Lanes
from pairmill.models.towers import GRID, IMAGE_DIM, IMAGE_SIDE, LAYOUTS


def architecture() -> nn.Module:
    """Return EfficientNet-Lite0 with random weights, as timm builds it."""
    model: nn.Module = timm.create_model("tf_efficientnet_lite0", pretrained=False)
    return model


class ImageTower:
    """EfficientNet-Lite0 whose every depth is pooled: (B, H, W, 3) uint8 to (B, 2480) float32.

    Source: Tan and Le, EfficientNet, arXiv 1905.11946, in its Lite form (no squeeze-and-excite,
    ReLU6). Early depths keep the colour and texture that the last one has thrown away; layouts keep
    where things stand, by which a thing is known again when it is drawn in another style. Batch
    norms are folded into the convolutions before them, so the tower cannot be trained further.

    Every image passes the network alone, so its features are the same bytes in any batch; its
    activations then stay in the processor's cache, which is also faster than a whole batch.

    Args:
        state: the tensors of timm's `tf_efficientnet_lite0`, by its names.
        layout: by depth, `depth<n>.weight` and `.bias`: the projection of its flattened grid.
        lanes: where images run side by side.
    """

    def __init__(
        self, state: Mapping[str, Tensor], layout: Mapping[str, Tensor], lanes: Lanes
    ) -> None:
        model = architecture()
        model.load_state_dict(state)
        model.eval().requires_grad_(False)
        self._depths = [depth.to(memory_format=torch.channels_last) for depth in _depths(model)]
        self._layout = {
            n: (layout[f"depth{n}.weight"].float(), layout[f"depth{n}.bias"].float())
            for n in LAYOUTS
        }
        self._lanes = lanes
        self._traced = _traced(self._features)

    def __call__(self, pixels_BHWC: Tensor) -> Tensor:
        """Return the features, (B, 2480): layouts, then means over positions; not normalised."""
        if not len(pixels_BHWC):
            return torch.zeros(0, IMAGE_DIM)
        return torch.cat(self._lanes.map(self._traced, torch.split(pixels_BHWC, 1)))

    def grids(self, pixels_HWC: Tensor) -> dict[int, Tensor]:
        """Return the flattened grids, by depth, from which a layout's projection is fitted."""
        with torch.inference_mode():
            return {n: _grid(x) for n, x in self._maps(pixels_HWC[None]) if n in LAYOUTS}

    def _features(self, pixels_BHWC: Tensor) -> Tensor:
        layouts, pooled = [], []
        for n, x_BCHW in self._maps(pixels_BHWC):
            if n in self._layout:
                layouts.append(functional.linear(_grid(x_BCHW)[None], *self._layout[n]))
            pooled.append(x_BCHW.mean((2, 3)))
        return torch.cat([*layouts, *pooled], 1)

    def _maps(self, pixels_BHWC: Tensor) -> Iterator[tuple[int, Tensor]]:
        """Yield what every depth gives. The published weights want (x - 127) / 128; the permuted
        tensor is channels-last already."""
        x_BCHW = pixels_BHWC.permute(0, 3, 1, 2).float().sub_(127).div_(128)
        for n, depth in enumerate(self._depths):
            x_BCHW = depth(x_BCHW)
            yield n, x_BCHW


def _traced(function: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """Return what computes the same bytes of one image without the interpreter.

    So lanes and decoding threads need not wait for one another at its lock: a sixth of the time.
    Tracing is deprecated, but what stands for it (torch.compile) wants a C++ compiler where it
    runs; without this line all stays right, only slower.
    """
    with warnings.catch_warnings(), torch.inference_mode():
        warnings.filterwarnings("ignore", "`torch.jit.trace", FutureWarning)
        example_BHWC = torch.zeros(1, IMAGE_SIDE, IMAGE_SIDE, 3, dtype=torch.uint8)
        traced: Callable[[Tensor], Tensor] = torch.jit.trace(  # type: ignore[no-untyped-call]
            function, example_BHWC
        )
    return traced


def _grid(x_1CHW: Tensor) -> Tensor:
    """Return one image's means over the cells of the grid, (C x GRID x GRID)."""
    return functional.adaptive_avg_pool2d(x_1CHW, GRID).flatten()


def _depths(model: nn.Module) -> list[nn.Module]:
    """Cut the network after its stem, each stage and its head, with batch norms folded."""
    stages: list[nn.Module] = [
        nn.Sequential(*map(_folded, stage.children()))
        for stage in model.get_submodule("blocks").children()
    ]
    stem = nn.Sequential(*_fused(model, "conv_stem", "bn1"))
    return [stem, *stages, nn.Sequential(*_fused(model, "conv_head", "bn2"))]


def _folded(block: nn.Module) -> nn.Module:
    names = [("conv_pw", "bn1"), ("conv_dw", "bn2"), ("conv_pwl", "bn3")]
    if not hasattr(block, "conv_pwl"):  # the first stage does not widen its channels
        names = [("conv_dw", "bn1"), ("conv_pw", "bn2")]
    for convolution, norm in names:
        fused, activation = _fused(block, convolution, norm)
        setattr(block, convolution, fused)
        setattr(block, norm, activation)
    return block


def _fused(owner: nn.Module, convolution: str, norm: str) -> tuple[nn.Module, nn.Module]:
    """Return the convolution with the batch norm's scale and shift, and the activation after."""
    batch_norm = getattr(owner, norm)
    fused: nn.Module = fuse_conv_bn_eval(getattr(owner, convolution), batch_norm)
    return fused, batch_norm.act
