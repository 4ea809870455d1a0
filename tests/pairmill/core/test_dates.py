"""Dates of cameras: read strictly, said in words."""

from datetime import datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pairmill.core.dates import parse_exif_date, say_date


def test_an_exif_date_becomes_iso() -> None:
    assert parse_exif_date("2019:07:14 09:20:05") == "2019-07-14T09:20:05"
    assert parse_exif_date(" 2019:07:14 09:20:05\0") == "2019-07-14T09:20:05"


@pytest.mark.parametrize(
    "raw",
    ["", "0000:00:00 00:00:00", "    :  :     :  :  ", "2019:13:01 00:00:00", "2019-07-14", "b'x'",
     "1980:01:01 00:00:12", "1970:01:01 00:00:00", "1400:05:05 10:10:10", "9" * 1000],
)  # fmt: skip
def test_what_is_no_believable_date_is_none(raw: str) -> None:
    assert parse_exif_date(raw) == ""


@pytest.mark.parametrize(
    ("iso", "said"),
    [
        ("2019-07-14T09:20:05", ("taken on a summer morning in July 2019", "in summer",
                                 "in the morning")),
        ("2021-01-02T23:00:00", ("taken on a winter night in January 2021", "in winter",
                                 "at night")),
        ("2020-10-31T18:00:00", ("taken on an autumn evening in October 2020", "in autumn",
                                 "in the evening")),
        ("2020-04-01T00:00:00", ("taken in April 2020, in spring", "in spring", "")),
        ("2020-04-01", ("taken in April 2020, in spring", "in spring", "")),
        ("yesterday", ("", "", "")), ("", ("", "", "")),
    ],
)  # fmt: skip
def test_a_date_is_said_with_its_season_and_part_of_day(
    iso: str, said: tuple[str, str, str]
) -> None:
    assert say_date(iso) == said


def test_seasons_turn_round_in_the_south() -> None:
    northern = [say_date(f"2020-{month:02}-05")[1] for month in range(1, 13)]
    southern = [say_date(f"2020-{month:02}-05", southern=True)[1] for month in range(1, 13)]
    assert southern == northern[6:] + northern[:6]


@given(st.text(max_size=30))
def test_any_text_is_read_without_a_fault(raw: str) -> None:
    parsed = parse_exif_date(raw)
    assert not parsed or datetime.fromisoformat(parsed)
    say_date(raw)
