"""Terms from rows of a batch: each is its loss on the embeddings of those rows."""

import numpy as np
import pytest
import torch
from torch.nn import functional

from pairmill.models.batches import Batches
from pairmill.models.embedding import Embedder
from pairmill.models.examples import ABSENT
from pairmill.models.losses import weighted_sum
from pairmill.models.model import HeadsModel
from pairmill.models.teaching import Teacher
from pairmill.models.terms import Composer, Embedded, Step, Terms, Weights
from pairmill.models.world import Alone
from tests.pairmill.models.toys import DIM, changed, data, heads

ALL = Weights(compose=1.0, align=0.5, keep=0.25)
SCALE = torch.tensor(1 / 0.07)


def terms(weights: Weights = ALL, **values: object) -> Terms:
    """Of the first step of the toy corpus."""
    config = changed(**values)
    found = data()
    model = HeadsModel(heads(), found.features)
    teacher = Teacher(model, found, config, Embedder(model, config, Alone()))
    batches = Batches(found, config, 0)
    step = Step(triplets=batches.triplets(0), captions=batches.captions(0))
    embedded = Embedded(step, model.images(step.image_rows), model.texts(step.text_rows))
    return Composer(config, teacher).terms(embedded, weights, SCALE)


def test_nested_sizes_count_alike() -> None:
    found = data()
    whole, both = terms(), terms(nested_dims=(6, DIM))
    model = HeadsModel(heads(), found.features)
    config = changed()
    batches = Batches(found, config, 0)
    triplets, captions = batches.triplets(0), batches.captions(0)
    assert captions is not None
    # the alignment loss on the first six dimensions, by hand
    images = functional.normalize(model.images(captions.images_B), dim=1)[:, :6]
    texts = functional.normalize(model.texts(captions.texts_B), dim=1)[:, :6]
    logits = functional.normalize(images, dim=1) @ functional.normalize(texts, dim=1).T * SCALE
    same = captions.texts_B[:, None] == captions.texts_B[None]
    same |= captions.images_B[:, None] == captions.images_B[None]
    np.fill_diagonal(same, val=False)
    logits = logits.masked_fill(torch.from_numpy(same), -torch.inf)
    own = torch.arange(len(same))
    small = (functional.cross_entropy(logits, own) + functional.cross_entropy(logits.T, own)) / 2
    want = float((small + whole["align"][1]).detach()) / 2
    assert float(both["align"][1].detach()) == pytest.approx(want, rel=1e-5)
    assert len(triplets.queries_B) == config.batch


def test_what_is_kept_is_nothing_before_the_first_step() -> None:
    found = terms(keep_weight=1.0)
    assert float(found["keep"][1].detach()) == pytest.approx(0.0, abs=1e-5)


def test_terms_without_weight_or_data_are_left_out_and_the_others_add_up() -> None:
    assert set(terms(Weights(compose=1.0))) == {"compose"}
    found = terms(keep_weight=1.0)
    assert set(found) == {"compose", "align", "keep"}
    want = sum(weight * float(term.detach()) for weight, term in found.values())
    assert float(weighted_sum(found).detach()) == pytest.approx(want, rel=1e-5)


def test_candidates_fit_as_their_captions_resemble_the_targets() -> None:
    found, config = data(), changed(soft_weight=0.5, num_negatives=2, batch=12)
    model = HeadsModel(heads(), found.features)
    teacher = Teacher(model, found, config, Embedder(model, config, Alone()))
    batch = Batches(found, config, 0).triplets(0)
    fits = teacher.fits(batch)
    assert fits is not None
    caption = dict(zip(found.captions.images_P, found.captions.texts_P, strict=True))
    texts = found.features.texts_MT / np.linalg.norm(found.features.texts_MT, axis=1)[:, None]
    candidates = [[*batch.targets_B, *row] for row in batch.negatives_BK]
    for i, target in enumerate(batch.targets_B):
        for j, other in enumerate(candidates[i]):
            if other == ABSENT or other not in caption or target not in caption:
                want = -np.inf
            else:
                want = float(texts[caption[target]] @ texts[caption[other]])
            assert float(fits[i, j]) == pytest.approx(1.0 if i == j else want, abs=1e-5)
    assert Teacher(model, found, changed(), Embedder(model, config, Alone())).fits(batch) is None
