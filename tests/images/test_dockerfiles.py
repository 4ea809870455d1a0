"""What images are made of: pinned, without root or index, torch only where it is needed."""

import re
import tomllib
from functools import cache
from pathlib import Path

import pytest
import yaml

from pairmill.pipeline.plan import PLAN
from tests.images.dockerfiles import DOCKER, ROOT, instructions, needed, stages

FILES = sorted(DOCKER.glob("*.Dockerfile"))
WITHOUT_QUEUE = {"gateway", "coordinator", "retriever"}
SERVICES = {stage.service for stage in PLAN} | WITHOUT_QUEUE
both = pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)


@cache
def extras() -> dict[str, list[str]]:
    """Return the packages that every extra names."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    found: dict[str, list[str]] = project["optional-dependencies"]
    return found


def has_torch(service: str) -> bool:
    """Say whether a service's extra names torch, itself or through another extra."""
    for package in extras().get(service, []):
        inner = re.match(r"pairmill\[(.+)\]", package)
        if package.startswith("torch==") or (inner and any(map(has_torch, inner[1].split(",")))):
            return True
    return False


def pins(lock: Path) -> dict[str, str]:
    """Return the packages of a lock with their versions and markers."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", lock.read_text(), re.MULTILINE))


def services(path: Path) -> set[str]:
    """Return the services that a Dockerfile builds."""
    return {stage.name.removeprefix("on-") for stage in stages(path)[1] if "on-" in stage.name}


def test_there_is_an_image_for_every_service_and_a_gpu_one_where_there_is_torch() -> None:
    assert services(DOCKER / "cpu.Dockerfile") == SERVICES
    assert services(DOCKER / "gpu.Dockerfile") == {name for name in SERVICES if has_torch(name)}


@both
def test_torch_is_in_those_images_that_need_it_and_in_no_other(path: Path) -> None:
    for service in services(path):
        names = [stage.name for stage in needed(path, service)]
        assert ("torch" in names) == has_torch(service), service


@both
def test_layers_of_torch_come_before_the_argument(path: Path) -> None:
    shared = [stage for stage in stages(path)[1] if stage.name in ("base", "torch")]
    assert len(shared) == 2
    assert not [line for stage in shared for line in stage.instructions if "SERVICE" in line]


@both
def test_an_image_runs_as_nobody_and_in_exec_form(path: Path) -> None:
    last = stages(path)[1][-1].instructions
    assert [line for line in last if line.startswith("USER")] == ["USER 10001:10001"]
    (entry,) = [line for line in last if line.startswith(("ENTRYPOINT", "CMD"))]
    assert entry.startswith('ENTRYPOINT ["')
    copies = [i for i, line in enumerate(last) if line.startswith(("COPY", "RUN"))]
    assert last.index("USER 10001:10001") > max(copies)


@both
def test_the_base_is_pinned_and_can_be_given(path: Path) -> None:
    head, _ = stages(path)
    (base,) = [line for line in head if line.startswith("ARG BASE=")]
    assert re.fullmatch(r"ARG BASE=python:3\.11\.\d+-slim-\w+(@sha256:[0-9a-f]{64})?", base)


@both
def test_every_package_is_pinned_by_hash_and_no_index_is_named(path: Path) -> None:
    installs = [line for line in instructions(path) if "pip install" in line]
    assert installs
    assert [line for line in installs if "--require-hashes -r /locks/" not in line] == []
    assert not re.search(r"https?://|index-url|find-links|trusted-host", path.read_text())


@both
def test_nothing_is_fetched_but_by_pip(path: Path) -> None:
    assert not re.search(r"^ADD|\b(curl|wget|apt-get|git clone)\b", path.read_text(), re.MULTILINE)


@both
def test_every_lock_that_is_installed_is_there(path: Path) -> None:
    names = {"towers" if "torch" in path.read_text() else ""} | services(path)
    assert [name for name in names if name and not (ROOT / f"locks/{name}.txt").exists()] == []


def test_the_shared_layers_hold_what_every_service_with_models_wants() -> None:
    shared = pins(ROOT / "locks/towers.txt")
    assert "torch" in shared
    for service in services(DOCKER / "gpu.Dockerfile"):
        own = pins(ROOT / f"locks/{service}.txt")
        assert {name: own.get(name) for name in shared} == shared, service


def test_the_context_is_what_images_are_made_of() -> None:
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert [line for line in lines if line.startswith("!")] == ["!locks", "!services", "!shared"]
    assert lines[1] == "*"


def test_skaffold_builds_every_service_and_hands_it_to_the_chart() -> None:
    skaffold = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
    built = skaffold["build"]["artifacts"]
    images = {each["image"]: each["docker"]["buildArgs"]["SERVICE"] for each in built}
    assert images == {f"pairmill-{name}": name for name in SERVICES}
    (release,) = skaffold["deploy"]["helm"]["releases"]
    assert release["setValueTemplates"] == {
        f"image.references.{name}": f"{{{{.IMAGE_FULLY_QUALIFIED_pairmill_{name}}}}}"
        for name in SERVICES
    }
    assert [each["localPort"] for each in skaffold["portForward"]] == [50050, 8080, 50051, 9000]


def test_skaffolds_gpu_profile_builds_those_with_torch_from_the_other_file() -> None:
    skaffold = yaml.safe_load((ROOT / "skaffold.yaml").read_text())
    built = skaffold["build"]["artifacts"]
    assert [profile["name"] for profile in skaffold["profiles"]] == ["laptop", "gpu"]
    patched = {
        built[int(patch["path"].split("/")[3])]["docker"]["buildArgs"]["SERVICE"]
        for patch in skaffold["profiles"][1]["patches"]
        if patch["path"].startswith("/build/artifacts/")
    }
    assert patched == {name for name in SERVICES if has_torch(name)}
