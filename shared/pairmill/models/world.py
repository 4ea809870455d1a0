"""The processes that train together: who this one is, and how they share. Knows no model.

N rows in all, P rows of one process, D shared space
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, distributed

from pairmill.models.examples import Rows


class Alone:
    """One process: nothing is shared with anybody."""

    rank, size = 0, 1

    def part(self, rows: Rows) -> Rows:
        """Return the rows that this process embeds: all of them."""
        return rows

    def gather(self, part_PD: Tensor, num_rows: int) -> Tensor:
        """Return every process's rows, (N, D), without a gradient."""
        return part_PD.detach()

    def add_up(self, gradients: Iterable[Tensor]) -> None:
        """Add every process's gradients to one's own, in place."""

    def told(self, value: Any) -> Any:
        """Return what the first process holds."""
        return value


@dataclass(frozen=True)
class Together(Alone):
    """One process of several, joined by torch.distributed (gloo on CPUs, nccl on GPUs).

    Every process holds the whole model, embeds an equal run of a batch's rows and computes the
    loss over all of them; its own rows then pass on their share of the gradient, and the shares
    add up to what one process would have found. Only sums over a rank-ordered ring are used, so
    equal numbers of processes give equal bytes.
    """

    rank: int
    size: int

    @classmethod
    def joined(cls) -> "Together":
        """Return this process's place in the group that was already formed."""
        return cls(distributed.get_rank(), distributed.get_world_size())

    def part(self, rows: Rows) -> Rows:
        """Return this process's run of the rows, (P,); the last processes may have fewer."""
        each = self._each(len(rows))
        return rows[self.rank * each : (self.rank + 1) * each]

    def gather(self, part_PD: Tensor, num_rows: int) -> Tensor:
        """Return every process's rows, (N, D), in the order of `part`, without a gradient."""
        each = self._each(num_rows)
        mine = part_PD.new_zeros(each, part_PD.shape[1])
        mine[: len(part_PD)] = part_PD.detach()
        parts = [torch.empty_like(mine) for _ in range(self.size)]
        distributed.all_gather(parts, mine)
        return torch.cat(parts)[:num_rows]

    def add_up(self, gradients: Iterable[Tensor]) -> None:
        """Add every process's gradients to one's own, in place; all hold as many, in one order."""
        found = list(gradients)
        flat = torch.cat([gradient.reshape(-1) for gradient in found])
        distributed.all_reduce(flat)
        for gradient, total in zip(found, _like(flat, found), strict=True):
            gradient.copy_(total)

    def told(self, value: Any) -> Any:
        """Return what the first process holds: plain values, sent as JSON."""
        device = "cuda" if distributed.get_backend() == "nccl" else "cpu"
        data = json.dumps(value).encode()
        length = torch.tensor([len(data)], device=device)
        distributed.broadcast(length, 0)
        text = torch.zeros(int(length), dtype=torch.uint8, device=device)
        if self.rank == 0:
            text = torch.frombuffer(bytearray(data), dtype=torch.uint8).to(device)
        distributed.broadcast(text, 0)
        return json.loads(bytes(text.cpu().numpy()))

    def _each(self, num_rows: int) -> int:
        return -(-num_rows // self.size)


def _like(flat: Tensor, shapes: Sequence[Tensor]) -> list[Tensor]:
    parts = torch.split(flat, [tensor.numel() for tensor in shapes])
    return [part.view_as(tensor) for part, tensor in zip(parts, shapes, strict=True)]
