"""Checkpoints: a retriever's weights as safetensors beside a JSON config. Knows bytes and names
of tensors; knows no head. Reading runs no code.
"""

import json
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.numpy import load, save

from pairmill.core.errors import ConfigError, FormatError
from pairmill.core.ids import canonical_json, sha256_hex

CHECKPOINT_FORMAT = 1
ARCHITECTURE = "mmret-clip"
TOWER = "tower."
"""Begins the names of a whole model's tower weights, beside those of the head."""

Tensors = dict[str, NDArray[np.float32]]


def write_checkpoint(
    tensors: Mapping[str, NDArray[Any]], card: Mapping[str, Any]
) -> dict[str, bytes]:
    """Return a checkpoint's files by ending. card: plain values; `encoder_id` names the base
    weights whose features it wants."""
    weights = save({name: np.ascontiguousarray(array) for name, array in tensors.items()})
    config = {
        **card,
        "format": CHECKPOINT_FORMAT,
        "architecture": ARCHITECTURE,
        "weights_sha256": sha256_hex(weights),
    }
    return {"safetensors": weights, "json": canonical_json(config)}


def parse_checkpoint(
    weights: bytes, config: bytes, *, encoder_id: str
) -> tuple[Tensors, dict[str, Any]]:
    """Return a checkpoint's tensors, float32, and its config.

    encoder_id: the encoder in use; empty where the caller has none. Raises FormatError for
    another format, architecture or weights than the config names, ConfigError for an encoder
    other than the one it was trained on.
    """
    card = _read_config(config)
    if encoder_id:
        check_encoder(card, encoder_id)
    if sha256_hex(weights) != card.get("weights_sha256"):
        raise FormatError(
            f"the checkpoint's weights have sha256 {sha256_hex(weights)}, its config wants "
            f"{card.get('weights_sha256')}; copy both files anew"
        )
    try:
        stored = load(weights)
    except SafetensorError as error:
        raise FormatError(f"the checkpoint is no safetensors ({error}); copy it anew") from None
    return {name: array.astype(np.float32) for name, array in stored.items()}, card


def check_encoder(card: Mapping[str, Any], encoder_id: str) -> None:
    """Raise ConfigError unless a checkpoint's config names this encoder."""
    wanted = card.get("encoder_id", "")
    if wanted != encoder_id:
        raise ConfigError(
            f"the checkpoint was trained on features of encoder {wanted or 'unknown'}, and this "
            f"process runs encoder {encoder_id}: their features never meet; use the encoder it "
            "was trained on, or train anew"
        )


def has_towers(tensors: Iterable[str]) -> bool:
    """Say whether names of tensors are those of a whole model, towers and all."""
    return any(name.startswith(TOWER) for name in tensors)


def _read_config(config: bytes) -> dict[str, Any]:
    try:
        card = json.loads(config)
    except ValueError as error:
        raise FormatError(f"the checkpoint's config is no JSON ({error}); copy it anew") from None
    found = card if isinstance(card, dict) else {}
    got = (found.get("format"), found.get("architecture"))
    if got != (CHECKPOINT_FORMAT, ARCHITECTURE):
        raise FormatError(
            f"got a checkpoint of format {got[0]} and architecture {got[1]}, wanted format "
            f"{CHECKPOINT_FORMAT} and {ARCHITECTURE}; use the version of Pairmill that wrote it"
        )
    return found
