"""Embed the rows of a step and bring the loss's gradient back to the weights, by chunks.

Knows a model, its precision and the other processes; knows no loss, only that it takes embeddings.

    U images of a step, V texts of a step, D shared space

Gradient caching (Gao et al., GradCache, arXiv 2101.06983): the loss needs every row of a batch at
once, the weights' gradient does not. So embeddings are made without a graph, the loss gives their
gradient, and a second pass makes each chunk anew and carries its part back: memory of one chunk,
results of the whole batch. The same cut serves several processes, each of which embeds its part.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from pairmill.config import TrainingConfig
from pairmill.models.examples import Rows
from pairmill.models.model import Model
from pairmill.models.precision import embedding_context
from pairmill.models.world import Alone

Embed = Callable[[Rows], Tensor]
LossOf = Callable[[Tensor, Tensor], Tensor]

QUIET_CHUNKS = 4
"""Chunks that pass at once without a graph: together they need less than one with its graph."""


@dataclass(frozen=True)
class _Chunk:
    """Rows that pass together; out holds their embeddings, with a graph where that was kept."""

    rows: Rows
    seed: int
    out: Tensor


class Embedder:
    """Embeds with gradients; one a training."""

    def __init__(self, model: Model, config: TrainingConfig, world: Alone) -> None:
        self._model, self._config, self._world = model, config, world
        self._learning = [p for p in model.module.parameters() if p.requires_grad]
        self._device = next(model.module.parameters()).device
        self._draws: dict[Embed, bool] = {}

    def backward(self, images_U: Rows, texts_V: Rows, loss_of: LossOf, *, seed: int) -> None:
        """Add the gradient of `loss_of(images_UD, texts_VD)` to every weight that learns.

        seed: of whatever the model draws (dropout), so that both passes draw the same.
        """
        sides = [self._chunks(embed, self._world.part(rows), seed + side)
                 for side, (embed, rows) in enumerate(self._sides(images_U, texts_V))]  # fmt: skip
        leaves = [self._whole(chunks, len(rows))
                  for chunks, rows in zip(sides, (images_U, texts_V), strict=True)]  # fmt: skip
        torch.autograd.backward(loss_of(leaves[0], leaves[1]))
        back = list(zip(self._sides(images_U, texts_V), sides, leaves, strict=True))
        for (embed, rows), chunks, leaf in reversed(back):  # what was taken last is freed first
            self._carry(embed, chunks, self._own(leaf, rows))
        self._world.add_up(list(self._gradients()))

    @torch.no_grad()
    def quiet(self, embed: Embed, rows: Rows) -> Tensor:
        """Return embeddings of another, frozen model by the same cut, without a gradient."""
        chunks = [self._pass(embed, part, 0) for part in self._cut(self._world.part(rows))]
        return self._world.gather(torch.cat(chunks), len(rows))

    def _sides(self, images_U: Rows, texts_V: Rows) -> tuple[tuple[Embed, Rows], ...]:
        return (self._model.images, images_U), (self._model.texts, texts_V)

    def _chunks(self, embed: Embed, rows: Rows, seed: int) -> list[_Chunk]:
        """Embed the rows; only the last chunk keeps its graph, so that it need not be made anew."""
        *parts, last = self._cut(rows)
        size, outs = self._chunks_without_graph(embed, parts), list[Tensor]()
        for start in range(0, len(parts), size):
            several = parts[start : start + size]
            with torch.no_grad():
                out = self._pass(embed, np.concatenate(several), seed + 2 * start)
            outs.extend(torch.split(out, [len(part) for part in several]))
        outs.append(self._pass(embed, last, seed + 2 * len(parts)))
        cut = zip([*parts, last], outs, strict=True)
        return [_Chunk(part, seed + 2 * n, out) for n, (part, out) in enumerate(cut)]

    def _chunks_without_graph(self, embed: Embed, parts: list[Rows]) -> int:
        """Return how many chunks pass together where no graph is kept: one where the model draws,
        so that each finds its own draws again in the second pass."""
        if parts and embed not in self._draws:
            with _drawing(0, self._device), torch.no_grad():
                before = _drawn(self._device)
                embed(parts[0][:1])
                self._draws[embed] = _drawn(self._device) != before
        return 1 if not parts or self._draws[embed] else QUIET_CHUNKS

    def _whole(self, chunks: Sequence[_Chunk], num_rows: int) -> Tensor:
        """Return every process's rows as a leaf, which collects the loss's gradient."""
        part = torch.cat([chunk.out.detach() for chunk in chunks])
        return self._world.gather(part, num_rows).requires_grad_()

    def _own(self, leaf: Tensor, rows: Rows) -> Tensor:
        """Return the gradient of the rows that this process embedded."""
        gradient = torch.zeros_like(leaf) if leaf.grad is None else leaf.grad
        own = self._world.part(np.arange(len(rows)))
        return gradient[own[0] : own[-1] + 1] if len(own) else gradient[:0]

    def _carry(self, embed: Embed, chunks: list[_Chunk], gradient_PD: Tensor) -> None:
        """Carry the gradient of this process's rows into the weights, the kept graph first."""
        learns = chunks[-1].out.requires_grad
        ends = np.cumsum([len(chunk.rows) for chunk in chunks])
        while chunks and learns:
            chunk, end = chunks.pop(), int(ends[len(chunks)])
            kept = chunk.out.requires_grad
            again = chunk.out if kept else self._pass(embed, chunk.rows, chunk.seed)
            torch.autograd.backward(again, gradient_PD[end - len(chunk.rows) : end])

    def _gradients(self) -> Iterator[Tensor]:
        for weight in self._learning:
            if weight.grad is None:
                weight.grad = torch.zeros_like(weight)
            yield weight.grad

    def _cut(self, rows: Rows) -> list[Rows]:
        """Return the rows by chunks: one at least, which may be empty."""
        size = self._config.cache_rows or max(len(rows), 1)
        return [rows[start : start + size] for start in range(0, max(len(rows), 1), size)]

    def _pass(self, embed: Embed, rows: Rows, seed: int) -> Tensor:
        with _drawing(seed, self._device), embedding_context(self._config, self._device):
            return embed(rows).float()


@contextmanager
def _drawing(seed: int, device: torch.device) -> Iterator[None]:
    """Let what a model draws depend on the seed alone, and leave torch's own state as it was."""
    on_gpu = device.type == "cuda"
    with torch.random.fork_rng([device] if on_gpu else []):
        torch.default_generator.manual_seed(seed)
        if on_gpu:
            torch.cuda.manual_seed(seed)
        yield


def _drawn(device: torch.device) -> list[bytes]:
    """Return the state of what a model draws from, to see whether it drew."""
    states = [torch.get_rng_state()]
    if device.type == "cuda":
        states.append(torch.cuda.get_rng_state(device))
    return [state.numpy().tobytes() for state in states]
