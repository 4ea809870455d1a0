"""The chart under the helms at hand, and the manifests of every case."""

import os
from functools import cache
from pathlib import Path

import pytest

from tests.charts.rendering import CASES, Chart, Manifest
from tests.servers.tools import tool


@pytest.fixture(scope="session", params=["helm 4", "helm 3"])
def chart(request: pytest.FixtureRequest) -> Chart:
    """The chart under Helm 4, and under a Helm 3 where PAIRMILL_TEST_HELM3 names its program."""
    if request.param == "helm 4":
        return Chart(tool("helm"))
    named = os.environ.get("PAIRMILL_TEST_HELM3")
    if not named:
        pytest.skip("no Helm 3: name its program in PAIRMILL_TEST_HELM3")
    return Chart(Path(named))


@pytest.fixture(scope="session")
def helm4() -> Chart:
    """The chart under Helm 4, for what no version changes."""
    return Chart(tool("helm"))


@cache
def _rendered(chart: Chart, case: str) -> tuple[Manifest, ...]:
    return tuple(chart.render(*CASES[case]))


@pytest.fixture(params=CASES)
def manifests(helm4: Chart, request: pytest.FixtureRequest) -> list[Manifest]:
    """All manifests of one case."""
    return list(_rendered(helm4, request.param))
