"""The chart with the laptop's values, from installing to uninstalling: one release, in order."""

import pytest

from tests.cluster import journey
from tests.cluster.controlplane.plane import Cluster
from tests.cluster.release import LAPTOP, QUICK, Release, wait_for
from tests.servers.conftest import Emoji

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(900)]
COST = "controller.kubernetes.io/pod-deletion-cost"


@pytest.fixture(scope="module")
def release(cluster: Cluster) -> Release:
    """The release that this module's tests go through with."""
    return journey.install(cluster, "laptop")


def test_every_pod_but_the_coordinators_has_no_token(release: Release) -> None:
    token = {
        pod["metadata"]["labels"]["app.kubernetes.io/component"]: any(
            volume["name"].startswith("kube-api-access") for volume in pod["spec"]["volumes"]
        )
        for pod in release.items("api/v1", "pods")
    }
    assert [part for part, has in token.items() if has] == ["coordinator"]


def test_the_coordinator_may_mark_a_pod_as_busy_and_change_nothing_else(release: Release) -> None:
    pod = release.path("api/v1", "pods", release.pods("describer")[0]["metadata"]["name"])
    account = "pairmill-coordinator"

    def refused(body: dict[str, object]) -> str:
        return release.may(account, "patch", pod, body)

    assert refused({"metadata": {"annotations": {COST: "100"}}}) == ""
    assert "no annotation but" in refused({"metadata": {"annotations": {"other": "1"}}})
    assert "no label" in refused({"metadata": {"labels": {"other": "1"}}})
    assert "not patch what a pod runs" in refused({"spec": {"activeDeadlineSeconds": 5}})
    for path, method in ((pod, "DELETE"), (release.path("api/v1", "secrets"), "GET"),
                         ("/api/v1/nodes", "GET")):  # fmt: skip
        assert "403" in release.may(account, method, path, {})


def test_everybody_elses_account_may_do_nothing(release: Release) -> None:
    assert "403" in release.may("pairmill", "GET", release.path("api/v1", "pods"), {})


def test_three_hundred_emoji_give_the_bytes_of_the_embedded_run(
    release: Release, emoji: Emoji
) -> None:
    run = journey.run(release, emoji.corpus, emoji.config)
    assert journey.committed(release) == emoji.committed
    # The run may end, and take the evaluation's Job away, before Kubernetes sees that it is done.
    wait_for("the training's Job", lambda: succeeded(release, f"{run}-train"))


def test_workers_were_marked_busy_while_they_worked_and_idle_afterwards(release: Release) -> None:
    (embedder,) = release.pods("embedder")
    path = release.path("api/v1", "pods", embedder["metadata"]["name"])
    wait_for("the embedder is idle", lambda: release.cluster.api.get(path)["metadata"].get(
        "annotations", {}).get(COST) == "0")  # fmt: skip


def succeeded(release: Release, name: str) -> bool:
    """Say whether a Job that the coordinator made has succeeded, and will go with the release."""
    for job in release.items("apis/batch/v1", "jobs"):
        if job["metadata"]["annotations"]["pairmill.io/job"] == name:
            (owner,) = job["metadata"]["ownerReferences"]
            assert (owner["kind"], owner["name"]) == ("ServiceAccount", "pairmill-coordinator")
            return bool(job["status"].get("succeeded") == 1)
    raise AssertionError(f"no Job {name}")


def test_a_query_of_image_and_text_is_answered(release: Release, emoji: Emoji) -> None:
    answer = journey.ask(release, journey.an_image(emoji.corpus))
    assert [hit.rank for hit in answer.hits] == [1, 2, 3, 4, 5]
    assert answer.gallery_size == 300


def test_helms_own_test_passes(release: Release) -> None:
    assert "Succeeded" in release.helm("test", "pairmill", "--timeout", "120s")


def test_an_upgrade_keeps_the_secrets_and_replaces_no_pod(release: Release) -> None:
    drawn = {"s3": "secret-key", "redis": "password", "qdrant": "api-key", "gateway": "api-key"}
    secrets = {part: release.secret(part, key) for part, key in drawn.items()}
    pods = {pod["metadata"]["uid"] for pod in release.items("api/v1", "pods")}
    release.install(LAPTOP, QUICK)
    assert {part: release.secret(part, key) for part, key in drawn.items()} == secrets
    assert {pod["metadata"]["uid"] for pod in release.items("api/v1", "pods")} <= pods


def test_keda_scales_the_describer_with_its_open_tasks(release: Release) -> None:
    seen = journey.scale(release)
    assert (seen[0], max(seen), seen[-1]) == (0, 3, 0)


def test_an_uninstall_leaves_the_volumes_that_the_notes_name(release: Release) -> None:
    assert journey.leave(release) == journey.LEFT
