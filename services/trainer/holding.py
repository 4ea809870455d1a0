"""Decide which images are held out, and what that makes of a triplet. Knows ids alone."""

from pairmill.core.ids import order_key
from pairmill.core.records import EDIT, Triplet

TRAIN, VALIDATION, CROSSING = "train", "validation", "split_crossing"


def is_held_out(image_id: str, *, seed: int, share: float) -> bool:
    """Say whether an image is among the share held out: a function of seed and id, so that an
    image stays on its side when the corpus grows."""
    return int(order_key(seed, "held_out", image_id)[:12], 16) < share * 16**12


def part_of(triplet: Triplet, *, seed: int, share: float) -> str:
    """Return `validation` where both images are held out, `train` where none is, else
    `split_crossing`: a triplet that would show a held-out image in training.

    An edit lies on the side of the image that it was made of.
    """
    images = (triplet.query_id,) if is_edit(triplet) else (triplet.query_id, triplet.target_id)
    sides = {is_held_out(i, seed=seed, share=share) for i in images}
    if len(sides) == 2:
        return CROSSING
    return VALIDATION if sides == {True} else TRAIN


def is_edit(triplet: Triplet) -> bool:
    """Say whether the target is an edit of the query image."""
    return triplet.relations == (EDIT,)
