"""What an operation is: values, each with the functions that make it and the words that ask for it.

Knows pixels and words; knows no single operation.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from pairmill.editing.pixels import Pixels

Edit = Callable[[Pixels], Pixels]


def always(_: Pixels) -> bool:
    """Say yes: the operation fits every picture."""
    return True


@dataclass(frozen=True, kw_only=True)
class Value:
    """One value of an operation, such as `red` of recolour.

    variants: functions of equal meaning and different strength, one of which is drawn.
    phrasings: instructions, ready to use; they say what the target shows and nothing else.
    """

    variants: tuple[Edit, ...]
    phrasings: tuple[str, ...]


@dataclass(frozen=True, kw_only=True)
class Operation:
    """A kind of edit.

    values: by name. family: how many values one picture gets at a time, each the hard negative of
    the others. weight: how often it is drawn, beside 1. fits: whether a picture allows it.
    """

    values: Mapping[str, Value]
    family: int = 1
    weight: float = 1.0
    fits: Callable[[Pixels], bool] = always


def phrased(templates: tuple[str, ...], value: str) -> tuple[str, ...]:
    """Return the templates with {v} for the value and {a} for the value with its article."""
    article = "an" if value[:1] in "aeio" else "a"
    return tuple(template.format(v=value, a=f"{article} {value}") for template in templates)
