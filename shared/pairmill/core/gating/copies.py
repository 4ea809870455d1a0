"""Reject copies of the prompt or of a demonstration. Knows given texts; knows no prompt's file.

What tells a copy is the order of its content words: three in a row that stand so in a given text
and of which the pair's own description lacks one. Words of asking ("show me the same one") are
everybody's, and a short text may be right by chance ("in red"): neither is held to be copied.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from pairmill.core.gating.findings import Finding, Gate, by_text, even_edges
from pairmill.core.gating.stems import content_words
from pairmill.core.records import Description

NAME = "copy"
Run = tuple[str, ...]


@dataclass(frozen=True)
class CopyIndex:
    """All runs of `length` content words of some texts; made once, asked for every text."""

    runs: frozenset[Run]
    length: int

    @classmethod
    def of(cls, texts: Iterable[str], length: int = 3) -> "CopyIndex":
        """Return the index of given texts; ValueError for a length below 2."""
        if length < 2:
            raise ValueError(f"got runs of {length} words, wanted 2 or more")
        found = (run for text in texts for run in _runs(content_words(text), length))
        return cls(frozenset(found), length)

    def copied(self, text: str, own: frozenset[str] = frozenset()) -> tuple[list[str], float]:
        """Return the copied content words, and their share of all content words, 0 to 1.

        own: stems of the pair's description. A run is no copy where all its words are among them.
        """
        said = content_words(text)
        marked = [False] * len(said)
        for i, run in enumerate(_runs(said, self.length)):
            if run in self.runs and not own.issuperset(run):
                marked[i : i + self.length] = [True] * self.length
        copied = [word for word, is_copied in zip(said, marked, strict=True) if is_copied]
        return copied, len(copied) / len(said) if said else 0.0


def _runs(words: list[str], length: int) -> list[Run]:
    return [tuple(words[i : i + length]) for i in range(len(words) - length + 1)]


def description_stems(description: Description) -> frozenset[str]:
    """Return the stems of all content words of a description."""
    sides = (description.shared, description.only_query, description.only_target)
    texts = [phrase for side in sides for phrase in side]
    return frozenset(word for text in (*texts, description.text) for word in content_words(text))


def weigh_copy(text: str, index: CopyIndex, own: frozenset[str], most: float) -> Finding:
    """Return the finding: `copy` where more than `most` of the content words are copied."""
    copied, share = index.copied(text, own)
    value = f"{share:.2f}: {' '.join(copied)}" if copied else "none"
    return Finding(measure=share, value=value, rule=NAME if share > most else "")


def copy_gate(index: CopyIndex, most: float) -> Gate:
    """Return the gate over copies of the texts in an index."""

    def find(description: Description, text: str) -> Finding:
        return weigh_copy(text, index, description_stems(description), most)

    return Gate(name=NAME, threshold=most, edges=even_edges(0, 1), weigh=by_text(find))
