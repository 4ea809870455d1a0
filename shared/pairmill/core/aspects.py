"""Name the ways in which images differ: kinds, the words that betray them, and attributes.

Knows English words; knows no image and no pair.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property, lru_cache

from pairmill.core import wording
from pairmill.core.lexicon import ADMINISTRATIVE, NUMBERS, TAGS

SUBJECT, PERSON, ACTION, COLOUR, SIZE = "subject", "person", "action", "colour", "size"
TEXTURE, TRAIT, COUNT, STYLE, DETAIL = "texture", "trait", "count", "style", "detail"
BACKGROUND, ARRANGEMENT, MATERIAL = "background", "arrangement", "material"
ALSO = "also"
"""Words that only the query's texts hold and that no difference names; nobody may say them."""


@dataclass(frozen=True)
class Aspect:
    """One thing that is said of an image, such as colour: red."""

    kind: str
    text: str

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def parse_aspect(phrase: str) -> Aspect:
    """Return the aspect of its text; a phrase that names no kind is a detail."""
    kind, colon, text = phrase.partition(": ")
    return Aspect(kind, text) if colon and text.strip() else Aspect(DETAIL, phrase)


@dataclass(frozen=True, kw_only=True)
class Fact:
    """What one attribute says: its kind, its name in words and its values."""

    kind: str
    name: str
    values: tuple[str, ...]

    @cached_property
    def keys(self) -> frozenset[str]:
        """The content words of all values."""
        return frozenset().union(*map(wording.keys_of, self.values))


def _table(lists: Mapping[str, str]) -> dict[str, str]:
    return {word: kind for kind, line in lists.items() for word in line.split()}


KIND_OF_ATTRIBUTE = _table(
    {
        SUBJECT: "animal breed category class concept item kind label name object product species "
        "subject title type",
        COLOUR: "color colors colour colours hue",
        TEXTURE: "pattern texture surface",
        COUNT: "amount count number quantity",
        STYLE: "medium rendering style technique",
        BACKGROUND: "backdrop background",
        ARRANGEMENT: "arrangement layout",
        MATERIAL: "fabric material",
        PERSON: "gender sex",
        SIZE: "size",
    }
)

KIND_OF_WORD = _table(
    {
        COLOUR: "amber beige black blond blonde blue bronze brown crimson cyan gold golden green "
        "grey indigo khaki lilac magenta maroon mauve navy olive orange pink purple red scarlet "
        "silver teal turquoise violet white yellow dark pale multicolour colourful",
        SIZE: "big enormous giant huge large little long medium miniature short small tall tiny",
        TEXTURE: "chequered checked dotted floral hatched patterned plaid plain polka spotted "
        "striped tartan zigzag",
        COUNT: "one two three four five six seven eight nine ten eleven twelve single",
        TRAIT: "angry bald broken closed crossed curved dirty dry empty folded full happy locked "
        "new old open raised round rusty sad sleeveless sleepy square stacked straight thick thin "
        "triangular unlocked wet young low high lowered",
    }
)


_NO_VALUE = re.compile(
    r"https?:|www\.|^[\w.+-]+@|^[\d\s.,:/%+-]+$|^[0-9a-f]{8,}$|[/\\]\S+[/\\]|\.\w{3,4}$", re.I
)
_YES, _NO = frozenset(("true", "yes")), frozenset(("false", "no", "none", "null", "nan", "n/a"))
MAX_VALUE_CHARS, MAX_VALUES = 60, 4


def read_facts(
    attributes: Mapping[str, tuple[str, ...]],
) -> tuple[dict[str, Fact], tuple[str, ...]]:
    """Return what attributes say of an image, by name, and its tags.

    Left out: administrative names (split, license, url …) and values that are numbers, addresses,
    digests or whole texts. A list of more than four values is a bag of tags, whatever its name.
    """
    facts: dict[str, Fact] = {}
    tags: list[str] = []
    for raw, values in sorted(attributes.items()):
        name = _clean_name(raw)
        if not name or ADMINISTRATIVE & set(name.split()):
            continue
        kind = KIND_OF_ATTRIBUTE.get(name, name)
        said = tuple(v for value in values if (v := _clean_value(kind, value)))
        if name in TAGS or len(said) > MAX_VALUES:
            tags.extend(said)
        elif {v.casefold() for v in said} <= _YES and said:
            shown = re.sub(r"^(has|is|with) ", "", name)
            kind = TRAIT if name.startswith("is ") else DETAIL
            facts[name] = Fact(kind=kind, name=name, values=(shown,))
        elif said or all(value.casefold() in _NO for value in values):
            facts[name] = Fact(kind=kind, name=name, values=said)
    return facts, tuple(dict.fromkeys(tags))


@lru_cache(maxsize=4096)
def _clean_name(raw: str) -> str:
    spaced = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", raw)
    name = " ".join(re.findall(r"[^\W_]+", spaced)).casefold()
    return name if len(name) <= 30 else ""


@lru_cache(maxsize=65536)
def _clean_value(kind: str, raw: str) -> str:
    if kind == COUNT and raw.strip().isdecimal() and int(raw) < len(NUMBERS):
        return NUMBERS[int(raw)]
    plain = re.sub(r"\(.*?\)", " ", raw).replace("_", " ")
    value = " ".join(word.text for word in wording.words(plain))
    is_said = 0 < len(value) <= MAX_VALUE_CHARS and value.casefold() not in _NO
    return value if is_said and not _NO_VALUE.search(raw.strip()) else ""
