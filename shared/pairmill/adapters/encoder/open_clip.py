"""Encoders whose joint model is open_clip's: CLIP, SigLIP, SigLIP 2 and their like.

Knows open_clip's folders and models; knows no space, no store and no stage.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PIL import Image

from pairmill.adapters.encoder import transformers
from pairmill.adapters.encoder.compound import CompoundEncoder
from pairmill.adapters.encoder.hub import Published
from pairmill.adapters.encoder.lineup import Library, Lineup
from pairmill.config.images import EncoderConfig
from pairmill.core.errors import WeightsError
from pairmill.models.tower_fit import Fit, middle_rounded

if TYPE_CHECKING:
    from torch import Tensor

    from pairmill.models.tower_parts import Colours, JointTower

WEIGHTS = ("open_clip_model.safetensors",)
"""As `open_clip.push_to_hf_hub` names it; where it is there, open_clip takes no other."""

CONFIG = "open_clip_config.json"


def open_encoder(config: EncoderConfig) -> CompoundEncoder:
    """Return the encoder of a configuration; nothing is loaded yet."""
    return CompoundEncoder(Lineup(config, library(), transformers.library()))


def library() -> Library:
    """Return how open_clip's models are opened."""
    return Library(
        weights=WEIGHTS,
        open_joint=open_joint,
        open_pattern=transformers.open_pattern,
        open_text=transformers.open_text,
    )


def open_joint(published: Published) -> "JointTower":
    """Return a model of open_clip in float32 on the CPU, in evaluation mode.

    Raises WeightsError for files that are not such a model, or whose text tower would be fetched
    from a hub without a commit.
    """
    from pairmill.models.tower_parts import ImagePart, JointTower, TextPart, shorten

    model, tokenizer = _open(published.folder)
    fit, colours = _preprocessing(published.folder, model.visual.preprocess_cfg)
    context, dim = tokenizer.context_length, _dim(model)

    def see(pixels_BSSC: "Tensor") -> "Tensor":
        features_BD: Tensor = model.encode_image(colours(pixels_BSSC))
        return features_BD

    def tokenise(texts: Sequence[str]) -> "Tensor":
        tokens_BL: Tensor = tokenizer(shorten(texts, context))
        return tokens_BL

    def read(tokens_BL: "Tensor") -> "Tensor":
        features_BD: Tensor = model.encode_text(tokens_BL)
        return features_BD

    image = ImagePart(module=model, fit=fit, dim=dim, encode=see)
    text = TextPart(module=model, dim=dim, tokenise=tokenise, encode=read)
    return JointTower(module=model, image=image, text=text)


def _open(folder: Path) -> tuple[Any, Any]:
    """Return the model of a folder and its tokenizer."""
    import open_clip

    place, says = f"local-dir:{folder}", _text_config(folder)
    # only a tokenizer of transformers could run code of its own; open_clip's knows no such word
    safe = {"trust_remote_code": False} if says.get("hf_tokenizer_name") else {}
    try:
        model = open_clip.create_model(place, require_pretrained=True)
        tokenizer = open_clip.get_tokenizer(place, **safe)
    except (ValueError, RuntimeError, TypeError, KeyError, OSError, AssertionError) as error:
        raise WeightsError(
            f"{folder}: open_clip cannot open it ({error}); wanted a folder as open_clip saves it "
            "for a hub"
        ) from None
    return model.eval(), tokenizer


def _text_config(folder: Path) -> dict[str, Any]:
    """Return what the folder's configuration says of its text tower."""
    try:
        says: dict[str, Any] = json.loads((folder / CONFIG).read_text("utf-8"))["model_cfg"]
        text: dict[str, Any] = says["text_cfg"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WeightsError(f"{folder / CONFIG}: got {error!r}, wanted open_clip's JSON") from None
    if text.get("hf_model_name"):
        raise WeightsError(
            f"{folder / CONFIG}: its text tower fetches {text['hf_model_name']} from a hub without "
            "a commit; take a model whose towers are open_clip's own, or encoder.name: transformers"
        )
    return text


def _preprocessing(folder: Path, says: dict[str, Any]) -> "tuple[Fit, Colours]":
    """Return how the model wants its images, as open_clip.image_transform does it."""
    from pairmill.models.tower_parts import Colours

    sizes = says["size"]
    side = sizes if isinstance(sizes, int) else sizes[0]
    mode, square = says["resize_mode"], isinstance(sizes, int) or len(set(sizes)) == 1
    if mode not in ("shortest", "squash") or not square:
        raise WeightsError(
            f"{folder / CONFIG}: got images of {sizes} fitted by {mode}, wanted squares by "
            "shortest or squash; take another model"
        )
    linear = says["interpolation"] == "bilinear"
    fit = Fit(
        side=side, shortest=side if mode == "shortest" else 0, middle=middle_rounded,
        resample=Image.Resampling.BILINEAR if linear else Image.Resampling.BICUBIC,
    )  # fmt: skip
    return fit, Colours(mean=tuple(says["mean"]), std=tuple(says["std"]))


def _dim(model: Any) -> int:
    """Return the size of the joint space: that of the text side, which both share."""
    import torch

    with torch.inference_mode():
        tokens = torch.zeros(1, model.context_length, dtype=torch.int64)
        return int(model.encode_text(tokens).shape[1])
