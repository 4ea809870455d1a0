"""Who may talk to whom: exactly those who must, judged as a cluster would judge the policies."""

import pytest

from tests.charts.policies import Labels, allows, blocks_out
from tests.charts.rendering import CASES, VALUES, Chart, Manifest, of_kind, pods

pytestmark = pytest.mark.cluster
PORTS = {"redis": 6379, "s3": 9000, "qdrant": 6334, "gateway": 50050, "retriever": 50051}
STRANGER: Labels = {"app": "shop"}
REDIS_AND_S3 = {"redis", "s3"}
WANTED = {
    "ingestor": REDIS_AND_S3,
    "embedder": REDIS_AND_S3,
    "miner": REDIS_AND_S3 | {"qdrant"},
    "editor": REDIS_AND_S3,
    "describer": REDIS_AND_S3,
    "instructor": REDIS_AND_S3,
    "gatekeeper": REDIS_AND_S3,
    "trainer": REDIS_AND_S3,
    "indexer": REDIS_AND_S3,
    "trainer-job": REDIS_AND_S3,
    "evaluator-job": REDIS_AND_S3,
    "coordinator": REDIS_AND_S3,
    "gateway": REDIS_AND_S3,
    "retriever": {"s3", "qdrant"},
    "redis": set(),
    "s3": set(),
    "qdrant": set(),
    "test": set(),
}


def parts(manifests: list[Manifest]) -> dict[str, Labels]:
    """Return the labels of every pod, by its component."""
    found = [pod["metadata"]["labels"] for _, pod in pods(manifests)]
    return {labels["app.kubernetes.io/component"]: labels for labels in found}


def test_every_part_reaches_what_it_needs_and_nothing_else(helm4: Chart) -> None:
    manifests = helm4.render()
    labels = parts(manifests)
    reached = {
        caller: {to for to, port in PORTS.items() if allows(manifests, mine, labels[to], port)}
        for caller, mine in labels.items()
    }
    assert reached == WANTED


def test_the_helm_test_reaches_the_gateways_json(helm4: Chart) -> None:
    manifests = helm4.render()
    labels = parts(manifests)
    assert allows(manifests, labels["test"], labels["gateway"], 8080)


def test_a_stranger_reaches_gateway_and_retriever_and_no_store(helm4: Chart) -> None:
    manifests = helm4.render()
    labels = parts(manifests)
    for name, port in PORTS.items():
        open_to_all = name in ("gateway", "retriever")
        assert allows(manifests, STRANGER, labels[name], port) == open_to_all


def test_clients_can_be_narrowed(helm4: Chart) -> None:
    narrowed = 'networkPolicy.clients=[{"podSelector":{"matchLabels":{"app":"till"}}}]'
    manifests = helm4.render("--set-json", narrowed)
    labels = parts(manifests)
    assert not allows(manifests, STRANGER, labels["retriever"], 50051)
    assert allows(manifests, {"app": "till"}, labels["retriever"], 50051)
    assert allows(manifests, labels["test"], labels["gateway"], 8080)


def test_metrics_are_read_by_nobody_unless_it_is_said_who(helm4: Chart) -> None:
    labels = parts(helm4.render())
    assert not allows(helm4.render(), STRANGER, labels["miner"], 8081)
    opened = helm4.render("--set-json", 'networkPolicy.metrics=[{"podSelector":{}}]')
    assert allows(opened, STRANGER, labels["miner"], 8081)
    assert not allows(opened, STRANGER, labels["redis"], 6379)


def test_only_the_coordinator_calls_the_api_server(helm4: Chart) -> None:
    manifests = helm4.render()
    found = {part: blocks_out(manifests, labels) for part, labels in parts(manifests).items()}
    outside = {part: blocks for part, blocks in found.items() if blocks}
    assert outside == {"coordinator": {"0.0.0.0/0": {443, 6443}}}


def test_stores_outside_are_called_at_their_own_addresses(helm4: Chart) -> None:
    manifests = helm4.render(*CASES["production"])
    labels = parts(manifests)
    s3, redis, qdrant = "203.0.113.0/24", "198.51.100.10/32", "198.51.100.20/32"
    assert blocks_out(manifests, labels["miner"]) == {s3: {443}, redis: {6380}, qdrant: {6334}}
    assert blocks_out(manifests, labels["retriever"]) == {s3: {443}, qdrant: {6334}}
    assert blocks_out(manifests, labels["llm-mllm"]) == {}


def test_a_model_server_is_called_by_its_own_clients(helm4: Chart) -> None:
    manifests = helm4.render(*CASES["production"])
    labels = parts(manifests)
    server = labels["llm-mllm"]
    callers = [part for part, mine in labels.items() if allows(manifests, mine, server, 8000)]
    assert callers == ["describer"]


def test_a_model_server_reaches_a_hub_where_it_may_download(helm4: Chart) -> None:
    manifests = helm4.render(*CASES["everything"])
    assert blocks_out(manifests, parts(manifests)["llm-mllm"]) == {"0.0.0.0/0": {443}}


def test_no_rule_is_empty_and_so_open_to_all(manifests: list[Manifest]) -> None:
    for policy in of_kind(manifests, "NetworkPolicy"):
        spec = policy["spec"]
        for rule in [*spec.get("egress", []), *spec.get("ingress", [])]:
            assert rule.get("to") or rule.get("from"), policy["metadata"]["name"]
            assert rule["ports"], policy["metadata"]["name"]


def test_policies_can_be_left_out(helm4: Chart) -> None:
    assert of_kind(helm4.render("-f", str(VALUES / "nothing.yaml")), "NetworkPolicy") == []
