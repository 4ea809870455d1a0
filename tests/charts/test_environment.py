"""Every environment variable that the chart sets is one that the settings read."""

from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel, TypeAdapter

from pairmill.settings import Settings
from tests.charts.rendering import Manifest, containers, of_kind, pods

pytestmark = pytest.mark.cluster


def names(model: type[BaseModel], prefix: str) -> Iterator[tuple[str, Any]]:
    """Yield the variables that a model reads, with their types."""
    for name, field in model.model_fields.items():
        whole = f"{prefix}{name.upper()}"
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from names(field.annotation, f"{whole}__")
        else:
            yield whole, field.annotation


PORTS = {
    "PAIRMILL_PROBE_PORT": "probes",
    "PAIRMILL_SERVER__PORT": "grpc",
    "PAIRMILL_SERVER__HTTP_PORT": "http",
}
KNOWN = dict(names(Settings, "PAIRMILL_"))


def variables(manifests: list[Manifest]) -> Iterator[tuple[str, str | None]]:
    """Yield every variable of Pairmill's that some pod gets, with its value if it is plain."""
    for found in of_kind(manifests, "ConfigMap"):
        yield from ((name, value) for name, value in found["data"].items() if name.isupper())
    for _, pod in pods(manifests):
        for container in containers(pod):
            for variable in container.get("env", []):
                yield variable["name"], variable.get("value")


def test_every_variable_is_a_setting(manifests: list[Manifest]) -> None:
    set_here = {name for name, _ in variables(manifests) if name.startswith("PAIRMILL_")}
    assert len(set_here) > 25
    assert sorted(set_here - set(KNOWN)) == []


def test_every_value_is_one_that_the_setting_takes(manifests: list[Manifest]) -> None:
    for name, value in variables(manifests):
        if name in KNOWN and value is not None:
            TypeAdapter(KNOWN[name]).validate_python(value, strict=False)


def test_a_value_of_another_kind_would_be_seen() -> None:
    with pytest.raises(ValueError, match="valid integer"):
        TypeAdapter(KNOWN["PAIRMILL_MAX_ATTEMPTS"]).validate_python("three")


def test_ports_are_those_that_containers_name_and_probes_ask(manifests: list[Manifest]) -> None:
    for name, pod in pods(manifests):
        for container in containers(pod):
            ports = {p["name"]: str(p["containerPort"]) for p in container.get("ports", [])}
            said = {each["name"]: each.get("value") for each in container.get("env", [])}
            for variable, port in PORTS.items():
                assert variable not in said or said[variable] == ports[port], name
            for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
                asked = container.get(probe, {})
                at = asked.get("httpGet", asked.get("tcpSocket"))
                assert at is None or at["port"] in ports, name
