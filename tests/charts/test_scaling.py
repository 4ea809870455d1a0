"""Workers and model servers follow the number of open tasks, or stay at a fixed number."""

import pytest

from pairmill.pipeline.plan import PLAN
from tests.charts.rendering import CASES, Chart, Manifest, named, of_kind

pytestmark = pytest.mark.cluster
GPU = "nvidia.com/gpu"


def lists(scaled: Manifest) -> list[str]:
    """Return the sorted sets that a ScaledObject counts."""
    return [trigger["metadata"]["listName"] for trigger in scaled["spec"]["triggers"]]


def test_every_stage_of_the_plan_but_jobs_scales_exactly_its_own_worker(helm4: Chart) -> None:
    scaled = of_kind(helm4.render(), "ScaledObject")
    found = {each["metadata"]["name"].removeprefix("pairmill-"): lists(each) for each in scaled}
    wanted: dict[str, list[str]] = {}
    for stage in PLAN:
        if not stage.job:
            wanted.setdefault(stage.service, []).append(f"pairmill:active:{stage.name}:open")
    assert found == wanted


def test_a_scaled_deployment_has_no_replicas_of_its_own(manifests: list[Manifest]) -> None:
    scaled = {each["spec"]["scaleTargetRef"]["name"] for each in
              of_kind(manifests, "ScaledObject", "HorizontalPodAutoscaler")}  # fmt: skip
    for found in of_kind(manifests, "Deployment"):
        assert ("replicas" in found["spec"]) == (found["metadata"]["name"] not in scaled)


def test_model_servers_follow_the_tasks_of_their_clients(helm4: Chart) -> None:
    manifests = helm4.render(*CASES["production"])
    for pool, stages in (("mllm", ("caption", "describe")), ("llm", ("instruct",))):
        scaled = named(manifests, "ScaledObject", f"pairmill-llm-{pool}")
        assert lists(scaled) == [f"pairmill:active:{stage}:open" for stage in stages]
    pod = named(manifests, "Deployment", "pairmill-describer")["spec"]["template"]["spec"]
    environment = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    assert environment["PAIRMILL_CHAT__BASE_URL"] == "http://pairmill-llm-mllm.mill.svc:8000/v1"
    (port,) = named(manifests, "Service", "pairmill-llm-mllm")["spec"]["ports"]
    assert port["port"] == 8000


def test_a_password_never_stands_in_a_trigger(manifests: list[Manifest]) -> None:
    for found in of_kind(manifests, "ScaledObject"):
        for trigger in found["spec"]["triggers"]:
            assert "password" not in trigger["metadata"]
            name = trigger["authenticationRef"]["name"]
            (target,) = named(manifests, "TriggerAuthentication", name)["spec"]["secretTargetRef"]
            assert target["parameter"] == "password"


def test_the_speed_of_scaling_can_be_set(helm4: Chart) -> None:
    quick = ("--set", "keda.pollingSeconds=1,keda.cooldownSeconds=2,keda.initialCooldownSeconds=0",
             "--set", "keda.behavior.scaleDown.stabilizationWindowSeconds=0",
             "--set", "workers.miner.scaling.max=3,workers.miner.scaling.listLength=1")  # fmt: skip
    spec = named(helm4.render(*quick), "ScaledObject", "pairmill-miner")["spec"]
    assert (spec["pollingInterval"], spec["cooldownPeriod"], spec["maxReplicaCount"]) == (1, 2, 3)
    assert {trigger["metadata"]["listLength"] for trigger in spec["triggers"]} == {"1"}
    behavior = spec["advanced"]["horizontalPodAutoscalerConfig"]["behavior"]
    assert behavior["scaleDown"]["stabilizationWindowSeconds"] == 0


def test_a_pool_says_where_its_pods_run_and_what_they_take(helm4: Chart) -> None:
    manifests = helm4.render(*CASES["production"])
    pod = named(manifests, "Deployment", "pairmill-embedder")["spec"]["template"]["spec"]
    assert pod["nodeSelector"] == {"cloud.google.com/gke-accelerator": "nvidia-l4"}
    assert [each["key"] for each in pod["tolerations"]] == [GPU]
    (container,) = pod["containers"]
    assert container["resources"]["limits"][GPU] == 1
    assert container["image"].endswith("-gpu")


def test_other_pools_ask_for_no_gpu(helm4: Chart) -> None:
    pod = named(helm4.render(), "Deployment", "pairmill-embedder")["spec"]["template"]["spec"]
    assert GPU not in pod["containers"][0]["resources"]["limits"]
    assert "nodeSelector" not in pod
