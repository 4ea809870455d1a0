"""What the documents tell to type or to look for is there: targets, commands, settings, names."""

import argparse
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from pairmill.settings import Settings
from services.cli.__main__ import parser
from tests.project.documents import PAGES, ROOT, blocks, commands, spans
from tests.project.settings_table import PAGE, rows, written

OTHERS = {
    "PAIRMILL_GATEWAY", "PAIRMILL_API_KEY", "PAIRMILL_TOOLS", "PAIRMILL_TEST_QDRANT",
    "PAIRMILL_TEST_QDRANT_API_KEY", "PAIRMILL_TEST_HELM3",
}  # fmt: skip
"""Of the command line and of the tests; a test below holds them to the code."""
every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))


def code() -> str:
    """Return all of our programs' text."""
    folders = ("shared/pairmill", "services", "tests")
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    paths = [path for path in paths if path.parent.name != "project"]  # they only talk of it
    return "".join(path.read_text("utf-8") for path in [*paths, ROOT / "tests/tools/build.sh"])


def subcommands() -> dict[str, argparse.ArgumentParser]:
    """Return what `pairmill` can do, by name."""
    actions = parser()._actions
    (found,) = [each for each in actions if isinstance(each, argparse._SubParsersAction)]
    return dict(found.choices)


@every_page
def test_every_make_target_that_a_page_names_exists(page: Path) -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = {word for words in commands(page, "make") for word in words[:1]}
    assert {word for word in named if "=" not in word} <= targets


@every_page
def test_every_pairmill_command_and_flag_that_a_page_names_exists(page: Path) -> None:
    known = subcommands()
    for words in commands(page, "pairmill"):
        if words[0] in ("COMMAND", "--version"):
            continue
        assert words[0] in known, words
        flags = {flag for action in known[words[0]]._actions for flag in action.option_strings}
        assert {word for word in words if word.startswith("--")} <= flags, words


@every_page
def test_every_setting_that_a_page_names_exists(page: Path) -> None:
    known = {name for name, _, _ in rows(Settings)} | OTHERS
    for name in re.findall(r"PAIRMILL_\w+\b(?!__…|…|\*)", page.read_text("utf-8")):
        assert name in known or name.endswith("__"), name


def test_settings_of_the_command_line_and_the_tests_are_read_somewhere() -> None:
    assert {name for name in OTHERS if name not in code()} == set()


@every_page
def test_every_value_that_a_page_sets_by_helm_is_one_of_the_chart(page: Path) -> None:
    values = yaml.safe_load((ROOT / "charts/pairmill/values.yaml").read_text("utf-8"))
    told = [*spans(page), *blocks(page, "sh")]
    for path in re.findall(r"--set ([\w.]+)=", "\n".join(told)):
        assert reached(values, path.split(".")), path


def reached(values: Any, path: list[str]) -> bool:
    """Say whether keys lead to a value; an empty map may hold any."""
    for key in path:
        if values == {}:
            return True
        if not isinstance(values, dict) or key not in values:
            return False
        values = values[key]
    return True


@every_page
def test_every_example_in_python_compiles(page: Path) -> None:
    for example in blocks(page, "python"):
        compile(example, str(page), "exec")


def test_every_log_event_and_metric_is_explained_and_no_other() -> None:
    page = (ROOT / "docs/troubleshooting.md").read_text("utf-8")
    programs = "".join(
        path.read_text("utf-8")
        for folder in ("shared/pairmill", "services")
        for path in sorted((ROOT / folder).rglob("*.py"))
    )
    events = set(re.findall(r'\bevent\(\s*"([^"]+)"', programs)) | {"not ready", "ready"}
    metrics = re.findall(r'(Counter|Gauge|Histogram)\(\s*"(pairmill_\w+)"', programs)
    names = {name + "_total" * (kind == "Counter" and not name.endswith("_total"))
             for kind, name in metrics}  # fmt: skip
    log, _, rest = page.partition("## Log events")[2].partition("## Metrics")
    told = rest.partition("## What lies where")[0]
    rows_of_log = "".join(re.findall(r"^(\|[^|]+\|)", log, re.MULTILINE))
    assert set(re.findall(r"`([^`]+)`", rows_of_log)) == events
    assert set(re.findall(r"^\| `(pairmill_\w+)`", told, re.MULTILINE)) == names


def test_every_reason_that_a_call_is_refused_for_is_explained() -> None:
    page = (ROOT / "docs/serving.md").read_text("utf-8")
    folders = ("shared/pairmill/serving", "services/gateway", "services/retriever")
    paths = [path for folder in folders for path in sorted((ROOT / folder).rglob("*.py"))]
    pattern = r'(?:StatusCode|code)\.[A-Z_]+,\s*"([A-Z_]+)"|refused\(\s*"([A-Z_]+)"'
    found = re.findall(pattern, "".join(path.read_text("utf-8") for path in paths))
    reasons = {name for pair in found for name in pair if name} - {"GONE", "NOT_FOUND"}
    assert {name for name in reasons if f"`{name}`" not in page} == set()


def test_the_table_of_settings_is_of_today() -> None:
    text = PAGE.read_text("utf-8")
    assert text == written(text), "run: make docs"


def test_every_setting_is_described() -> None:
    assert [name for name, _, meaning in rows(Settings) if not meaning] == []
