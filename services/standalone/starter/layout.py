"""Fit the projection of the image tower's layouts: principal directions of its grids.

Knows tars, the tower and covariances; knows no head. It reads no caption.

    N images, G values of a depth's grid, D what is kept of them
"""

import hashlib
import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from safetensors.numpy import save

from pairmill.adapters.encoder import weights
from pairmill.adapters.encoder.starter import StarterEncoder
from pairmill.models.tower_image import ImageTower
from pairmill.models.tower_lanes import Lanes
from pairmill.models.towers import GRID, IMAGE_DEPTHS, LAYOUTS

LIMIT = 8.0
"""Standardised values are clipped to it."""
Doubles = NDArray[np.float64]


def fit_layout(folder: Path, cache: Path, *, num_images: int) -> bytes:
    """Return a safetensors file, float16: by depth a weight (D, G) and a bias (D,).

    folder: tars of images, of which `num_images` are drawn by the digest of their bytes.
    """
    sizes = {n: IMAGE_DEPTHS[n] * GRID**2 for n in LAYOUTS}
    empty = {f"depth{n}.weight": torch.zeros(LAYOUTS[n], sizes[n]) for n in LAYOUTS}
    empty |= {f"depth{n}.bias": torch.zeros(LAYOUTS[n]) for n in LAYOUTS}
    lanes = Lanes(2)
    tower = ImageTower(weights.load_image_state(cache), empty, lanes)
    encoder = StarterEncoder(cache=cache, threads=2)
    prepared = [encoder.prepare(_open(data)) for data in drawn(folder, num_images)]
    grids = lanes.map(tower.grids, map(torch.tensor, prepared))
    found: dict[str, NDArray[np.float16]] = {}
    for n, dim in LAYOUTS.items():
        weight_DG, bias_D = directions(np.stack([grid[n].numpy() for grid in grids]), dim)
        found |= {f"depth{n}.weight": weight_DG.astype(np.float16),
                  f"depth{n}.bias": bias_D.astype(np.float16)}  # fmt: skip
    data: bytes = save(found)
    return data


def directions(grids_NG: NDArray[np.float32], dim: int) -> tuple[Doubles, Doubles]:
    """Return weight (D, G) and bias (D,): the first principal directions of standardised grids,
    each divided by the fourth root of its variance (halfway to white) and all scaled so that the
    outputs have mean square norm one."""
    mean_G, std_G = grids_NG.mean(axis=0), grids_NG.std(axis=0)
    std_G = std_G + 0.01 * np.median(std_G) + 1e-6
    scaled_NG = np.clip((grids_NG - mean_G) / std_G, -LIMIT, LIMIT).astype(np.float64)
    variances, vectors_GG = np.linalg.eigh(scaled_NG.T @ scaled_NG / len(scaled_NG))
    order = np.argsort(-variances)[:dim]
    spread_D = np.sqrt(variances[order])
    weight_DG = (vectors_GG[:, order] / np.sqrt(spread_D) / np.sqrt(spread_D.sum())).T / std_G
    return weight_DG, -weight_DG @ mean_G


def drawn(folder: Path, num_images: int) -> Iterator[bytes]:
    """Yield images of the folder's tars, drawn by the digest of their bytes."""
    found = []
    for path in sorted(folder.glob("*.tar")):
        with tarfile.open(path) as tar:
            members = [m for m in tar if m.isfile() and not m.name.endswith(".json")]
            for member in members:
                stream = tar.extractfile(member)
                data = stream.read() if stream else b""
                found.append(
                    (hashlib.sha256(data).hexdigest(), path, member.offset_data, len(data))
                )
    for _, path, offset, length in sorted(found)[:num_images]:
        with path.open("rb") as file:
            file.seek(offset)
            yield file.read(length)


def _open(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data)).convert("RGB")
