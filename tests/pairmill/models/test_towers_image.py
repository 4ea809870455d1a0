"""The image tower against timm's own network, layer by layer, with weights of no meaning."""

from itertools import pairwise

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pairmill.models.tower_image import ImageTower, architecture
from pairmill.models.tower_lanes import Lanes
from pairmill.models.towers import (
    GRID,
    IMAGE_DEPTHS,
    IMAGE_DIM,
    IMAGE_SIDE,
    LAYOUT_DIM,
    LAYOUTS,
)

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def model() -> nn.Module:
    """The plain network; its batch norms have seen something, so that folding is no identity."""
    torch.manual_seed(0)
    found = architecture().eval()
    for name, tensor in found.state_dict().items():
        if "bn" in name and tensor.is_floating_point():
            tensor.copy_(torch.rand_like(tensor) + 0.5)
    return found


@pytest.fixture(scope="module")
def tower(model: nn.Module) -> ImageTower:
    return ImageTower(model.state_dict(), layout(), Lanes(1))


def layout() -> dict[str, Tensor]:
    """Projections of no meaning."""
    drawn = torch.Generator().manual_seed(1)
    found = {}
    for depth, dim in LAYOUTS.items():
        size = IMAGE_DEPTHS[depth] * GRID**2
        found[f"depth{depth}.weight"] = torch.randn(dim, size, generator=drawn) / size**0.5
        found[f"depth{depth}.bias"] = torch.randn(dim, generator=drawn)
    return found


def pixels(count: int) -> Tensor:
    rng = np.random.default_rng(count)
    return torch.from_numpy(rng.integers(0, 256, (count, IMAGE_SIDE, IMAGE_SIDE, 3), np.uint8))


def maps_plainly(model: nn.Module, pixels_BHWC: Tensor) -> list[Tensor]:
    """Return what timm's network, as it is, gives after its stem, every stage and its head."""
    x = (pixels_BHWC.permute(0, 3, 1, 2).float() - 127) / 128
    maps = []
    with torch.no_grad():
        x = model.bn1(model.conv_stem(x))  # type: ignore[operator]
        maps.append(x)
        for stage in model.blocks:  # type: ignore[union-attr]
            x = stage(x)
            maps.append(x)
        maps.append(model.bn2(model.conv_head(x)))  # type: ignore[operator]
    return maps


def test_features_are_the_plain_network_pooled_at_every_depth(
    model: nn.Module, tower: ImageTower
) -> None:
    batch = pixels(2)
    wanted = [found.mean((2, 3)) for found in maps_plainly(model, batch)]
    assert [part.shape[1] for part in wanted] == list(IMAGE_DEPTHS)
    got = tower(batch)[:, LAYOUT_DIM:]
    edges = np.cumsum([0, *IMAGE_DEPTHS])
    for part, (start, stop) in zip(wanted, pairwise(edges), strict=True):
        scale = part.abs().max()
        torch.testing.assert_close(got[:, start:stop] / scale, part / scale, atol=1e-4, rtol=0)


def test_layouts_are_projected_means_over_the_cells_of_a_grid(
    model: nn.Module, tower: ImageTower
) -> None:
    (image,) = batch = pixels(1)
    maps, got, start = maps_plainly(model, batch), tower(batch)[0], 0
    for depth, dim in LAYOUTS.items():
        (channels_CHW,) = maps[depth]
        side = channels_CHW.shape[1] // GRID
        cells = [
            channels_CHW[:, y * side : (y + 1) * side, x * side : (x + 1) * side].mean((1, 2))
            for y in range(GRID) for x in range(GRID)
        ]  # fmt: skip
        if channels_CHW.shape[1] % GRID == 0:
            grid = torch.stack(cells, 1).flatten()
            torch.testing.assert_close(tower.grids(image)[depth], grid, atol=1e-3, rtol=1e-3)
        weight, bias = layout()[f"depth{depth}.weight"], layout()[f"depth{depth}.bias"]
        wanted = weight @ tower.grids(image)[depth] + bias
        torch.testing.assert_close(got[start : start + dim], wanted, atol=1e-3, rtol=1e-3)
        start += dim
    assert start == LAYOUT_DIM


def test_an_image_has_the_same_bytes_in_any_batch_and_on_any_number_of_threads(
    model: nn.Module, tower: ImageTower
) -> None:
    batch = pixels(3)
    together = tower(batch)
    assert torch.equal(together, torch.cat([tower(one) for one in torch.split(batch, 1)]))
    assert torch.equal(together, ImageTower(model.state_dict(), layout(), Lanes(3))(batch))


def test_no_images_give_no_features(tower: ImageTower) -> None:
    assert tower(pixels(0)).shape == (0, IMAGE_DIM)


def test_lanes_leave_the_callers_number_of_threads_alone() -> None:
    before = torch.get_num_threads()
    assert Lanes(2).map(lambda _: torch.get_num_threads(), range(4)) == [1] * 4
    assert torch.get_num_threads() == before


def test_lanes_keep_the_order_and_pass_errors_on() -> None:
    assert Lanes(3).map(lambda x: x * x, range(20)) == [x * x for x in range(20)]
    with pytest.raises(ZeroDivisionError):
        Lanes(2).map(lambda x: 1 // x, [1, 0])
