"""Read the documents: their code, and the commands and names in it. Judges nothing."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGES = [
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/*.md"),
    *ROOT.glob("services/*/README.md"),
    *ROOT.glob("charts/*/README.md"),
    *ROOT.glob("charts/*/templates/NOTES.txt"),
]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`]+)`")


def blocks(page: Path, kind: str) -> list[str]:
    """Return the code blocks of one language."""
    return [code for named, code in FENCE.findall(page.read_text("utf-8")) if named == kind]


def spans(page: Path) -> list[str]:
    """Return what stands in backticks in the text, each on one line."""
    text = FENCE.sub("", page.read_text("utf-8"))
    return [" ".join(span.split()) for span in SPAN.findall(text)]


def commands(page: Path, program: str) -> Iterator[list[str]]:
    """Yield the words of every command that begins with a program, the program left out."""
    lines = [line for code in blocks(page, "sh") for line in code.replace("\\\n", " ").split("\n")]
    lines += page.read_text("utf-8").split("\n") if page.suffix == ".txt" else spans(page)
    for line in lines:
        for part in re.split(r"&&|;", line.replace(".venv/bin/", "")):
            if re.match(rf"\s*{program}\s", part):
                yield shlex.split(part, comments=True)[1:]
