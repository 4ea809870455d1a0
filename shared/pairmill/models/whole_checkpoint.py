"""Checkpoints of whole models: the towers' weights beside the head that stands on them.

Knows tensors by name; knows no library: whoever reads one opens the base model, whose architecture
it is, and gets it back with the trained weights. Reading runs no code.
"""

import math
from collections.abc import Mapping
from typing import Any

import torch

from pairmill.core.errors import FormatError
from pairmill.models.checkpoints import TOWER, parse_checkpoint, write_checkpoint
from pairmill.models.heads import Arrays, Heads, load_heads
from pairmill.models.tower_parts import JointTower


def save_whole(
    tower: JointTower, head: Arrays, temperature: float, card: Mapping[str, Any]
) -> dict[str, bytes]:
    """Return a checkpoint's files by ending.

    head: of the encoder, the identity on the joint model's features, which are the first of what
    it takes; the others take no part any more. temperature: it becomes the tower's own scale.
    """
    tensors = {f"{TOWER}{name}": tensor.detach().float().cpu().numpy()
               for name, tensor in tower.module.state_dict().items()}  # fmt: skip
    if f"{TOWER}logit_scale" in tensors:
        tensors[f"{TOWER}logit_scale"][...] = -math.log(temperature)
    dims = {"mean": tower.image.dim, "std": tower.image.dim}
    dims |= {"image.linear.weight": tower.image.dim, "text.linear.weight": tower.text.dim}
    for name, array in head.items():
        tensors[name] = array[..., : dims[name]] if name in dims else array
    return write_checkpoint(tensors, {**card, "temperature": temperature})


def load_whole(
    weights: bytes, config: bytes, tower: JointTower, *, encoder_id: str = ""
) -> tuple[Heads, dict[str, Any]]:
    """Bring a base model to a checkpoint's weights; return the head on it and the card.

    tower: the base model, opened anew; it is changed in place. encoder_id: of the encoder it comes
    from. Raises as `parse_checkpoint`, and FormatError where the weights are another model's.
    """
    arrays, card = parse_checkpoint(weights, config, encoder_id=encoder_id)
    return put_on(tower, arrays), card


def put_on(tower: JointTower, arrays: Arrays) -> Heads:
    """Bring a base model to a checkpoint's tensors, in place; return the head on it.

    Raises FormatError where they are another model's.
    """
    held = {name: array for name, array in arrays.items() if name.startswith(TOWER)}
    state = {name.removeprefix(TOWER): torch.from_numpy(array) for name, array in held.items()}
    try:
        tower.module.load_state_dict(state)
    except RuntimeError as error:
        raise FormatError(
            f"the checkpoint's towers are not those of the encoder: {error}; open the model that "
            "its config names"
        ) from None
    return load_heads({name: array for name, array in arrays.items() if name not in held})
