"""Every encoder that the suite judges: a new adapter adds one line to ENCODERS."""

from collections.abc import Callable
from pathlib import Path

import pytest

from pairmill.adapters.encoder import open_clip, transformers
from pairmill.adapters.encoder.starter import StarterEncoder
from pairmill.config import EncoderConfig
from pairmill.ports.encoder import Encoder
from tests.pairmill.adapters.encoder.small_models import (
    small_bert,
    small_clip,
    small_dino,
    small_open_clip,
    small_siglip,
)

ENCODERS: dict[str, Callable[[Path], Encoder]] = {
    "starter": lambda folder: StarterEncoder(cache=folder, threads=1),
    "open_clip": lambda folder: open_clip.open_encoder(
        EncoderConfig(name="open_clip", joint={"path": str(small_open_clip(folder))}, threads=1)
    ),
    "clip_dino_bert": lambda folder: transformers.open_encoder(
        EncoderConfig(
            name="transformers",
            joint={"path": str(small_clip(folder / "clip"))},
            pattern={"path": str(small_dino(folder / "dino"))},
            text={"path": str(small_bert(folder / "bert"))},
        )
    ),
    "siglip": lambda folder: transformers.open_encoder(
        EncoderConfig(name="transformers", joint={"path": str(small_siglip(folder))})
    ),
}


@pytest.fixture(scope="package", params=ENCODERS)
def encoder(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Encoder:
    """An encoder with its weights; they are loaded once."""
    return ENCODERS[request.param](tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="package")
def models(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Folders of small models by their kind; only to be read."""
    folder = tmp_path_factory.mktemp("models")
    return {
        "open_clip": small_open_clip(folder / "open_clip"),
        "clip": small_clip(folder / "clip"),
        "siglip": small_siglip(folder / "siglip"),
        "dino": small_dino(folder / "dino"),
        "bert": small_bert(folder / "bert"),
    }
