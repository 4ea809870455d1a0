"""Means, intervals and paired differences, against scipy's t and cases by hand."""

import statistics

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from services.standalone.ablating.weighing import difference, mean_of, t_975

KNOWN = {1: 12.7062, 2: 4.3027, 3: 3.1824, 4: 2.7764, 9: 2.2622, 29: 2.0452, 30: 2.0423, 1000: 1.96}
"""Quantiles of a printed table (NIST/SEMATECH e-Handbook, 1.3.6.7.2), to four decimals."""


@pytest.mark.parametrize("degrees", KNOWN)
def test_the_quantiles_are_those_of_student_s_t(degrees: int) -> None:
    assert t_975(degrees) == pytest.approx(KNOWN[degrees], abs=3e-3)


def test_less_than_one_degree_of_freedom_is_refused() -> None:
    with pytest.raises(ValueError, match="wanted 1 or more"):
        t_975(0)


def test_one_seed_has_a_mean_and_no_interval() -> None:
    one = mean_of([0.5])
    assert (one.mean, one.half, one.num, one.sure) == (0.5, None, 1, False)


def test_an_interval_by_hand() -> None:
    found = mean_of([0.50, 0.52, 0.54])
    assert found.mean == pytest.approx(0.52)
    assert found.half == pytest.approx(4.303 * 0.02 / 3**0.5)


@settings(max_examples=50)
@given(some.lists(some.floats(0, 1), min_size=2, max_size=8))
def test_an_interval_grows_with_the_spread_and_holds_equal_values_in_a_point(
    values: list[float],
) -> None:
    found = mean_of(values)
    assert found.half is not None
    wide = mean_of([2 * value for value in values])
    assert wide.half == pytest.approx(2 * found.half)
    assert found.half >= statistics.stdev(values) * 1.9 / len(values) ** 0.5 - 1e-12
    assert mean_of([values[0]] * 3).half == pytest.approx(0, abs=1e-12)


def test_a_difference_is_taken_within_each_seed_that_both_have() -> None:
    found = difference({0: 0.30, 1: 0.50, 2: 0.9}, {0: 0.20, 1: 0.41, 3: 0.1})
    assert found is not None
    assert found.num == 2
    assert found.mean == pytest.approx(0.095)
    assert found.half == pytest.approx(12.706 * statistics.stdev([0.10, 0.09]) / 2**0.5)
    assert found.sure
    assert difference({0: 1.0}, {1: 1.0}) is None


def test_a_difference_whose_interval_holds_zero_is_not_sure() -> None:
    found = difference({0: 0.30, 1: 0.30}, {0: 0.20, 1: 0.40})
    assert found is not None
    assert not found.sure
