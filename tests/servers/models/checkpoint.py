"""Make a small checkpoint that sees pictures: a real processor and chat template, random weights.

A Qwen2-VL of two layers that reads bytes. What it says is noise; how many tokens a question has
tells what arrived: one for each byte, and one for each square of 28 pixels of a picture.
"""

from pathlib import Path

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import (
    PreTrainedTokenizerFast,
    Qwen2VLConfig,
    Qwen2VLForConditionalGeneration,
    Qwen2VLImageProcessor,
    Qwen2VLProcessor,
    Qwen2VLVideoProcessor,
)

SQUARE = 28
"""Pixels, both ways, that make one token of a picture."""
MARKS = (
    "<|im_end|>", "<|im_start|>", "<|vision_start|>", "<|vision_end|>", "<|image_pad|>",
    "<|video_pad|>",
)  # fmt: skip
TEMPLATE = (
    "{% for message in messages %}{{ '<|im_start|>' + message.role + '\n' }}"
    "{% if message.content is string %}{{ message.content }}{% else %}"
    "{% for part in message.content %}{% if part.type == 'image' %}"
    "{{ '<|vision_start|><|image_pad|><|vision_end|>' }}"
    "{% else %}{{ part.text }}{% endif %}{% endfor %}{% endif %}"
    "{{ '<|im_end|>\n' }}{% endfor %}"
    "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
)
"""As Qwen's own: the server finds the answer by these marks."""


def make_checkpoint(folder: Path) -> Path:
    """Write a checkpoint as `save_pretrained` does; return its folder."""
    tokenizer = _tokenizer()
    numbers = dict(zip(MARKS, tokenizer.convert_tokens_to_ids(list(MARKS)), strict=True))
    images = Qwen2VLImageProcessor(size={"shortest_edge": SQUARE**2, "longest_edge": 224**2})
    processor = Qwen2VLProcessor(
        images, tokenizer, video_processor=Qwen2VLVideoProcessor(), chat_template=TEMPLATE
    )
    torch.manual_seed(0)
    model = Qwen2VLForConditionalGeneration(_config(len(tokenizer), numbers))
    with torch.no_grad():
        for weight in model.parameters():  # wide enough for answers to differ with the picture
            if weight.dim() > 1:
                weight.normal_(0, 0.15)
    settings = model.generation_config
    settings.eos_token_id = settings.pad_token_id = numbers["<|im_end|>"]
    model.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder


def _tokenizer() -> PreTrainedTokenizerFast:
    letters = sorted(pre_tokenizers.ByteLevel.alphabet())
    bare = Tokenizer(models.BPE({letter: i for i, letter in enumerate(letters)}, merges=[]))
    bare.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    bare.decoder = decoders.ByteLevel()
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=bare, eos_token=MARKS[0], pad_token=MARKS[0],
        extra_special_tokens={"image_token": "<|image_pad|>", "video_token": "<|video_pad|>"},
    )  # fmt: skip
    tokenizer.add_special_tokens({"additional_special_tokens": list(MARKS[1:])})
    return tokenizer


def _config(num_tokens: int, numbers: dict[str, int]) -> Qwen2VLConfig:
    text = {
        "vocab_size": num_tokens, "hidden_size": 32, "intermediate_size": 64,
        "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 2,
        "max_position_embeddings": 16_384, "tie_word_embeddings": False,
        "bos_token_id": None, "eos_token_id": numbers["<|im_end|>"],
        "rope_parameters": {"rope_type": "default", "rope_theta": 10_000.0,
                            "mrope_section": [2, 3, 3]},
    }  # fmt: skip
    vision = {"depth": 2, "embed_dim": 32, "hidden_size": 32, "num_heads": 2, "mlp_ratio": 2,
              "patch_size": SQUARE // 2}  # fmt: skip
    return Qwen2VLConfig(
        text_config=text, vision_config=vision,
        image_token_id=numbers["<|image_pad|>"], video_token_id=numbers["<|video_pad|>"],
        vision_start_token_id=numbers["<|vision_start|>"],
        vision_end_token_id=numbers["<|vision_end|>"],
    )  # fmt: skip
