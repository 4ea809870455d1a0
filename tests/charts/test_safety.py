"""What must never appear in a manifest, and what must in every pod."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from tests.charts.rendering import Manifest, containers, jobs, named, of_kind, pods

pytestmark = pytest.mark.cluster
NEVER = {"hostNetwork", "hostPID", "hostIPC", "hostPath", "hostPort", "privileged"}
HELD = {"allowPrivilegeEscalation", "readOnlyRootFilesystem", "capabilities"}
SECRET_WORDS = re.compile(r"PASSWORD|SECRET|TOKEN|API_KEY|REDIS__URL|ACCESS_KEY|ROOT_USER|_AUTH$")


def keys(value: Any) -> Iterator[str]:
    """Yield every key anywhere in a manifest."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from keys(inner)
    if isinstance(value, list):
        for inner in value:
            yield from keys(inner)


def test_no_pod_reaches_into_its_node(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests):
        assert NEVER.isdisjoint(keys(pod)), name


def test_every_pod_is_held_to_the_restricted_standard(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests):
        held = pod["spec"]["securityContext"]
        assert held["runAsNonRoot"] is True, name
        assert held["runAsUser"] >= 10000, name
        assert held["seccompProfile"] == {"type": "RuntimeDefault"}, name
        for container in containers(pod):
            inner = container["securityContext"]
            assert inner["allowPrivilegeEscalation"] is False, name
            assert inner["readOnlyRootFilesystem"] is True, name
            assert inner["capabilities"] == {"drop": ["ALL"]}, name
            assert set(inner) == HELD, name


def test_everything_that_is_written_lies_in_a_mount(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests):
        if not name.startswith("Pod/"):
            mounts = {each["mountPath"] for each in pod["spec"]["containers"][0]["volumeMounts"]}
            assert "/tmp" in mounts, name


def test_only_the_coordinator_is_given_a_token(manifests: list[Manifest]) -> None:
    given = [name for name, pod in pods(manifests) if pod["spec"]["automountServiceAccountToken"]]
    assert [name.rpartition("-")[2] for name in given] == ["coordinator"]
    for account in of_kind(manifests, "ServiceAccount"):
        assert account["automountServiceAccountToken"] is False


def test_nobody_may_do_more_than_start_jobs_and_patch_pods(manifests: list[Manifest]) -> None:
    assert of_kind(manifests, "ClusterRole", "ClusterRoleBinding") == []
    (role,) = of_kind(manifests, "Role")
    allowed = {(group, what): rule["verbs"] for rule in role["rules"]
               for group in rule["apiGroups"] for what in rule["resources"]}  # fmt: skip
    assert allowed == {
        ("batch", "jobs"): ["create", "get", "list", "watch", "delete"],
        ("", "pods"): ["get", "list", "watch", "patch"],
    }
    (binding,) = of_kind(manifests, "RoleBinding")
    (subject,) = binding["subjects"]
    assert subject["name"].endswith("-coordinator")


def test_the_policy_holds_exactly_the_coordinators_account(manifests: list[Manifest]) -> None:
    policies = of_kind(manifests, "ValidatingAdmissionPolicy")
    (binding,) = of_kind(manifests, "RoleBinding")
    account = f"system:serviceaccount:mill:{binding['subjects'][0]['name']}"
    for policy in policies:
        (condition,) = policy["spec"]["matchConditions"]
        assert condition["expression"] == f"request.userInfo.username == '{account}'"
        assert policy["spec"]["failurePolicy"] == "Fail"
    bindings = of_kind(manifests, "ValidatingAdmissionPolicyBinding")
    assert [each["spec"]["policyName"] for each in bindings] == [
        policy["metadata"]["name"] for policy in policies
    ]


def test_every_image_has_a_version(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests):
        for container in containers(pod):
            last = container["image"].rpartition("/")[2]
            assert re.search(r":(?!latest)[\w.-]+(@sha256:[0-9a-f]{64})?$", last), (name, last)


def test_every_container_says_what_it_needs_and_where_it_ends(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests):
        for container in containers(pod):
            assert set(container["resources"]["requests"]) >= {"cpu", "memory"}, name
            assert "memory" in container["resources"]["limits"], name


def test_whatever_stays_up_is_asked_whether_it_is_well(manifests: list[Manifest]) -> None:
    for found in of_kind(manifests, "Deployment", "StatefulSet"):
        for container in found["spec"]["template"]["spec"]["containers"]:
            asked = {"startupProbe", "readinessProbe", "livenessProbe"}
            assert asked <= set(container), found["metadata"]["name"]


def test_no_secret_stands_in_an_environment_or_a_config_map(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests):
        for container in containers(pod):
            for variable in container.get("env", []):
                if SECRET_WORDS.search(variable["name"]):
                    assert "secretKeyRef" in variable.get("valueFrom", {}), (name, variable["name"])
    for found in of_kind(manifests, "ConfigMap"):
        assert not [key for key in found["data"] if SECRET_WORDS.search(key)]


def test_what_is_drawn_as_a_secret_stands_in_secrets_alone(manifests: list[Manifest]) -> None:
    secrets = of_kind(manifests, "Secret")
    drawn = {value for found in secrets for value in found["stringData"].values()}
    rest = yaml.safe_dump([found for found in manifests if found["kind"] != "Secret"])
    assert [value for value in drawn if value in rest] == []
    assert all(len(value) >= 32 for value in drawn)


def test_a_job_that_cannot_succeed_ends_and_an_eviction_does_not_count(
    manifests: list[Manifest],
) -> None:
    found = {job["metadata"]["name"]: job for job in jobs(manifests)}
    assert set(found) == {"trainer", "evaluator"}
    for name, job in found.items():
        ignored, ended = job["spec"]["podFailurePolicy"]["rules"]
        assert ignored["action"] == "Ignore"
        assert [each["type"] for each in ignored["onPodConditions"]] == ["DisruptionTarget"]
        assert ended["onExitCodes"] == {"containerName": name, "operator": "In", "values": [3]}
        pod = job["spec"]["template"]["spec"]
        assert pod["restartPolicy"] == "Never"
        (container,) = pod["containers"]
        assert container["command"] == ["python", "-m", f"services.{name}"]
        assert container["terminationMessagePolicy"] == "FallbackToLogsOnError"
        assert "args" not in container


def test_no_deployment_counts_a_jobs_pod_as_its_own(manifests: list[Manifest]) -> None:
    for found in of_kind(manifests, "Deployment"):
        wanted = found["spec"]["selector"]["matchLabels"].items()
        for name, pod in pods(manifests):
            own = name.removeprefix("Deployment/") == found["metadata"]["name"]
            if not own:
                assert not wanted <= pod["metadata"]["labels"].items(), name


def test_rings_and_calls_are_drained_before_the_end(manifests: list[Manifest]) -> None:
    for found in of_kind(manifests, "Deployment"):
        part = found["metadata"]["name"].rpartition("-")[2]
        (container,) = found["spec"]["template"]["spec"]["containers"]
        held_back = container.get("lifecycle", {}).get("preStop")
        wanted = {"sleep": {"seconds": 5}} if part in ("gateway", "retriever") else None
        assert held_back == wanted, part


def test_the_jobs_folder_is_mounted_where_the_coordinator_looks(manifests: list[Manifest]) -> None:
    (name,) = [each["metadata"]["name"] for each in of_kind(manifests, "Deployment")
               if each["metadata"]["name"].endswith("-coordinator")]  # fmt: skip
    pod = named(manifests, "Deployment", name)["spec"]["template"]["spec"]
    environment = {each["name"]: each.get("value") for each in pod["containers"][0]["env"]}
    mounts = {each["mountPath"] for each in pod["containers"][0]["volumeMounts"]}
    assert environment["PAIRMILL_KUBERNETES__TEMPLATES"] in mounts
