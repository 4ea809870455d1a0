"""MiniLM as a locked text tower: strings become unit vectors.

Knows the architecture, the tokenizer and the pooling; knows no package, digest or space. The
network is written out, some forty lines, because importing transformers' BertModel would add
seconds to the start of every process; the tests hold it to that model's output.
"""

# B texts, L tokens, D dims, H heads, K dims of one head

from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from tokenizers import Tokenizer
from torch import Tensor
from torch.nn import functional

from pairmill.models.tower_lanes import Lanes
from pairmill.models.towers import MAX_TOKENS, TEXT_DIM

NUM_LAYERS, NUM_HEADS, NORM_EPSILON = 6, 12, 1e-12
"""Of all-MiniLM-L6-v2, from its config.json."""

MAX_CHARS = 16 * MAX_TOKENS
"""Characters given to the tokenizer: 128 tokens of natural text are far shorter, and a caption of
100,000 characters would be cut to pieces only to be thrown away."""

CHUNK = 32
"""Texts that pass the network together; they are sorted by length, so few tokens are padding."""


class TextTower:
    """A BERT with mean pooling over the mask: texts to (B, 384) float32 of unit norm.

    Source: Devlin et al., BERT, arXiv 1810.04805; Reimers and Gurevych, Sentence-BERT, arXiv
    1908.10084, section 3. Deterministic: a call's own texts alone decide its chunks.

    Args:
        tokenizer: a `tokenizer.json`.
        state: the tensors of transformers' BertModel, by its names.
        lanes: where chunks of texts run side by side.
    """

    def __init__(self, tokenizer: Path, state: Mapping[str, Tensor], lanes: Lanes) -> None:
        self._tokenizer = Tokenizer.from_file(str(tokenizer))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._bert = Bert(state)
        self._lanes = lanes

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Return the embeddings, (B, 384), in the order of `texts`."""
        cut = [text[:MAX_CHARS] for text in texts]
        ids = [encoding.ids for encoding in self._tokenizer.encode_batch(cut)]
        order = sorted(range(len(ids)), key=lambda row: len(ids[row]))
        chunks = [order[start : start + CHUNK] for start in range(0, len(order), CHUNK)]
        found = self._lanes.map(self._embed, [[ids[row] for row in rows] for rows in chunks])
        out_BD = torch.empty(len(ids), TEXT_DIM)
        for rows, part_BD in zip(chunks, found, strict=True):
            out_BD[rows] = part_BD
        return out_BD

    def _embed(self, ids: list[list[int]]) -> Tensor:
        longest = max(map(len, ids))
        ids_BL = torch.tensor([row + [0] * (longest - len(row)) for row in ids])
        mask_BL = torch.tensor([[True] * len(row) + [False] * (longest - len(row)) for row in ids])
        hidden_BLD = self._bert(ids_BL, mask_BL)
        weights_BL1 = mask_BL.unsqueeze(2).float()
        mean_BD = (hidden_BLD * weights_BL1).sum(1) / weights_BL1.sum(1)
        return functional.normalize(mean_BD, dim=1)


class Bert:
    """BERT's encoder for single texts, without pooler and dropout."""

    def __init__(self, state: Mapping[str, Tensor]) -> None:
        self._state = state

    def __call__(self, ids_BL: Tensor, mask_BL: Tensor) -> Tensor:
        """Return the last hidden states, (B, L, D); those where the mask is False mean nothing."""
        words, places, kinds = (
            self._state[f"embeddings.{name}_embeddings.weight"]
            for name in ("word", "position", "token_type")
        )
        x_BLD = words[ids_BL] + places[: ids_BL.shape[1]] + kinds[0]
        x_BLD = self._norm(x_BLD, "embeddings")
        for layer in range(NUM_LAYERS):
            x_BLD = self._layer(x_BLD, mask_BL, f"encoder.layer.{layer}")
        return x_BLD

    def _layer(self, x_BLD: Tensor, mask_BL: Tensor, name: str) -> Tensor:
        attended_BLD = self._linear(
            self._attend(x_BLD, mask_BL, name), f"{name}.attention.output.dense"
        )
        x_BLD = self._norm(x_BLD + attended_BLD, f"{name}.attention.output")
        wide = functional.gelu(self._linear(x_BLD, f"{name}.intermediate.dense"))
        return self._norm(x_BLD + self._linear(wide, f"{name}.output.dense"), f"{name}.output")

    def _attend(self, x_BLD: Tensor, mask_BL: Tensor, name: str) -> Tensor:
        query, key, value = (
            self._linear(x_BLD, f"{name}.attention.self.{part}")
            .view(*x_BLD.shape[:2], NUM_HEADS, -1)
            .transpose(1, 2)
            for part in ("query", "key", "value")
        )
        mask_B11L = mask_BL[:, None, None, :]
        out_BHLK = functional.scaled_dot_product_attention(query, key, value, attn_mask=mask_B11L)
        return out_BHLK.transpose(1, 2).flatten(2)

    def _linear(self, x: Tensor, name: str) -> Tensor:
        return functional.linear(x, self._state[f"{name}.weight"], self._state[f"{name}.bias"])

    def _norm(self, x: Tensor, name: str) -> Tensor:
        weight, bias = (self._state[f"{name}.LayerNorm.{part}"] for part in ("weight", "bias"))
        return functional.layer_norm(x, weight.shape, weight, bias, NORM_EPSILON)
