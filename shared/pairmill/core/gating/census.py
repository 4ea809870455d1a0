"""Say what the kept texts are like: lengths, kinds, tasks, languages, words. Knows no gate."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from pairmill.core.gating.findings import said
from pairmill.core.gating.stems import tokens
from pairmill.core.synthesis import Written

MOST_USED = 20


@dataclass(frozen=True, kw_only=True)
class Census:
    """Counts over texts; sums of parts are the same in any order.

    words: how many texts have so many words. first: by first word. vocabulary: every word with how
    often it stands.
    """

    words: Counter[int] = field(default_factory=Counter)
    kinds: Counter[str] = field(default_factory=Counter)
    tasks: Counter[str] = field(default_factory=Counter)
    languages: Counter[str] = field(default_factory=Counter)
    first: Counter[str] = field(default_factory=Counter)
    vocabulary: Counter[str] = field(default_factory=Counter)

    def plus(self, other: "Census") -> "Census":
        """Return the sum of both."""
        mine, theirs = vars(self), vars(other)
        return Census(**{name: mine[name] + theirs[name] for name in mine})

    def to_parts(self) -> dict[str, dict[str, int]]:
        """Return all counts as values of JSON, of which `from_parts` makes the same again."""
        return {name: {str(key): counts[key] for key in sorted(counts)}
                for name, counts in vars(self).items()}  # fmt: skip

    @classmethod
    def from_parts(cls, parts: Mapping[str, Mapping[str, int]]) -> "Census":
        """Return the census that `to_parts` made these of."""
        found = {name: Counter(counts) for name, counts in parts.items()}
        words = Counter({int(length): num for length, num in parts["words"].items()})
        return cls(**{**found, "words": words})  # type: ignore[arg-type]

    @property
    def num_texts(self) -> int:
        """How many texts were counted."""
        return self.words.total()

    def to_plain(self) -> dict[str, Any]:
        """Return what a report shows, values of JSON; 0 where there is no text."""
        num_words = sum(length * num for length, num in self.words.items())
        return {
            "texts": self.num_texts,
            "words": {str(length): self.words[length] for length in sorted(self.words)},
            "words_mean": round(num_words / self.num_texts, 3) if self.num_texts else 0.0,
            "words_median": _median(self.words),
            "kinds": _by_number(self.kinds), "tasks": _by_number(self.tasks),
            "languages": _by_number(self.languages),
            "vocabulary": len(self.vocabulary),
            "vocabulary_per_thousand_words": round(1000 * len(self.vocabulary) / num_words, 3)
            if num_words else 0.0,
            "most_used": _by_number(self.vocabulary, MOST_USED),
            "first_words": _by_number(self.first, MOST_USED),
        }  # fmt: skip


def count_texts(texts: Iterable[Written]) -> Census:
    """Return the census of what models wrote."""
    census = Census()
    for written in texts:
        for text in said(written):
            found = tokens(text)
            census.words[len(found)] += 1
            census.vocabulary.update(found)
            census.first.update(found[:1])
        census.kinds[written.kind] += 1
        census.tasks[written.task] += 1
        census.languages[written.language] += 1
    return census


def _by_number(counts: Mapping[str, int], most: int | None = None) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0]))[:most])


def _median(lengths: Counter[int]) -> float:
    """Return the lower median."""
    seen, half = 0, lengths.total() / 2
    for length in sorted(lengths):
        seen += lengths[length]
        if seen >= half:
            return float(length)
    return 0.0
