"""The values: strict, described, and the same in schema, templates, README and the plan."""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from pairmill.pipeline.plan import PLAN
from tests.charts.rendering import CHART, ROOT, Chart
from tests.charts.table import README, SCHEMA, written

REFUSED = {
    "an unknown key": ("workerz.miner.stages={mine}", "additional properties 'workerz'"),
    "an unknown key of a worker": ("workers.miner.stage={mine}", "additional properties 'stage'"),
    "an unknown key deep down": ("keda.fallback.replica=1", "additional properties 'replica'"),
    "a text for a number": ("keda.pollingSeconds=soon", "got string, want integer"),
    "a number below its bound": ("settings.maxAttempts=0", "minimum"),
    "a size without a unit that is known": ("gateway.tmpSize=2GB", "does not match pattern"),
    "the newest image": ("image.tag=latest", "'not' failed"),
    "the newest image of a store": ("redis.bundled.image.tag=latest", "'not' failed"),
    "a digest that is none": ("image.digests.miner=sha256:12", "does not match pattern"),
    "a pool that is not there": ("workers.miner.pool=gpus", 'pool "gpus" is not in `pools`'),
    "a pool of an odd name": ("pools.GPU.count=1", "'propertyNames'|does not match pattern"),
    "servers that are not there": ("workers.describer.llm=mllm", '"mllm" is not in llm.pools'),
    "a worker with a name of ours": ("workers.gateway.stages={mine}", "'not' failed"),
    "a name that is too long": ("workers.much-too-long-name.stages={mine}", "maxLength"),
    "a service type that is none": ("gateway.service.type=Ingress", "value must be one of"),
    "no store at all": ("s3.bundled.enabled=false", "neither bundled nor external"),
    "no memory limit": ("workers.miner.resources.limits=null", "missing property 'limits'"),
    "open policies": ("networkPolicy.clients=null", "missing property 'clients'"),
    "policies open to all": ("networkPolicy.clients={}", "got string, want object"),
    "a password that was taken away": ("redis.auth=null", "missing property 'auth'"),
}  # fmt: skip


def described(schema: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """Yield every key of the schema with its description."""
    for name, each in schema.get("properties", {}).items():
        yield f"{path}.{name}", each.get("description", "")
        yield from described(each, f"{path}.{name}")
    for name, each in schema.get("$defs", {}).items():
        yield f"$defs.{name}", each.get("description", "")
        yield from described(each, f"$defs.{name}")


def objects(schema: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Yield every level of ours: an object with named keys."""
    if isinstance(schema, dict):
        if "properties" in schema and isinstance(schema["properties"], dict):
            yield path, schema
        for key, inner in schema.items():
            yield from objects(inner, f"{path}.{key}")


def test_every_key_is_described() -> None:
    found = list(described(json.loads(SCHEMA.read_text())))
    assert len(found) > 150
    assert [key for key, text in found if not re.match(r"\S.{6,}\.$", text)] == []


def test_no_level_of_ours_takes_an_unknown_key() -> None:
    levels = list(objects(json.loads(SCHEMA.read_text())))
    assert [path for path, level in levels if level.get("additionalProperties") is not False] == []


def test_the_schema_needs_no_network() -> None:
    schema = SCHEMA.read_text()
    assert json.loads(schema)["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert [at for at in re.findall(r'"\$ref": "([^"]+)"', schema) if at[0] != "#"] == []


def test_the_table_of_values_in_the_readme_is_of_today() -> None:
    text = README.read_text("utf-8")
    assert text == written(text), "run: python -m tests.charts.table"


def test_workers_are_the_services_that_the_plan_queues_for() -> None:
    workers = yaml.safe_load((CHART / "values.yaml").read_text())["workers"]
    wanted: dict[str, list[str]] = {}
    for stage in PLAN:
        if not stage.job:
            wanted.setdefault(stage.service, []).append(stage.name)
    assert {name: worker["stages"] for name, worker in workers.items()} == wanted


def test_jobs_are_the_services_that_the_plan_starts() -> None:
    found = yaml.safe_load((CHART / "values.yaml").read_text())["jobs"]
    assert set(found) == {stage.service for stage in PLAN if stage.job}


def test_every_worker_has_its_row_in_both_readmes() -> None:
    workers = yaml.safe_load((CHART / "values.yaml").read_text())["workers"]
    for path in (ROOT / "README.md", README):
        rows = set(re.findall(r"^\| \[?`?([a-z]+)", path.read_text("utf-8"), re.MULTILINE))
        assert set(workers) <= rows, path


def test_the_chart_has_the_version_of_the_library() -> None:
    from pairmill import __version__

    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    assert (chart["version"], chart["appVersion"]) == (__version__, __version__)


@pytest.mark.cluster
@pytest.mark.parametrize("case", REFUSED)
def test_helm_refuses(chart: Chart, case: str) -> None:
    given, wanted = REFUSED[case]
    assert re.search(wanted, chart.refusal("--set", given))


@pytest.mark.cluster
def test_an_external_store_needs_credentials_and_addresses(helm4: Chart) -> None:
    outside = "redis.bundled.enabled=false,redis.external.address=redis.example.com:6379"
    assert "redis.auth.existingSecret" in helm4.refusal("--set", outside)
    assert "minItems" in helm4.refusal("--set-json", "networkPolicy.clients=[]")
    named = outside + ",redis.auth.existingSecret=mine"
    assert "redis.external.cidrs is empty" in helm4.refusal("--set", named)
