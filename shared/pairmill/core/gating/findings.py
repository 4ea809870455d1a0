"""What a gate is and what it finds of a text. Knows records; knows no rule and no model.

A gate never changes a text. What it says of one text of a pair does not depend on the order in
which the texts come.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pairmill.core.records import Description
from pairmill.core.synthesis import IMAGE_TO_TEXT, TASKS, Written

MAX_VALUE = 200


@dataclass(frozen=True, kw_only=True)
class Finding:
    """What a gate found of one text.

    measure: the number that the gate's threshold is set on; finite. value: what decided, short and
    printable. rule: by which the text falls; empty where it is kept. weight: how much a kept text
    shall count, above 0, at most 1.
    """

    measure: float
    value: str
    rule: str = ""
    weight: float = 1.0

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 1:
            raise ValueError(f"got a weight of {self.weight}, wanted one above 0 and at most 1")
        object.__setattr__(self, "value", self.value[:MAX_VALUE])

    @property
    def kept(self) -> bool:
        """Whether the text passes."""
        return not self.rule


Weigh = Callable[[Description, Sequence[Written]], list[Finding]]
"""One finding for each text, in order. The texts are of the description's pair."""


@dataclass(frozen=True, kw_only=True)
class Gate:
    """One gate.

    threshold: the measure at which texts begin to fall. edges: of the histogram of measures, N + 1
    ascending numbers for N bins; what lies beyond them is counted at the ends. tasks: the others'
    texts pass by without being seen.
    """

    name: str
    threshold: float
    edges: tuple[float, ...]
    weigh: Weigh
    tasks: tuple[str, ...] = TASKS


def said(written: Written) -> tuple[str, ...]:
    """Return what a model wrote for a task: the request of image→text is ours."""
    texts = (written.answer,) if written.task == IMAGE_TO_TEXT else (written.text, written.answer)
    return tuple(text for text in texts if text)


def by_text(find: Callable[[Description, str], Finding]) -> Weigh:
    """Return how to weigh texts one by one; of an instruction and its answer either may fall."""

    def weigh(description: Description, texts: Sequence[Written]) -> list[Finding]:
        return [_worst([find(description, text) for text in said(each)]) for each in texts]

    return weigh


def _worst(found: Sequence[Finding]) -> Finding:
    return next((finding for finding in found if not finding.kept), found[0])


def even_edges(low: float, high: float, bins: int = 20) -> tuple[float, ...]:
    """Return the edges of bins of one width."""
    return tuple(low + (high - low) * i / bins for i in range(bins + 1))
