"""The gates' thresholds: what is refused, and what is switched off."""

from typing import Any, get_args

import pytest
from pydantic import ValidationError

from pairmill.config.gating import GateName, GatingConfig
from pairmill.core.gating import (
    aimless,
    answerable,
    copies,
    judging,
    languages,
    leaks,
    lengths,
    naming,
    phrases,
    twins,
)


def test_every_gate_has_a_name_that_can_be_switched_off() -> None:
    modules = (lengths.WORDS, lengths.CHARS, languages.NAME, phrases.REFUSAL, phrases.STOCK,
               copies.NAME, leaks.NAME, twins.NAME, naming.NAME, answerable.NAME, aimless.NAME,
               judging.NAME)  # fmt: skip
    assert get_args(GateName) == modules


@pytest.mark.parametrize("gate", get_args(GateName))
def test_a_gate_runs_unless_it_is_off(gate: GateName) -> None:
    assert GatingConfig(names_target=True).runs(gate)
    assert not GatingConfig(skip=(gate,), names_target=True).runs(gate)


@pytest.mark.parametrize(
    "wrong",
    [{"skip": ["schema"]}, {"min_words": 9, "max_words": 8}, {"min_chars": 9, "max_chars": 8},
     {"copy_words": 1}, {"alike": 0}, {"leaked_words": -1}, {"floor": 1.1},
     {"answerable": {"spaces": []}}, {"answerable": {"weight": 0}}, {"judging": {"least": 0}},
     {"unknown": 1}],
)  # fmt: skip
def test_values_out_of_bounds_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        GatingConfig.model_validate(wrong)
