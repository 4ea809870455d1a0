"""Answers are data: strict JSON that fits, or a named fault; no text can do more than that."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pairmill.core.answers import FAULTS, MAX_CHARS, Fault, Parsed, parse_answer
from pairmill.core.fitting import MisfitError, check_fit

LIST = {"type": "array", "items": {"type": "string", "minLength": 1, "maxLength": 9},
        "minItems": 1, "maxItems": 2}  # fmt: skip
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"texts": LIST, "kind": {"enum": ["a", 1]}, "sure": {"type": "number"}},
    "required": ["texts"],
    "additionalProperties": False,
}
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=("Cs", "Cc"))),
    lambda inner: st.lists(inner, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=("Cs", "Cc"))), inner, max_size=4),
    max_leaves=12,
)  # fmt: skip


def fault(text: str, schema: dict[str, Any] | None = SCHEMA, *, cut_off: bool = False) -> str:
    got = parse_answer(text, schema, cut_off=cut_off)
    return got.name if isinstance(got, Fault) else ""


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("", "empty"),
        (" \n", "empty"),
        ("```json\n```", "not_json"),
        ('Sure! {"texts": ["x"]}', "text_around"),
        ('{"texts": ["x"]} I hope it helps', "text_around"),
        ('{"texts": ["x"]}{"texts": ["x"]}', "text_around"),
        ("I cannot see the pictures.", "not_json"),
        ('{"texts": ["x"', "not_json"),
        ("{'texts': ['x']}", "not_json"),
        ('{"texts": ["x"], }', "not_json"),
        ('{"texts": [__import__("os").getcwd()]}', "not_json"),
        ('{"texts": ["x"], "texts": ["y"]}', "doubled_key"),
        ('{"texts": ["x"], "sure": NaN}', "bad_number"),
        ('{"texts": ["x"], "sure": -Infinity}', "bad_number"),
        ('{"texts": ["x"], "sure": 1e999}', "bad_number"),
        ('{"texts": ["x"], "sure": ' + "9" * 5000 + "}", "bad_number"),
        ("[" * 5000, "too_deep"),
        ("[" * 40 + "]" * 40, "too_deep"),
        ('{"texts": ["\\ud800"]}', "bad_characters"),
        ('{"texts": ["a\\u0000"]}', "bad_characters"),
        ('{"\\udfff": 1}', "bad_characters"),
        ('{"texts": ["' + "x" * MAX_CHARS + '"]}', "too_big"),
        ("[]", "wrong_type"),
        ("null", "wrong_type"),
        ('{"texts": "x"}', "wrong_type"),
        ('{"texts": [1]}', "wrong_type"),
        ('{"texts": ["x"], "sure": true}', "wrong_type"),
        ("{}", "missing_key"),
        ('{"texts": ["x"], "more": 1}', "unknown_key"),
        ('{"texts": []}', "too_few"),
        ('{"texts": ["x", "y", "z"]}', "too_many"),
        ('{"texts": ["  "]}', "too_short"),
        ('{"texts": ["0123456789"]}', "too_long"),
        ('{"texts": ["x"], "kind": "b"}', "not_allowed"),
        ('{"texts": ["x"], "kind": true}', "not_allowed"),
    ],
)
def test_each_fault_has_its_name(text: str, name: str) -> None:
    assert fault(text) == name
    assert name in FAULTS


def test_what_fits_is_the_value_and_nothing_else() -> None:
    text = '  {"texts": ["x", "y"], "kind": 1, "sure": 0.5}\n'
    got = parse_answer(text, SCHEMA)
    assert got == Parsed(value={"texts": ["x", "y"], "kind": 1, "sure": 0.5})
    assert parse_answer("[1]", None) == Parsed(value=[1])


@pytest.mark.parametrize("fence", ["```", "```json", "```JSON "])
def test_fences_are_tolerated_and_told(fence: str) -> None:
    got = parse_answer(f'{fence}\n{{"texts": ["x"]}}\n```', SCHEMA)
    assert got == Parsed(value={"texts": ["x"]}, fenced=True)
    assert fault(f'Here:\n{fence}\n{{"texts": ["x"]}}\n```') == "text_around"


def test_an_answer_that_was_cut_off_says_so_unless_it_is_whole() -> None:
    assert fault('{"texts": ["x', cut_off=True) == "truncated"
    assert fault("", cut_off=True) == "truncated"
    assert fault('{"texts": ["x"]}', cut_off=True) == ""
    assert fault('{"texts": []}', cut_off=True) == "too_few"


def test_a_fault_says_where_it_is_in_few_printable_words() -> None:
    got = parse_answer('{"texts": ["x", "0123456789"]}', SCHEMA)
    assert str(got) == "a text is too long (answer.texts[1]: at most 9 characters)"
    doubled = parse_answer('{"\\ud800": 1, "\\ud800": 2}', SCHEMA)
    assert isinstance(doubled, Fault)
    doubled.detail.encode()


@settings(deadline=None, max_examples=300)
@given(VALUES)
def test_every_json_value_is_read_as_the_standard_reads_it(value: Any) -> None:
    for text in (json.dumps(value), json.dumps(value, ensure_ascii=False, indent=2)):
        got = parse_answer(text, None)
        assert isinstance(got, Parsed)
        assert json.dumps(got.value) == json.dumps(value)


@settings(deadline=None, max_examples=500)
@given(st.text(max_size=200) | st.text('{}[]",:` \\n\\u123trufalsejson', max_size=60))
def test_no_text_raises_and_what_passes_fits(text: str) -> None:
    got = parse_answer(text, SCHEMA)
    if isinstance(got, Fault):
        assert got.name in FAULTS
        str(got).encode()
    else:
        assert 1 <= len(got.value["texts"]) <= 2
        assert set(got.value) <= {"texts", "kind", "sure"}


@settings(deadline=None, max_examples=200)
@given(st.text(max_size=40), st.integers(0, 40))
def test_a_good_answer_cut_anywhere_is_a_fault(before: str, at: int) -> None:
    whole = json.dumps({"texts": ["x"], "kind": "a"})
    part = whole[: at % len(whole)]
    assert fault(part)
    assert fault(part, cut_off=True) == "truncated"
    assert fault(f"{before}x {whole}") in {"text_around", "not_json", "bad_number", "too_deep"}


def test_a_schema_that_says_more_than_can_be_checked_is_refused() -> None:
    with pytest.raises(ValueError, match="pattern"):
        check_fit("x", {"type": "string", "pattern": "x"})
    with pytest.raises(ValueError, match="additionalProperties"):
        check_fit({}, {"type": "object", "additionalProperties": {"type": "string"}})


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [("object", {}, []), ("array", [], {}), ("string", "", 1), ("boolean", True, 1),
     ("integer", 1, True), ("integer", 1, 1.5), ("number", 1.5, "1"), ("null", None, 0)],
)  # fmt: skip
def test_types_are_those_of_json(kind: str, good: Any, bad: Any) -> None:
    check_fit(good, {"type": kind})
    with pytest.raises(MisfitError) as caught:
        check_fit(bad, {"type": kind})
    assert caught.value.name == "wrong_type"
