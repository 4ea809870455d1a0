"""Fixtures that every test may use: real corpora, and what a skip means."""

import os
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="session")
def corpora() -> Path:
    """The folder of real corpora; skips where it is absent."""
    folder = Path(os.environ.get("PAIRMILL_CORPORA", ROOT / "../shared/corpora")).resolve()
    if not (folder / "fluent-emoji").is_dir():
        pytest.skip(f"no corpora at {folder}; name their folder in PAIRMILL_CORPORA")
    return folder


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, Any, pytest.TestReport]:
    """Turn skips into failures where PAIRMILL_REQUIRE=all, but for GPUs and named servers."""
    report: pytest.TestReport = yield
    excused = "GPU" in str(report.longrepr) or "PAIRMILL_TEST_" in str(report.longrepr)
    if report.skipped and os.environ.get("PAIRMILL_REQUIRE") == "all" and not excused:
        report.outcome = "failed"
    return report
