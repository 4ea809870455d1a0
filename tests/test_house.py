"""The budgets and habits of the house: sizes, first sentences, names, and honest ignores."""

import ast
import re
import statistics
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MAX_FILE, MAX_ARCHITECTURE, MEDIAN_FILE = 200, 300, 90
MAX_FUNCTION, MEDIAN_FUNCTION, MAX_PARAMETERS = 40, 10, 5
GENERATED = ("shared/pairmill/pb/",)
NO_NAMES = {"utils", "util", "common", "manager", "managers", "helpers", "helper", "misc"}
Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, kw_only=True)
class Source:
    """One Python file of the library or a service."""

    name: str
    text: str

    @property
    def num_lines(self) -> int:
        """How long the file is."""
        return len(self.text.splitlines())

    @property
    def functions(self) -> Iterator[Function]:
        """Every function and method, inner ones included."""
        for node in ast.walk(ast.parse(self.text)):
            if isinstance(node, Function):
                yield node


@cache
def sources() -> tuple[Source, ...]:
    """Return every file that somebody wrote; an `__init__.py` may be empty."""
    found = []
    for folder in ("shared/pairmill", "services"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            name, text = path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
            if text and not name.startswith(GENERATED):
                found.append(Source(name=name, text=text))
    return tuple(found)


def num_lines(function: Function) -> int:
    """Return the lines from `def` to the end, docstring included."""
    assert function.end_lineno is not None
    return function.end_lineno - function.lineno + 1


def parameters(function: Function) -> list[str]:
    """Return a function's parameters apart from self and cls."""
    given = function.args
    named = [a.arg for a in (*given.posonlyargs, *given.args, *given.kwonlyargs)]
    stars = [a.arg for a in (given.vararg, given.kwarg) if a]
    return [name for name in named + stars if name not in ("self", "cls")]


def test_there_is_a_house() -> None:
    assert len(sources()) > 50


def test_no_file_is_too_long() -> None:
    limits = {s.name: MAX_ARCHITECTURE if "/models/" in s.name else MAX_FILE for s in sources()}
    assert [f"{s.name}: {s.num_lines}" for s in sources() if s.num_lines > limits[s.name]] == []


def test_the_typical_file_is_short() -> None:
    assert statistics.median(source.num_lines for source in sources()) <= MEDIAN_FILE


def test_no_function_is_too_long() -> None:
    assert [
        f"{source.name}:{function.lineno} {function.name}: {num_lines(function)}"
        for source in sources()
        for function in source.functions
        if num_lines(function) > MAX_FUNCTION
    ] == []


def test_the_typical_function_is_short() -> None:
    lengths = [num_lines(function) for source in sources() for function in source.functions]
    assert statistics.median(lengths) <= MEDIAN_FUNCTION


def test_no_function_takes_too_many_parameters() -> None:
    assert [
        f"{source.name}:{function.lineno} {function.name}: {', '.join(parameters(function))}"
        for source in sources()
        for function in source.functions
        if len(parameters(function)) > MAX_PARAMETERS
    ] == []


def test_every_file_says_in_its_first_sentence_what_it_does() -> None:
    silent = []
    for source in sources():
        first = (ast.get_docstring(ast.parse(source.text)) or "").partition("\n\n")[0]
        if not re.match(r"[A-Z`].{10,}?[.:]", first, re.DOTALL):
            silent.append(source.name)
    assert silent == []


def test_no_type_is_ignored_without_saying_which_error() -> None:
    bare = re.compile(r"#\s*(type:\s*ignore(?!\[)|noqa(?!:))")
    assert [
        f"{source.name}:{number}"
        for source in sources()
        for number, line in enumerate(source.text.splitlines(), 1)
        if bare.search(line)
    ] == []


def test_no_module_has_a_name_that_says_nothing() -> None:
    names = {part for source in sources() for part in source.name.removesuffix(".py").split("/")}
    assert names & NO_NAMES == set()


def test_nothing_is_left_to_be_done_later() -> None:
    later = re.compile(r"#.*\b(TODO|FIXME|XXX|HACK)\b|NotImplementedError")
    assert [source.name for source in sources() if later.search(source.text)] == []


def test_every_room_says_what_it_is_for() -> None:
    """A package's docstring, or the README of a service, is what a newcomer reads first."""
    silent = []
    for folder in ("shared/pairmill", "services"):
        for path in sorted((ROOT / folder).rglob("__init__.py")):
            told = path.read_text("utf-8").startswith('"""') or (path.parent / "README.md").exists()
            if not told and path.parent != ROOT / "services":
                silent.append(path.parent.relative_to(ROOT).as_posix())
    assert silent == []
