"""Reject refusals and what models say around an answer, by phrases. Knows no language's grammar.

Small and capital letters are one, and so are all marks: "I'm sorry" and "I’M SORRY -" are told by
the same phrase.
"""

from collections.abc import Sequence

from pairmill.core.gating.findings import Finding, Gate, by_text
from pairmill.core.gating.stems import tokens
from pairmill.core.gating.words import BOILERPLATE, REFUSALS
from pairmill.core.records import Description

REFUSAL, STOCK = "refusal", "boilerplate"
EDGES = (0.0, 1.0, 2.0, 3.0, 4.0)


def found_phrases(text: str, phrases: Sequence[str]) -> tuple[str, ...]:
    """Return which of the phrases a text holds, in their order.

    A phrase is small letters and blanks; `^` before it binds it to the text's beginning. Its words
    are whole, save that Korean ones may go on: an ending joins the word.
    """
    plain = f" {' '.join(tokens(text))} "
    return tuple(phrase for phrase in phrases if _holds(plain, phrase))


def _holds(plain: str, phrase: str) -> bool:
    bare = phrase.removeprefix("^")
    wanted = f" {bare}" if "가" <= bare[0] <= "힣" else f" {bare.strip()} "
    return plain.startswith(wanted) if phrase.startswith("^") else wanted in plain


def weigh_phrases(text: str, phrases: Sequence[str], rule: str) -> Finding:
    """Return the finding: falls by `rule` where one phrase or more is found; the measure counts
    them."""
    found = found_phrases(text, phrases)
    value = ", ".join(phrase.lstrip("^").strip() for phrase in found) or "none"
    return Finding(measure=len(found), value=value, rule=rule if found else "")


def refusal_gate() -> Gate:
    """Return the gate over refusals, rule `refusal`."""
    return _gate(REFUSAL, REFUSALS)


def boilerplate_gate() -> Gate:
    """Return the gate over prefaces, labels and talk of the task itself, rule `boilerplate`."""
    return _gate(STOCK, BOILERPLATE)


def _gate(name: str, phrases: Sequence[str]) -> Gate:
    def find(_: Description, text: str) -> Finding:
        return weigh_phrases(text, phrases, name)

    return Gate(name=name, threshold=1, edges=EDGES, weigh=by_text(find))
