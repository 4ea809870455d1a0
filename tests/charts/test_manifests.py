"""What the chart renders: helm and Kubernetes' own schemas take it, under all values at hand."""

import subprocess
from pathlib import Path

import pytest
import yaml

from tests.charts.openapi import write_schemas
from tests.charts.rendering import CASES, CHART, Chart, Manifest, jobs
from tests.servers.tools import tool

pytestmark = pytest.mark.cluster
NOT_OURS = "PodMonitor,PrometheusRule"
"""Kinds of the Prometheus operator, whose definitions are in no module that the tests build."""


@pytest.fixture(scope="session")
def schemas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the JSON schema of every kind."""
    folder = tmp_path_factory.mktemp("schemas")
    write_schemas(folder)
    return folder


def conform(manifests: list[Manifest], schemas: Path) -> "subprocess.CompletedProcess[str]":
    """Run kubeconform on manifests."""
    where = f"{schemas}/{{{{.ResourceKind}}}}{{{{.KindSuffix}}}}.json"
    command = [
        str(tool("kubeconform")),
        "-strict",
        "-schema-location",
        where,
        "-skip",
        NOT_OURS,
        "-",
    ]
    text = yaml.safe_dump_all(manifests)
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("case", CASES)
def test_helm_finds_nothing_to_complain_of(chart: Chart, case: str) -> None:
    done = chart.run("lint", "--strict", CHART, *CASES[case])
    assert done.returncode == 0, done.stdout + done.stderr


def test_kubernetes_knows_every_field(manifests: list[Manifest], schemas: Path) -> None:
    done = conform([*manifests, *jobs(manifests)], schemas)
    assert done.returncode == 0, done.stdout


def test_an_unknown_field_would_be_seen(helm4: Chart, schemas: Path) -> None:
    manifests = helm4.render()
    for found in manifests:
        if found["kind"] == "Deployment":
            found["spec"]["template"]["spec"]["hostNetwrok"] = True
        if found["kind"] == "ScaledObject":
            found["spec"]["polling"] = 1
    said = conform(manifests, schemas).stdout
    assert "hostNetwrok" in said
    assert "polling" in said


def test_both_helms_render_the_same_kinds(chart: Chart, helm4: Chart) -> None:
    def names(of: Chart) -> list[tuple[str, str]]:
        found = of.render(*CASES["everything"])
        return sorted((each["kind"], each["metadata"]["name"]) for each in found)

    assert names(chart) == names(helm4)


def test_names_fit_even_under_the_longest_release_name(helm4: Chart) -> None:
    longest = "a" + "b" * 51 + "c"
    scaled = ("--set", "keda.enabled=true,llm.enabled=true", "--set",
              "llm.pools.elevenchars.model=m,workers.describer.llm=elevenchars",
              "--set", "workers.fifteen-letters.stages={mine}")  # fmt: skip
    names = [found["metadata"]["name"] for found in helm4.render(*scaled, release=longest)]
    hpas = [f"keda-hpa-{name}" for name in names if "llm-" in name and "-to-" not in name]
    assert [name for name in (*names, *hpas) if len(name) > 63] == []
    other = helm4.render(*scaled, release=longest[:-1] + "d")
    assert set(names).isdisjoint(found["metadata"]["name"] for found in other)


def test_a_release_of_another_name_bears_the_charts_name_too(helm4: Chart) -> None:
    names = {found["metadata"]["name"] for found in helm4.render(release="search")}
    assert "search-pairmill-gateway" in names
