"""Read prompts from their files and fill them in. Knows no model, no pair and no schema.

A prompt is a text file in `texts/` of named sections: `[system]` on a line of its own begins the
section `system`. `$name` is replaced by a value; a line whose every `$name` is empty falls away.
`[[query]]` on a line of its own is where a picture goes.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from string import Template

from pairmill.core.ids import digest_of

_SECTION = re.compile(r"^\[(\w+)\]\n", re.MULTILINE)
_SLOT = re.compile(r"^\[\[(\w+)\]\]\n?", re.MULTILINE)


@dataclass(frozen=True)
class Slot:
    """Where a picture stands among texts: `query`, `target` or `image`."""

    name: str


Parts = tuple[str | Slot, ...]


@dataclass(frozen=True, kw_only=True)
class Filled:
    """What a model is to read. version: of the prompt and of all that it was filled from."""

    version: str
    system: str
    user: Parts


@dataclass(frozen=True, kw_only=True)
class Prompt:
    """A prompt as its file has it. sections: by name."""

    name: str
    sections: Mapping[str, str]

    @property
    def version(self) -> str:
        """The prompt's name with a digest of its text."""
        return f"{self.name}/{digest_of(dict(self.sections), length=12)}"

    def fill(self, section: str, **values: object) -> str:
        """Return a section with its values; KeyError for a value that is not given.

        Values are put in once: what looks like `$name` in one of them stays as it is.
        """
        return "".join(_filled(line, values) for line in self.sections[section].splitlines(True))

    def parts(self, section: str, **values: object) -> Parts:
        """Return a section as texts and pictures' places, in order. Only the file has places:
        whatever a value holds is text."""
        pieces = _SLOT.split(self.sections[section])
        found: list[str | Slot] = []
        for i, piece in enumerate(pieces):
            if i % 2:
                found.append(Slot(piece))
                continue
            lines = piece.splitlines(keepends=True)
            text = "".join(_filled(line, values) for line in lines).strip("\n")
            if text:
                found.append(text)
        return tuple(found)


def _filled(line: str, values: Mapping[str, object]) -> str:
    template = Template(line)
    named = [str(values[name]) for name in template.get_identifiers()]
    return template.substitute(values) if any(named) or not named else ""


@lru_cache(maxsize=64)
def load_prompt(name: str) -> Prompt:
    """Return the prompt of `texts/<name>.txt`."""
    text = (files("pairmill.core.prompting") / "texts" / f"{name}.txt").read_text("utf-8")
    before, *pieces = _SECTION.split(text)
    assert not before, f"{name}: got text before the first section"
    sections = dict(zip(pieces[::2], (piece.strip("\n") for piece in pieces[1::2]), strict=True))
    return Prompt(name=name, sections=sections)
