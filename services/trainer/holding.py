"""Decide which images are held out, and what that makes of a triplet. Knows ids alone."""

from pairmill.core.ids import order_key
from pairmill.core.records import Triplet

TRAIN, VALIDATION, CROSSING = "train", "validation", "split_crossing"


def is_held_out(image_id: str, *, seed: int, share: float) -> bool:
    """Say whether an image is among the share held out: a function of seed and id, so that an
    image stays on its side when the corpus grows."""
    return int(order_key(seed, "held_out", image_id)[:12], 16) < share * 16**12


def part_of(triplet: Triplet, *, seed: int, share: float) -> str:
    """Return `validation` where both images are held out, `train` where none is, else
    `split_crossing`: a triplet that would show a held-out image in training."""
    sides = {is_held_out(i, seed=seed, share=share) for i in (triplet.query_id, triplet.target_id)}
    if len(sides) == 2:
        return CROSSING
    return VALIDATION if sides == {True} else TRAIN
