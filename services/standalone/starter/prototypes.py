"""What the image tower's features look like for the thousand ImageNet classes, without an image.

Knows the published classifier's rows and the features' covariance; knows no head.

    C classes, N images, F features, L those of the tower's last depth
"""

from collections.abc import Iterator
from functools import cache

import numpy as np
from numpy.typing import NDArray
from timm.data import ImageNetInfo

from pairmill.core.wording import with_article
from pairmill.models.towers import LAST_DIM

Floats = NDArray[np.float32]
RARELY = 0.02
"""Ridge, as a share of the mean variance: keeps directions that hardly vary from deciding."""
NEARNESS = 0.6
"""Length of a prototype, in typical lengths of an image's features: a class's mean lies nearer to
the middle than its images do."""


def prototypes(rows_CL: Floats, features_NF: Floats) -> Floats:
    """Return one vector of features a class, (C, F).

    rows: the classifier's. A linear classifier's row is about the inverse covariance times the
    class's mean (Fisher's discriminant), so covariance times row leads back to the mean, in every
    feature that varies together with the last depth's. features: of many images, which give the
    covariance.
    """
    mean_F = features_NF.mean(axis=0, dtype=np.float64)
    centred_NF = features_NF - mean_F
    covariance_FL = centred_NF.T @ centred_NF[:, -LAST_DIM:] / len(centred_NF)
    last_LL = covariance_FL[-LAST_DIM:]
    last_LL[np.diag_indices(LAST_DIM)] += RARELY * np.trace(last_LL) / LAST_DIM
    rows = rows_CL.astype(np.float64)
    shift_CF = (rows - rows.mean(axis=0)) @ covariance_FL.T
    std_F = centred_NF.std(axis=0) + 1e-6
    scaled_CF = shift_CF / std_F
    typical = np.linalg.norm(centred_NF / std_F, axis=1).mean()
    scaled_CF *= NEARNESS * typical / np.linalg.norm(scaled_CF, axis=1, keepdims=True)
    found: Floats = (mean_F + scaled_CF * std_F).astype(np.float32)
    return found


def class_texts(number: int) -> Iterator[str]:
    """Yield what may be said of a class: its names, alone and as a photograph, its definition."""
    info = _info()
    synset = info.index_to_label_name(number)
    names = info.label_name_to_description(synset).split(", ")
    definition = info.label_name_to_description(synset, detailed=True).partition(": ")[2]
    for name in names:
        yield name
        yield f"a photo of {with_article(name)}"
    if definition:
        yield definition


@cache
def _info() -> ImageNetInfo:
    return ImageNetInfo("imagenet-1k")
