"""Seed random draws by name, never by order. Knows text; knows nothing of what is drawn."""

import hashlib

import numpy as np
from numpy.random import Generator


def generator(*names: str | int) -> Generator:
    """The same names give the same draws, whatever was drawn before."""
    return np.random.default_rng(int(digest(*names)[:16], 16))


def digest(*names: str | int) -> str:
    return hashlib.sha256("\n".join(map(str, names)).encode()).hexdigest()


def pick(options: tuple[str, ...], rng: Generator) -> str:
    return options[int(rng.integers(len(options)))]
