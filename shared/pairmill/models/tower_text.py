"""MiniLM as a locked text tower: strings become unit vectors.

Knows the architecture, the tokenizer and the pooling; knows no package, digest or space.
"""

# B texts, L tokens, D dims

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from transformers import AutoTokenizer, BertConfig, BertModel

TEXT_DIM = 384
MAX_TOKENS = 128
"""Tokens read of a text; what all-MiniLM-L6-v2 was trained with (its model card)."""

MAX_CHARS = 8 * MAX_TOKENS
"""Characters given to the tokenizer: 128 tokens of more than eight characters each are not
natural text, and a caption of 100,000 characters would be tokenized only to be cut."""

CHUNK = 32
"""Texts that pass the network together; they are sorted by length, so few tokens are padding."""


class TextTower(nn.Module):
    """A BERT with mean pooling over the mask: texts to (B, 384) float32 of unit norm.

    Source: Reimers and Gurevych, Sentence-BERT, arXiv 1908.10084, section 3; weights
    all-MiniLM-L6-v2.

    Args:
        folder: holds `config.json` and the tokenizer's files; nothing is fetched from a hub.
        state: the tensors of transformers' BertModel, by its names.
    """

    def __init__(self, folder: Path, state: dict[str, Tensor]) -> None:
        super().__init__()
        self.tokenizer = AutoTokenizer.from_pretrained(
            folder, local_files_only=True, use_fast=True
        )
        config = BertConfig.from_pretrained(folder, local_files_only=True)
        self.bert = BertModel(config, add_pooling_layer=False)
        wanted = self.bert.state_dict()
        self.bert.load_state_dict({name: state[name] for name in wanted})
        self.eval().requires_grad_(False)

    @torch.inference_mode()
    def forward(self, texts: Sequence[str]) -> Tensor:
        """Return the embeddings, (B, 384), in the order of `texts`."""
        cut = [text[:MAX_CHARS] for text in texts]
        if not cut:
            return torch.zeros(0, TEXT_DIM)
        ids = self.tokenizer(cut, truncation=True, max_length=MAX_TOKENS)["input_ids"]
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        out_BD = torch.empty(len(ids), TEXT_DIM)
        for start in range(0, len(order), CHUNK):
            rows = order[start : start + CHUNK]
            out_BD[rows] = self._embed([ids[row] for row in rows])
        return out_BD

    def _embed(self, ids: list[list[int]]) -> Tensor:
        padded = self.tokenizer.pad({"input_ids": ids}, return_tensors="pt")
        hidden_BLD = self.bert(**padded).last_hidden_state
        mask_BL1 = padded["attention_mask"].unsqueeze(2).to(hidden_BLD.dtype)
        mean_BD = (hidden_BLD * mask_BL1).sum(1) / mask_BL1.sum(1)
        return nn.functional.normalize(mean_BD, dim=1)
