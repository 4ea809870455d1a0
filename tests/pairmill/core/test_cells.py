"""Semantic cells: k-means on made-up clusters, against brute force, and the same to the bit."""

import numpy as np
import pytest

from pairmill.core.cells import find_centres, nearest_centres

NUM, DIM = 400, 16


def clusters(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Return float16 unit vectors around 8 directions, (NUM, DIM), and which one each is near."""
    rng = np.random.default_rng(seed)
    directions = np.linalg.qr(rng.normal(size=(DIM, DIM)))[0][:8]
    label_N = np.arange(NUM) % 8
    raw = directions[label_N] + 0.1 * rng.normal(size=(NUM, DIM))
    unit = raw / np.linalg.norm(raw, axis=1, keepdims=True)
    return unit.astype(np.float16).astype(np.float32), label_N


def test_clear_clusters_become_the_cells() -> None:
    vectors, label_N = clusters()
    cells = nearest_centres(vectors, find_centres(vectors, 8))
    assert len(set(zip(label_N.tolist(), cells.tolist(), strict=True))) == 8


def test_a_cell_is_the_centre_of_the_largest_cosine() -> None:
    vectors, _ = clusters()
    centres = find_centres(vectors, 5)
    for vector, cell in zip(vectors, nearest_centres(vectors, centres), strict=True):
        cosines = [float(np.dot(vector.astype(float), centre.astype(float))) for centre in centres]
        assert cosines[cell] == max(cosines)


def test_the_order_of_summation_changes_no_bit_of_a_centre() -> None:
    vectors, _ = clusters()
    turned = np.concatenate([vectors[:6], vectors[6:][::-1]])  # centres start at the first ones
    np.testing.assert_array_equal(find_centres(vectors, 6), find_centres(turned, 6))


@pytest.mark.parametrize("num", [0, 1, 3])
def test_there_are_never_more_cells_than_vectors(num: int) -> None:
    vectors = clusters()[0][:num]
    centres = find_centres(vectors, 8)
    assert centres.shape == (num, DIM)
    if num:
        assert nearest_centres(vectors, centres).tolist() == list(range(num))
