"""Small models with random weights, saved as their libraries save them for a hub."""

import json
from pathlib import Path
from typing import Any

import torch

WORDS = ["a", "the", "red", "blue", "shoe", "dog", "cat", "two", "on", "in", "same", "star"]
SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]


def small_open_clip(folder: Path, *, resize_mode: str = "shortest", seed: int = 0) -> Path:
    """Save a CLIP of open_clip: 32-d, images of 32 pixels, its own tokenizer of 49,408 tokens."""
    import open_clip
    from open_clip.push_to_hf_hub import save_config_for_hf
    from safetensors.torch import save_file

    says: dict[str, Any] = {
        "embed_dim": 32,
        "vision_cfg": {"image_size": 32, "layers": 2, "width": 64, "patch_size": 8},
        "text_cfg": {"context_length": 16, "vocab_size": 49408, "width": 32, "heads": 2,
                     "layers": 2},
    }  # fmt: skip
    torch.manual_seed(seed)
    model = open_clip.CLIP(**says)
    preprocessing = {"size": 32, "mean": [0.48, 0.46, 0.41], "std": [0.27, 0.26, 0.28],
                     "resize_mode": resize_mode}  # fmt: skip
    open_clip.model.set_model_preprocess_cfg(model, preprocessing)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(model.state_dict(), folder / "open_clip_model.safetensors")
    save_config_for_hf(model, folder / "open_clip_config.json", says)
    return folder


def small_clip(folder: Path) -> Path:
    """Save a CLIPModel of transformers: 32-d, images of 32 pixels, a tokenizer of words."""
    from transformers import CLIPConfig, CLIPImageProcessorPil, CLIPModel

    text = {"vocab_size": 64, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": 16, "bos_token_id": 2,
            "eos_token_id": 3, "pad_token_id": 0}  # fmt: skip
    vision = {"hidden_size": 64, "intermediate_size": 64, "num_hidden_layers": 2,
              "num_attention_heads": 2, "image_size": 32, "patch_size": 8}  # fmt: skip
    torch.manual_seed(1)
    model = CLIPModel(CLIPConfig(text_config=text, vision_config=vision, projection_dim=32))
    sizes = {"size": {"shortest_edge": 32}, "crop_size": {"height": 32, "width": 32}}
    return _save(folder, model, CLIPImageProcessorPil(**sizes), tokenizer())


def small_siglip(folder: Path) -> Path:
    """Save a SiglipModel of transformers: 48-d, images of 48 pixels, squashed."""
    from transformers import SiglipConfig, SiglipImageProcessorPil, SiglipModel

    text = {"vocab_size": 64, "hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 2,
            "num_attention_heads": 2, "max_position_embeddings": 16}  # fmt: skip
    vision = {"hidden_size": 48, "intermediate_size": 64, "num_hidden_layers": 2,
              "num_attention_heads": 2, "image_size": 48, "patch_size": 16}  # fmt: skip
    torch.manual_seed(2)
    model = SiglipModel(SiglipConfig(text_config=text, vision_config=vision))
    return _save(folder, model, SiglipImageProcessorPil(size={"height": 48, "width": 48}),
                 tokenizer())  # fmt: skip


def small_dino(folder: Path) -> Path:
    """Save a Dinov2Model: 24-d, the middle 28 pixels of images resized to 32."""
    from transformers import BitImageProcessorPil, Dinov2Config, Dinov2Model

    torch.manual_seed(3)
    model = Dinov2Model(Dinov2Config(hidden_size=24, num_hidden_layers=2, num_attention_heads=2,
                                     image_size=28, patch_size=14))  # fmt: skip
    sizes = {"size": {"shortest_edge": 32}, "crop_size": {"height": 28, "width": 28}}
    return _save(folder, model, BitImageProcessorPil(**sizes))


def small_bert(folder: Path) -> Path:
    """Save a BertModel with its tokenizer: 16-d."""
    from transformers import BertConfig, BertModel

    torch.manual_seed(4)
    model = BertModel(BertConfig(vocab_size=64, hidden_size=16, intermediate_size=32,
                                 num_hidden_layers=2, num_attention_heads=2,
                                 max_position_embeddings=24))  # fmt: skip
    return _save(folder, model, tokenizer())


def tokenizer() -> Any:
    """Return a tokenizer of words, in BERT's form."""
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel({w: i for i, w in enumerate([*SPECIAL, *WORDS])}, "[UNK]"))
    words.normalizer = normalizers.Lowercase()
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(tokenizer_object=words, pad_token="[PAD]", unk_token="[UNK]",
                                   cls_token="[CLS]", sep_token="[SEP]")  # fmt: skip


def spoil_config(folder: Path, file: str, **values: object) -> None:
    """Change values of a JSON file."""
    says = json.loads((folder / file).read_text())
    (folder / file).write_text(json.dumps(says | values))


def _save(folder: Path, *parts: Any) -> Path:
    from transformers.utils import logging

    logging.disable_progress_bar()
    for part in parts:
        part.save_pretrained(folder)
    return folder
