"""Read the pool of demonstrations and draw some for a pair. Knows no prompt and no model.

A demonstration is a description with all that is to be written from it, made by hand. Fifty stand
in `demonstrations/en`, of which five are drawn for each pair (MegaPairs, appendix A), and some in
Korean in `demonstrations/ko`.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Any

from pairmill.core.ids import digest_of, generator

INSTRUCT, TELL, RELATE = "instruct", "tell", "relate"
ASKS = (INSTRUCT, TELL, RELATE)
"""What may be asked for: instructions, texts on the target alone, requests for what is related."""

Texts = Mapping[str, tuple[str, ...]]
"""By kind of text: command, phrase, question, sentence."""


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """A description, and what a good writer makes of it.

    about: what the two images differ in, in a word or two. written: by ask. hidden: in Korean,
    stems of words that only the query image's side has.
    """

    about: str
    shared: tuple[str, ...]
    only_query: tuple[str, ...]
    only_target: tuple[str, ...]
    text: str
    written: Mapping[str, Texts]
    hidden: tuple[str, ...] = ()


def pool(language: str) -> tuple[Demonstration, ...]:
    """Return all demonstrations in a language, in the order of their files."""
    return _read(language)[0]


def pool_version(language: str) -> str:
    """Return a digest of a pool's texts."""
    return _read(language)[1]


def draw(language: str, pair_id: str, *, seed: int, count: int) -> tuple[Demonstration, ...]:
    """Return `count` different demonstrations, which only seed and pair decide, in drawn order."""
    all_of_them = pool(language)
    rows = generator(seed, "demonstrations", language, pair_id).permutation(len(all_of_them))
    return tuple(all_of_them[row] for row in rows[:count])


@lru_cache(maxsize=8)
def _read(language: str) -> tuple[tuple[Demonstration, ...], str]:
    folder = files("pairmill.core.prompting") / "demonstrations" / language
    names = sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml"))
    rows = [
        row
        for name in names
        for row in tomllib.loads((folder / name).read_text("utf-8"))["demonstration"]
    ]
    return tuple(map(_made, rows)), digest_of(rows, length=12)


def _made(row: Mapping[str, Any]) -> Demonstration:
    lists = ("shared", "only_query", "only_target", "hidden")
    written = {
        ask: {kind: tuple(texts) for kind, texts in row[ask].items()} for ask in ASKS
    }  # fmt: skip
    return Demonstration(
        about=row["about"],
        text=row["text"],
        written=written,
        **{name: tuple(row.get(name, ())) for name in lists},
    )
