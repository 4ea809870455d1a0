"""Losses and masks against plain loops in numpy."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from pairmill.models.entropy import info_nce
from pairmill.models.losses import (
    AlignBatch,
    ComposeBatch,
    Sharpness,
    align_loss,
    compose_loss,
    false_negative_mask,
    keep_loss,
    same_target_mask,
    weighted_sum,
)

TEMPERATURE, MARGIN = 0.1, 0.05
SCALE = torch.tensor(1 / TEMPERATURE)
PLAIN = Sharpness(scale=SCALE, margin=MARGIN)


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
        firm_BK=torch.arange(negatives).expand(num, negatives) == 0,
        teacher_BC=teacher(rng, num, negatives),
    )


def teacher(rng: np.random.Generator, num: int, negatives: int) -> torch.Tensor:
    """Cosines of captions: 1 for the row's own target, -inf where there is no caption."""
    scores = rng.uniform(-1, 1, (num, num + negatives)).astype(np.float32)
    scores[rng.random(scores.shape) < 0.3] = -np.inf
    scores[np.arange(num), np.arange(num)] = 1.0
    return torch.from_numpy(scores)


def compose_oracle(batch: ComposeBatch, hardness: float = 0.0, soft: float = 0.0) -> float:
    """The loss in words: one row, one candidate at a time."""
    assert batch.teacher_BC is not None
    total, num = 0.0, len(batch.queries_BD)
    for i in range(num):
        query = batch.queries_BD[i].numpy().astype(np.float64)
        positive = float(query @ batch.targets_BD[i].numpy())
        logits, fits = [positive / TEMPERATURE], [float(batch.teacher_BC[i, i])]
        for j in range(num + batch.negatives_BKD.shape[1]):
            k, own = j - num, j >= num
            other = batch.negatives_BKD[i, k] if own else batch.targets_BD[j]
            identity = batch.negative_ids_BK[i, k] if own else batch.target_ids_B[j]
            score, firm = float(query @ other.numpy()), own and bool(batch.firm_BK[i, k])
            if j == i or identity == batch.target_ids_B[i]:
                continue
            if own and not batch.negative_valid_BK[i, k]:
                continue
            if score > positive + MARGIN and not firm:
                continue
            logits.append(score / TEMPERATURE + hardness * score)
            fits.append(-math.inf if firm else float(batch.teacher_BC[i, j]))
        shares = [math.exp(fit / TEMPERATURE) for fit in fits]
        labels = [soft * share / sum(shares) for share in shares]
        labels[0] += 1 - soft
        whole = math.log(sum(math.exp(logit) for logit in logits))
        total += sum(label * (whole - logit) for label, logit in zip(labels, logits, strict=True))
    return total / num


@given(st.integers(0, 10_000))
@settings(max_examples=40)
def test_the_composed_loss_is_that_of_a_plain_loop(seed: int) -> None:
    batch = compose_batch(seed)
    loss = compose_loss(batch, PLAIN)
    assert float(loss) == pytest.approx(compose_oracle(batch), rel=1e-4, abs=1e-5)


@given(st.integers(0, 10_000), st.floats(0, 9), st.floats(0, 1))
@settings(max_examples=40)
def test_hard_negatives_and_soft_labels_weigh_as_in_a_plain_loop(
    seed: int, hardness: float, soft: float
) -> None:
    batch = compose_batch(seed)
    sharpness = Sharpness(scale=SCALE, margin=MARGIN, hardness=hardness, soft=soft,
                          soft_scale=1 / TEMPERATURE)  # fmt: skip
    want = compose_oracle(batch, hardness, soft)
    assert float(compose_loss(batch, sharpness)) == pytest.approx(want, rel=1e-4, abs=1e-5)


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_a_row_counts_by_its_weight_and_a_negative_by_one_less_its_doubt(seed: int) -> None:
    rng = np.random.default_rng(seed)
    batch = compose_batch(seed)
    same = replace(batch, weights_B=torch.full((7,), 0.3), doubts_BK=torch.zeros(7, 3))
    assert float(compose_loss(same, PLAIN)) == pytest.approx(float(compose_loss(batch, PLAIN)))
    # of three rows one counts twice as much: as if it stood there twice, with no other query
    scores = torch.from_numpy(rng.normal(size=(3, 4)).astype(np.float32))
    none, first = torch.zeros(3, 4, dtype=torch.bool), torch.zeros(3, dtype=torch.int64)
    twice = [0, 1, 2, 2]
    want = info_nce(scores[twice], first.new_zeros(4), none[twice])
    got = info_nce(scores, first, none, torch.tensor([0.5, 0.5, 1.0]))
    assert float(got) == pytest.approx(float(want), rel=1e-5)
    # a negative that fits for certain is as good as absent
    sure = replace(batch, doubts_BK=torch.tensor([0.0, 1.0, 0.0]).expand(7, 3))
    valid = batch.negative_valid_BK.clone()
    valid[:, 1] = False
    gone = replace(batch, negative_valid_BK=valid)
    want = compose_loss(gone, PLAIN)
    assert float(compose_loss(sure, PLAIN)) == pytest.approx(float(want), abs=1e-2)


def test_no_gradient_flows_through_the_weight_of_a_hard_negative() -> None:
    batch = compose_batch(4)
    queries = batch.queries_BD.clone().requires_grad_()
    hard = Sharpness(scale=SCALE, margin=MARGIN, hardness=9.0)
    torch.autograd.backward(compose_loss(replace(batch, queries_BD=queries), hard))
    assert queries.grad is not None
    # a detached weight only shifts logits: the gradient is that of logits which are shifted alike
    scores = torch.cat([queries @ batch.targets_BD.T,
                        torch.einsum("bd,bkd->bk", queries, batch.negatives_BKD)], 1)  # fmt: skip
    shift = 9.0 * scores.detach().clone()
    shift[torch.arange(7), torch.arange(7)] = 0.0
    assert torch.isfinite(queries.grad).all()
    by_hand = queries.detach().clone().requires_grad_()
    moved = replace(batch, queries_BD=by_hand)
    step = 1e-3
    for row, dim in ((0, 0), (3, 2)):
        bump = torch.zeros(7, 5)
        bump[row, dim] = step
        up, down = (_shifted(replace(moved, queries_BD=by_hand.detach() + sign * bump), shift)
                    for sign in (1, -1))  # fmt: skip
        slope = (up - down) / (2 * step)
        assert float(queries.grad[row, dim]) == pytest.approx(slope, rel=0.02, abs=2e-3)


def _shifted(batch: ComposeBatch, shift: torch.Tensor) -> float:
    """The loss with logits shifted by constants, in float64; masks as they are at the shift."""
    queries, negatives = batch.queries_BD.double(), batch.negatives_BKD.double()
    own = torch.einsum("bd,bkd->bk", queries, negatives)
    scores = torch.cat([queries @ batch.targets_BD.double().T, own], 1)
    positives = torch.arange(7)
    masked = torch.cat([batch.target_ids_B[:, None] == batch.target_ids_B[None],
                        (batch.negative_ids_BK == batch.target_ids_B[:, None])
                        | ~batch.negative_valid_BK], 1)  # fmt: skip
    false = false_negative_mask(scores.float(), positives, MARGIN)
    false[:, 7:] &= ~batch.firm_BK
    masked |= false
    masked[positives, positives] = False
    return float(info_nce(scores / TEMPERATURE + shift.double(), positives, masked))


@given(st.integers(0, 10_000))
@settings(max_examples=20)
def test_what_is_kept_is_the_divergence_of_two_softmaxes(seed: int) -> None:
    rng = np.random.default_rng(seed)
    now, before = unit(rng, 6, 4), unit(rng, 6, 4)
    total = 0.0
    for i in range(6):
        others = [j for j in range(6) if j != i]
        old = [math.exp(float(before[i] @ before[j]) / TEMPERATURE) for j in others]
        new = [math.exp(float(now[i] @ now[j]) / TEMPERATURE) for j in others]
        total += sum(
            p / sum(old) * math.log((p / sum(old)) / (q / sum(new)))
            for p, q in zip(old, new, strict=True)
        )
    loss = keep_loss(now, before, 1 / TEMPERATURE)
    assert float(loss) == pytest.approx(total / 6, rel=1e-3, abs=1e-5)
    assert float(keep_loss(now, now, 1 / TEMPERATURE)) == pytest.approx(0.0, abs=1e-5)


def test_a_cut_batch_is_of_unit_norm_on_its_first_dimensions() -> None:
    batch = compose_batch(5)
    cut = batch.cut(3)
    for whole, part in (
        (batch.queries_BD, cut.queries_BD),
        (batch.negatives_BKD, cut.negatives_BKD),
    ):
        want = whole[..., :3] / whole[..., :3].norm(dim=-1, keepdim=True)
        torch.testing.assert_close(part, want)
    assert torch.equal(batch.cut(5).queries_BD, batch.queries_BD)


def test_the_query_image_counts_however_high_it_scores() -> None:
    batch = compose_batch(1, negatives=1)
    own = batch.queries_BD[:, None]
    batch = replace(
        batch,
        negatives_BKD=own,
        negative_valid_BK=torch.ones(7, 1, dtype=torch.bool),
        negative_ids_BK=torch.full((7, 1), 99),
        teacher_BC=None,
    )
    with_query = compose_loss(batch, PLAIN)
    without = compose_loss(
        replace(batch, negative_valid_BK=torch.zeros(7, 1, dtype=torch.bool)), PLAIN
    )
    assert float(with_query) > float(without) + 1


def test_a_target_that_stands_in_the_batch_twice_is_no_negative_of_itself() -> None:
    batch = compose_batch(2, num=2, negatives=1)
    batch = replace(
        batch,
        target_ids_B=torch.tensor([4, 4]),
        negative_valid_BK=torch.zeros(2, 1, dtype=torch.bool),
    )
    assert float(compose_loss(batch, PLAIN)) == 0.0


@given(st.integers(0, 10_000))
@settings(max_examples=20)
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
    assert float(align_loss(batch, SCALE)) == pytest.approx(total / 12, rel=1e-4)


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
