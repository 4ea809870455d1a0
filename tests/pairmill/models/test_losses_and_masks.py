"""Losses and masks against plain loops in numpy."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pairmill.models.losses import (
    AlignBatch,
    ComposeBatch,
    align_loss,
    compose_loss,
    false_negative_mask,
    info_nce,
    same_target_mask,
    weighted_sum,
)

TEMPERATURE, MARGIN = 0.1, 0.05


def unit(rng: np.random.Generator, *shape: int) -> torch.Tensor:
    raw = torch.from_numpy(rng.normal(size=shape).astype(np.float32))
    return torch.nn.functional.normalize(raw, dim=-1)


def compose_batch(seed: int, num: int = 7, negatives: int = 3) -> ComposeBatch:
    rng = np.random.default_rng(seed)
    return ComposeBatch(
        queries_BD=unit(rng, num, 5),
        targets_BD=unit(rng, num, 5),
        negatives_BKD=unit(rng, num, negatives, 5),
        target_ids_B=torch.from_numpy(rng.integers(0, 5, num)),
        negative_ids_BK=torch.from_numpy(rng.integers(0, 8, (num, negatives))),
        negative_valid_BK=torch.from_numpy(rng.random((num, negatives)) < 0.8),
    )


def compose_oracle(batch: ComposeBatch) -> float:
    """The loss in words: one row, one candidate at a time."""
    total = 0.0
    num = len(batch.queries_BD)
    for i in range(num):
        query = batch.queries_BD[i].numpy().astype(np.float64)
        positive = float(query @ batch.targets_BD[i].numpy())
        kept = [positive]
        for j in range(num):
            score = float(query @ batch.targets_BD[j].numpy())
            same = batch.target_ids_B[j] == batch.target_ids_B[i]
            if j != i and not same and not score > positive + MARGIN:
                kept.append(score)
        for k in range(batch.negatives_BKD.shape[1]):
            score = float(query @ batch.negatives_BKD[i, k].numpy())
            if not batch.negative_valid_BK[i, k]:
                continue
            if batch.negative_ids_BK[i, k] == batch.target_ids_B[i]:
                continue
            if k > 0 and score > positive + MARGIN:
                continue
            kept.append(score)
        total += math.log(sum(math.exp(s / TEMPERATURE) for s in kept)) - positive / TEMPERATURE
    return total / num


@given(st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_composed_loss_is_that_of_a_plain_loop(seed: int) -> None:
    batch = compose_batch(seed)
    loss = compose_loss(batch, temperature=TEMPERATURE, margin=MARGIN)
    assert float(loss) == pytest.approx(compose_oracle(batch), rel=1e-4, abs=1e-5)


def test_the_query_image_counts_however_high_it_scores() -> None:
    batch = compose_batch(1, negatives=1)
    own = batch.queries_BD[:, None]
    batch = replace(
        batch,
        negatives_BKD=own,
        negative_valid_BK=torch.ones(7, 1, dtype=torch.bool),
        negative_ids_BK=torch.full((7, 1), 99),
    )
    with_query = compose_loss(batch, temperature=TEMPERATURE, margin=MARGIN)
    without = compose_loss(
        replace(batch, negative_valid_BK=torch.zeros(7, 1, dtype=torch.bool)),
        temperature=TEMPERATURE,
        margin=MARGIN,
    )
    assert float(with_query) > float(without) + 1


def test_a_target_that_stands_in_the_batch_twice_is_no_negative_of_itself() -> None:
    batch = compose_batch(2, num=2, negatives=1)
    batch = replace(
        batch,
        target_ids_B=torch.tensor([4, 4]),
        negative_valid_BK=torch.zeros(2, 1, dtype=torch.bool),
    )
    assert float(compose_loss(batch, temperature=TEMPERATURE, margin=MARGIN)) == 0.0


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_the_alignment_loss_is_that_of_a_plain_loop(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch = AlignBatch(
        images_BD=unit(rng, 6, 4),
        texts_BD=unit(rng, 6, 4),
        image_ids_B=torch.from_numpy(rng.integers(0, 5, 6)),
        text_ids_B=torch.from_numpy(rng.integers(0, 5, 6)),
    )
    scores = batch.images_BD.numpy().astype(np.float64) @ batch.texts_BD.numpy().T / TEMPERATURE
    total = 0.0
    for i in range(6):
        others = [
            j
            for j in range(6)
            if j == i
            or (
                batch.text_ids_B[i] != batch.text_ids_B[j]
                and batch.image_ids_B[i] != batch.image_ids_B[j]
            )
        ]
        total += math.log(sum(math.exp(scores[i, j]) for j in others)) - scores[i, i]
        total += math.log(sum(math.exp(scores[j, i]) for j in others)) - scores[i, i]
    assert float(align_loss(batch, temperature=TEMPERATURE)) == pytest.approx(total / 12, rel=1e-4)


def test_masks_are_those_of_a_plain_loop() -> None:
    rng = np.random.default_rng(3)
    ids, others = torch.tensor([1, 2, 1]), torch.tensor([2, 1, 3, 1])
    same = same_target_mask(ids, others)
    assert same.tolist() == [[int(a) == int(b) for b in others] for a in ids]
    scores = torch.from_numpy(rng.normal(size=(3, 4)).astype(np.float32))
    positives = torch.tensor([0, 2, 3])
    false = false_negative_mask(scores, positives, 0.1)
    for i in range(3):
        for j in range(4):
            assert bool(false[i, j]) == bool(scores[i, j] > scores[i, positives[i]] + 0.1)
    assert not false[torch.arange(3), positives].any()


def test_masked_candidates_get_no_gradient() -> None:
    logits = torch.zeros(2, 3, requires_grad=True)
    masked = torch.tensor([[False, True, False], [False, False, True]])
    torch.autograd.backward(info_nce(logits, torch.tensor([0, 1]), masked))
    assert logits.grad is not None
    assert float(logits.grad[0, 1]) == 0.0
    assert float(logits.grad[1, 2]) == 0.0


def test_terms_add_up_by_their_weights() -> None:
    one, two = torch.tensor(1.0), torch.tensor(2.0)
    assert float(weighted_sum({"a": (0.5, one), "b": (3.0, two)})) == 6.5
    assert float(weighted_sum({"a": (1.0, one), "b": (0.0, torch.tensor(torch.nan))})) == 1.0
