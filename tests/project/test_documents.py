"""What the documents promise must be there: links, rules, result tables, locks."""

import json
import re
from pathlib import Path

import pytest

from benchmarks.table import PAGE, README, make_readme, make_table

ROOT = Path(__file__).resolve().parents[2]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("services/*/README.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_to_a_file(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_the_table_of_benchmarks_is_made_from_the_result_files() -> None:
    assert PAGE.read_text() == make_table(), "run python -m benchmarks.table"
    assert README.read_text() == make_readme(), "run python -m benchmarks.table"


def test_every_result_names_its_machine_date_command_and_goals() -> None:
    for path in (ROOT / "benchmarks/results").glob("*.json"):
        result = json.loads(path.read_text())
        assert set(result) == {"figures", "goals", "details", "machine", "date", "command"}
        assert set(result["figures"]) == set(result["goals"]), path.name
        assert result["command"] == f"make bench NAME={path.stem}"


def test_every_rule_that_the_code_rejects_by_stands_in_the_report_page() -> None:
    page = (ROOT / "docs/report.md").read_text()
    code = "".join(
        path.read_text()
        for folder in ("shared/pairmill", "services")
        for path in sorted((ROOT / folder).rglob("*.py"))
    )
    pattern = r'RejectError\(\s*"(\w+)"|out\.reject\([^"()]*, "(\w+)"'
    rules = set(re.findall(pattern, code))
    for rule in {name for pair in rules for name in pair if name}:
        assert f"`{rule}`" in page, rule


def test_every_extra_has_a_lock_with_hashes_and_without_an_address() -> None:
    import tomllib

    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    assert {path.stem for path in (ROOT / "locks").glob("*.txt")} == set(extras)
    for path in (ROOT / "locks").glob("*.txt"):
        text = path.read_text()
        assert "://" not in text, path.name
        assert "--hash=sha256:" in text, path.name


def test_the_extras_of_services_without_models_bring_no_torch() -> None:
    for name in ("ingestor", "miner", "editor", "describer", "instructor"):
        assert "torch" not in (ROOT / f"locks/{name}.txt").read_text(), name
