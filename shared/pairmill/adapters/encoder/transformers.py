"""Encoders of transformers: CLIP and SigLIP, DINOv2 for patterns, BERT and its like for texts.

Knows transformers' folders and models; knows no space, no store and no stage. Nothing is loaded
but safetensors, and no code that comes with a model is run.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from PIL import Image

from pairmill.adapters.encoder.compound import CompoundEncoder
from pairmill.adapters.encoder.hub import Published
from pairmill.adapters.encoder.lineup import Library, Lineup
from pairmill.config.images import EncoderConfig, TextModelConfig
from pairmill.core.errors import WeightsError
from pairmill.models.tower_fit import Fit, middle_floored

if TYPE_CHECKING:
    from torch import Tensor

    from pairmill.models.tower_parts import Colours, ImagePart, JointTower, TextPart

WEIGHTS = ("model.safetensors", "model-*-of-*.safetensors")
JOINT = ("clip", "siglip")
"""Model types whose images and texts meet in one space. SigLIP 2 of a fixed size is a `siglip`."""

PATTERN = ("dinov2", "dinov2_with_registers", "dinov3_vit", "vit")
"""Model types whose first token stands for the whole image."""

UNUSED = ("pooler.",)
"""Tensors that no feature is made of: a sentence encoder comes without them."""


def open_encoder(config: EncoderConfig) -> CompoundEncoder:
    """Return the encoder of a configuration; nothing is loaded yet."""
    return CompoundEncoder(Lineup(config, library(), library()))


def library() -> Library:
    """Return how transformers's models are opened."""
    return Library(weights=WEIGHTS, open_joint=open_joint, open_pattern=open_pattern,
                   open_text=open_text)  # fmt: skip


def open_joint(published: Published) -> "JointTower":
    """Return a CLIP or SigLIP in float32 on the CPU, in evaluation mode."""
    import torch

    from pairmill.models.tower_parts import ImagePart, JointTower, TextPart

    model, tokenizer = _load_model(published, JOINT), _load(published, "AutoTokenizer")
    fit, colours = _preprocessing(published)
    context = model.config.text_config.max_position_embeddings

    def see(pixels_BSSC: "Tensor") -> "Tensor":
        return _pooled(model.get_image_features(pixel_values=colours(pixels_BSSC)))

    def tokenise(texts: Sequence[str]) -> "Tensor":
        return _tokens(tokenizer, texts, context)

    def read(tokens_BL: "Tensor") -> "Tensor":
        # no mask: CLIP looks back only and answers at its end mark, SigLIP was trained without one
        return _pooled(model.get_text_features(input_ids=tokens_BL))

    with torch.inference_mode():
        dim = read(tokenise([""])).shape[1]
    image = ImagePart(module=model, fit=fit, dim=dim, encode=see)
    text = TextPart(module=model, dim=dim, tokenise=tokenise, encode=read)
    return JointTower(module=model, image=image, text=text)


def open_pattern(published: Published) -> "ImagePart":
    """Return a vision transformer that gives its first token, the class, after the last norm."""
    from pairmill.models.tower_parts import ImagePart

    model = _load_model(published, PATTERN)
    fit, colours = _preprocessing(published)

    def see(pixels_BSSC: "Tensor") -> "Tensor":
        hidden_BLD: Tensor = model(pixel_values=colours(pixels_BSSC)).last_hidden_state
        return hidden_BLD[:, 0]

    return ImagePart(module=model, fit=fit, dim=model.config.hidden_size, encode=see)


def open_text(published: Published) -> "TextPart":
    """Return a sentence encoder that gives one vector a text."""
    from pairmill.models.tower_parts import TextPart

    says = published.model
    assert isinstance(says, TextModelConfig)
    model, tokenizer = _load_model(published, ()), _load(published, "AutoTokenizer")
    places = getattr(model.config, "max_position_embeddings", says.max_tokens)
    context, pad = min(says.max_tokens, places), tokenizer.pad_token_id

    def tokenise(texts: Sequence[str]) -> "Tensor":
        return _tokens(tokenizer, texts, context)

    def read(tokens_BL: "Tensor") -> "Tensor":
        longest = max(1, int((tokens_BL != pad).sum(1).max()))
        tokens_BL = tokens_BL[:, :longest]
        mask_BL1 = (tokens_BL != pad).unsqueeze(2)
        hidden_BLD: Tensor = model(
            input_ids=tokens_BL, attention_mask=mask_BL1[:, :, 0].long()
        ).last_hidden_state
        if says.pooling == "cls":
            return hidden_BLD[:, 0]
        mean_BD: Tensor = (hidden_BLD * mask_BL1).sum(1) / mask_BL1.sum(1).clamp(min=1)
        return mean_BD

    dim = model.config.hidden_size
    return TextPart(module=model, dim=dim, tokenise=tokenise, encode=read)


def _load_model(published: Published, kinds: Sequence[str]) -> Any:
    """Return a model in float32; WeightsError for another kind, or where weights are missing."""
    import torch

    model, told = _load(published, "AutoModel", use_safetensors=True, dtype=torch.float32,
                        output_loading_info=True)  # fmt: skip
    kind = model.config.model_type
    if kinds and kind not in kinds:
        raise WeightsError(
            f"{published.folder}: got a model of type {kind}, wanted one of {', '.join(kinds)}; "
            "take another"
        )
    missing = [name for name in sorted(told["missing_keys"]) if not name.startswith(UNUSED)]
    if missing:
        raise WeightsError(
            f"{published.folder}: its weights lack {len(missing)} tensors that a {kind} wants, "
            f"such as {missing[0]}; fetch it anew, or take another"
        )
    for tensor in (*model.parameters(), *model.buffers()):
        tensor.data = tensor.data.clone()  # where a file was mapped to decides the last bits
    return model.eval()


def _load(published: Published, auto: str, **more: Any) -> Any:
    """Return what one of transformers' Auto classes makes of the folder; no network, no code."""
    import transformers

    transformers.utils.logging.disable_progress_bar()
    try:
        return getattr(transformers, auto).from_pretrained(
            published.folder, local_files_only=True, trust_remote_code=False, **more
        )
    except (ValueError, OSError, RuntimeError, KeyError, TypeError, ImportError) as error:
        raise WeightsError(
            f"{published.folder}: transformers' {auto} cannot open it ({error}); wanted a folder "
            "as save_pretrained leaves it"
        ) from None


def _tokens(tokenizer: Any, texts: Sequence[str], context: int) -> "Tensor":
    """Return the texts' tokens, all padded to `context`: in any batch the same."""
    from pairmill.models.tower_parts import shorten

    tokens_BL: Tensor = tokenizer(
        shorten(texts, context), padding="max_length", truncation=True, max_length=context,
        padding_side="right", return_tensors="pt",
    )["input_ids"]  # fmt: skip
    return tokens_BL


def _pooled(output: Any) -> "Tensor":
    """Return the vector of transformers' answer, which older versions gave bare."""
    pooled_BD: Tensor = getattr(output, "pooler_output", output)
    return pooled_BD


def _preprocessing(published: Published) -> "tuple[Fit, Colours]":
    """Return how the model wants its images, as its image processor on Pillow does it."""
    from pairmill.models.tower_parts import Colours

    says = _load(published, "AutoImageProcessor", backend="pil")
    size, crop = says.size, says.crop_size if says.do_center_crop else None
    shortest, square = size.get("shortest_edge", 0), crop or size
    sides = {square.get("height"), square.get("width")}
    scaled = says.do_resize and says.do_normalize and says.do_rescale
    side = sides.pop() if len(sides) == 1 else None
    if not (scaled and side) or bool(crop) != bool(shortest):
        raise WeightsError(
            f"{published.folder}: got images of size {dict(size)} cropped to {crop}, wanted "
            "squares that are resized, rescaled and normalised; take another model"
        )
    fit = Fit(side=side, shortest=shortest, middle=middle_floored,
              resample=Image.Resampling(says.resample))  # fmt: skip
    return fit, Colours(mean=tuple(says.image_mean), std=tuple(says.image_std))
