"""Read the pool of demonstrations and draw some for a pair. Knows no prompt and no model.

A demonstration is a description with all that is to be written from it, made by hand. Fifty stand
in `demonstrations/en`, of which five are drawn for each pair (MegaPairs, appendix A), and some in
Korean in `demonstrations/ko`. `demonstrations/en_plain` has plain ones, which small models follow;
they show instructions alone.
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


def folder_of(language: str, kind: str) -> str:
    """Return where a language's demonstrations lie; kind: fine or plain."""
    return language if kind == "fine" else f"{language}_{kind}"


def pool(folder: str) -> tuple[Demonstration, ...]:
    """Return all demonstrations of a folder, named as its language, in the order of its files."""
    return _read(folder)[0]


def pool_version(folder: str) -> str:
    """Return a digest of a pool's texts."""
    return _read(folder)[1]


def draw(folder: str, name: str, *, seed: int, count: int) -> tuple[Demonstration, ...]:
    """Return `count` different demonstrations, which only seed and name decide, in drawn order.

    name: the pair's, or a set's that several pairs share.
    """
    all_of_them = pool(folder)
    rows = generator(seed, "demonstrations", folder, name).permutation(len(all_of_them))
    return tuple(all_of_them[row] for row in rows[:count])


@lru_cache(maxsize=8)
def _read(name: str) -> tuple[tuple[Demonstration, ...], str]:
    folder = files("pairmill.core.prompting") / "demonstrations" / name
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
        ask: {kind: tuple(texts) for kind, texts in row.get(ask, {}).items()} for ask in ASKS
    }  # fmt: skip
    return Demonstration(
        about=row["about"],
        text=row["text"],
        written=written,
        **{name: tuple(row.get(name, ())) for name in lists},
    )
