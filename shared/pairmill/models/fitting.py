"""Fit a head in closed form: where the training of the shipped head starts.

Knows features; knows no tower, no corpus and no gradient.

    N images with one caption each, F image features, T text features, D shared space

The image side is a projection whose directions are kept, so that images stay as comparable as they
were; the text side is a rotation onto it: words are moved to the pictures, never pictures to words
(as in LiT, arXiv 2111.07991, the image side is locked).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pairmill.models.examples import Rows
from pairmill.models.heads import STANDARDISED_LIMIT

Floats = NDArray[np.float32]
Doubles = NDArray[np.float64]
Tensors = dict[str, Floats]
DEAD_CHANNEL = 0.01
"""Share of the median deviation that is added to every deviation."""


@dataclass(frozen=True, kw_only=True)
class Constants:
    """What standardises image features; std > 0."""

    mean_F: Floats
    std_F: Floats

    def apply(self, images_NF: Floats) -> Doubles:
        """Return standardised features, clipped as heads do."""
        scaled_NF = (images_NF.astype(np.float64) - self.mean_F) / self.std_F
        return np.clip(scaled_NF, -STANDARDISED_LIMIT, STANDARDISED_LIMIT)


def balance(weight_DF: Doubles, scaled_NF: Doubles) -> tuple[Doubles, Doubles]:
    """Return a projection's weight (D, F) and bias (D,) with its rows brought to one scale.

    The directions stay. Each is divided by the fourth root of its variance over the corpus:
    halfway between principal components as they are, where a few of them drown all others, and
    full whitening, where noise counts as much as content. Outputs then have mean zero and mean
    square norm one, so that a text of norm one weighs as much as an image.
    """
    directions_DF = weight_DF / np.linalg.norm(weight_DF, axis=1, keepdims=True)
    spread_D = (scaled_NF @ directions_DF.T).std(axis=0)
    if not spread_D.all():
        raise ValueError(f"{int((spread_D == 0).sum())} directions are the same for every image")
    weight_DF = directions_DF / np.sqrt(spread_D)[:, None] / np.sqrt(spread_D.sum())
    return weight_DF, -weight_DF @ scaled_NF.mean(axis=0)


def rotate_texts(texts_NT: Floats, images_ND: Doubles) -> tuple[Doubles, Doubles]:
    """Return weight (D, T) and bias (D,) of the rotation that brings texts nearest their images.

    Orthogonal Procrustes (Schonemann, Psychometrika 31, 1966), both sides centred, the output
    scaled to mean square norm one. Unlike a regression it keeps every distance between texts, so
    words that the fitted captions never used stay apart and training can place them: regression
    flattens them, and training on emoji from there reached 49 % instead of 57.
    """
    centre_T, centre_D = texts_NT.mean(axis=0, dtype=np.float64), images_ND.mean(axis=0)
    x_NT, y_ND = texts_NT - centre_T, images_ND - centre_D
    left_TK, _, right_KD = np.linalg.svd(x_NT.T @ y_ND, full_matrices=False)
    weight_TD = left_TK @ right_KD
    weight_TD /= np.sqrt(((x_NT @ weight_TD) ** 2).sum(axis=1).mean())
    return weight_TD.T, -centre_T @ weight_TD


def standardising(features_NF: Floats) -> Constants:
    """Return the constants of many images; a channel that is dead in all of them does no harm."""
    std_F = features_NF.std(axis=0, dtype=np.float64)
    lifted_F = std_F + DEAD_CHANNEL * np.median(std_F)
    return Constants(mean_F=features_NF.mean(axis=0), std_F=lifted_F.astype(np.float32))


def principal(scaled_NF: Doubles, dim: int) -> Doubles:
    """Return the first principal directions of standardised features, (D, F), unit norm."""
    centred_NF = scaled_NF - scaled_NF.mean(axis=0)
    variances, vectors_FF = np.linalg.eigh(centred_NF.T @ centred_NF / len(centred_NF))
    found_DF: Doubles = vectors_FF[:, np.argsort(-variances)[:dim]].T
    return found_DF


def fit_head(features_NF: Floats, captioned_P: Rows, texts_PT: Floats, *, dim: int) -> Tensors:
    """Return the tensors of a head, by name; its residuals are absent, which means zero.

    features: of all images, which give constants and image directions. captioned: rows of those
    with a caption, whose raw text features are `texts`. Raises ValueError for fewer than two.
    """
    if len(captioned_P) < 2:
        raise ValueError(f"got {len(captioned_P)} captioned images, wanted two or more")
    constants = standardising(features_NF)
    scaled_NF = constants.apply(features_NF)
    image_DF, image_D = balance(principal(scaled_NF, dim), scaled_NF)
    embedded_PD = scaled_NF[captioned_P] @ image_DF.T + image_D
    embedded_PD /= np.linalg.norm(embedded_PD, axis=1, keepdims=True)
    text_DT, text_D = rotate_texts(texts_PT, embedded_PD)
    named = {
        "mean": constants.mean_F,
        "std": constants.std_F,
        "image.linear.weight": image_DF,
        "image.linear.bias": image_D,
        "text.linear.weight": text_DT,
        "text.linear.bias": text_D,
    }
    return {name: np.ascontiguousarray(array, np.float32) for name, array in named.items()}
