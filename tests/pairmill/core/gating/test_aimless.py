"""How far a text puts the target above the query image: by hand, and against a walk."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.gating.aimless import aimless_gate, find_leads, weigh_lead
from pairmill.core.gating.answerable import Space
from pairmill.core.synthesis import COMPOSED, COMPOSED_TO_TEXT
from tests.pairmill.core.gating.pairs import CALM, described, written

AXES = np.eye(4, dtype=np.float32)


def test_a_text_that_points_at_the_target_leads_and_one_at_the_query_image_trails() -> None:
    images = AXES[[0, 1, 2, 3, 3]]  # scores 1, 0, 0, 0, 0: a deviation of 0.4
    space = Space(texts_MD=AXES[[0, 1, 2]], images_ND=images)
    assert find_leads([space], [(1, 0), (1, 0), (1, 0)]) == pytest.approx([2.5, -2.5, 0.0])


@CALM
@given(st.integers(1, 6), st.integers(2, 7), st.integers(0, 2**31))
def test_spaces_count_alike_and_ends_in_turn_change_the_sign(
    texts: int, images: int, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    spaces = [Space(texts_MD=draw.standard_normal((texts, 3)).astype(np.float32),
                    images_ND=draw.standard_normal((images, 3)).astype(np.float32))
              for _ in range(2)]  # fmt: skip
    ends = [(int(q), int(t)) for q, t in draw.integers(images, size=(texts, 2))]
    both = find_leads(spaces, ends)
    each = [find_leads([space], ends) for space in spaces]
    assert both == pytest.approx(np.mean(each, axis=0).tolist(), abs=1e-5)
    turned = find_leads(spaces, [(target, query) for query, target in ends])
    assert turned == pytest.approx([-lead for lead in both], abs=1e-5)


@pytest.mark.parametrize(("lead", "rule"), [(0.24, "aimless"), (0.25, ""), (-1.0, "aimless")])
def test_what_leads_by_less_than_the_least_falls(lead: float, rule: str) -> None:
    found = weigh_lead(lead, 0.25)
    assert (found.measure, found.rule) == (lead, rule)


def test_a_text_that_could_not_be_read_passes_whatever_others_do() -> None:
    gate = aimless_gate({("pair", "what is this?"): 0.0}, 0.25)
    texts = [written("what is this?"), written("파란색으로")]
    assert [found.rule for found in gate.weigh(described(), texts)] == ["aimless", ""]
    assert gate.tasks == (COMPOSED, COMPOSED_TO_TEXT)
