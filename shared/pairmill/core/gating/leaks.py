"""Reject instructions that tell what only the source shows. Knows descriptions and words.

Whoever names the source ("not red any more", "beardless", "from stripes to dots") gives a
retriever words that the target does not have. What it cannot: a synonym ("scarlet" for "red"), and
a description in another language than the instruction.
"""

from collections.abc import Mapping

from pairmill.core.gating.findings import Finding, Gate, by_text
from pairmill.core.gating.stems import GENERIC_STEMS, phrase_stems, stem, stems, tokens
from pairmill.core.lexicon import FUNCTION
from pairmill.core.records import Description
from pairmill.core.wording import key

NAME = "leakage"
EDGES = (0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
NEGATING = ("un", "non")
NO_CAPTIONS: Mapping[str, str] = {}


def source_stems(description: Description, target_caption: str = "") -> frozenset[str]:
    """Return the stems of content words that only the source's side has.

    Words of asking are nobody's; words that the target's side or both have are no secret, and
    those of its caption neither: a description by rules need not name all that both show.
    """
    theirs = phrase_stems(description.only_target + description.shared) | stems(target_caption)
    return phrase_stems(description.only_query) - theirs - GENERIC_STEMS


def leaked(text: str, secret: frozenset[str]) -> tuple[str, ...]:
    """Return the words of a text, as they stand, that have a stem of the source alone."""
    found = (word for word in tokens(text) if key(word) not in FUNCTION)
    return tuple(dict.fromkeys(word for word in found if _tells(word, secret)))


def _tells(word: str, secret: frozenset[str]) -> bool:
    if stem(word) in secret:
        return True
    return any(word.startswith(no) and stem(word.removeprefix(no)) in secret for no in NEGATING)


def weigh_leak(text: str, secret: frozenset[str], most: int) -> Finding:
    """Return the finding: `leakage` where more than `most` different words leak."""
    found = leaked(text, secret)
    value = ", ".join(found) or "none"
    return Finding(measure=len(found), value=value, rule=NAME if len(found) > most else "")


def leakage_gate(most: int, captions: Mapping[str, str] = NO_CAPTIONS) -> Gate:
    """Return the gate over leaks of the source. captions: by image id, as far as there are any."""

    def find(description: Description, text: str) -> Finding:
        said = captions.get(description.pair.target_id, "")
        return weigh_leak(text, source_stems(description, said), most)

    return Gate(name=NAME, threshold=most, edges=EDGES, weigh=by_text(find))
