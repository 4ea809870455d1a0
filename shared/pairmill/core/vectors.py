"""Arithmetic on rows of vectors. Knows no id and no space."""

import numpy as np
from numpy.typing import NDArray


def unit_rows(vectors_ND: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return every row divided by its norm, (N, D); rows of zeros stay, as do those not finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        norms_N1 = np.linalg.norm(vectors_ND, axis=1, keepdims=True)
        norms_N1[norms_N1 == 0] = 1
        return np.asarray(vectors_ND / norms_N1, np.float32)
