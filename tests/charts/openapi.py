"""Make JSON schemas of Kubernetes' kinds for kubeconform, without a network but Go's modules.

Kubernetes' own swagger.json and KEDA's CRDs lie in the modules that the tests' control plane is
built from; build.sh names their versions. An object with properties takes no others.
"""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from tests.servers.tools import BUILD

Schema = dict[str, Any]
QUANTITY = "io.k8s.apimachinery.pkg.api.resource.Quantity"
TEXT_OR_NUMBER: Schema = {"type": ["string", "number"]}


def write_schemas(folder: Path) -> None:
    """Write `<kind>-<group>-<version>.json` for all of Kubernetes' kinds and KEDA's."""
    versions = dict(re.findall(r"^([A-Z]+)=v?(\S+)$", BUILD.read_text(), re.MULTILINE))
    kubernetes = _module(f"k8s.io/kubernetes@v{versions['KUBERNETES']}")
    swagger = json.loads((kubernetes / "api/openapi-spec/swagger.json").read_text())
    _write_kinds(swagger["definitions"], folder)
    keda = _module(f"github.com/kedacore/keda/v2@v{versions['KEDA']}")
    for path in (keda / "config/crd/bases").glob("*.yaml"):
        _write_custom(yaml.safe_load(path.read_text()), folder)


def _module(version: str) -> Path:
    command = ["go", "mod", "download", "-json", version]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/")
    assert done.returncode == 0, done.stdout + done.stderr
    return Path(json.loads(done.stdout)["Dir"])


def _write_kinds(definitions: Schema, folder: Path) -> None:
    strict = {name: _strict(found) for name, found in definitions.items()}
    strict[QUANTITY] = TEXT_OR_NUMBER
    for name, found in definitions.items():
        for kind in found.get("x-kubernetes-group-version-kind", []):
            needed = {each: strict[each] for each in _closure(name, strict)}
            schema = {"$ref": f"#/definitions/{name}", "definitions": needed}
            _write(folder, (kind["group"], kind["version"], kind["kind"]), schema)


def _write_custom(definition: Schema, folder: Path) -> None:
    spec = definition["spec"]
    for version in spec["versions"]:
        schema = _strict(version["schema"]["openAPIV3Schema"])
        schema["properties"]["metadata"] = {"type": "object"}
        _write(folder, (spec["group"], version["name"], spec["names"]["kind"]), schema)


def _write(folder: Path, kind: tuple[str, str, str], schema: Schema) -> None:
    parts = [kind[2], kind[0].partition(".")[0], kind[1]]
    name = "-".join(part.lower() for part in parts if part)
    (folder / f"{name}.json").write_text(json.dumps(schema))


def _strict(schema: Any) -> Any:
    """Return a schema that takes no key it does not know."""
    if isinstance(schema, list):
        return [_strict(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    if schema.get("x-kubernetes-int-or-string") or schema.get("format") == "int-or-string":
        return {"type": ["string", "integer"]}
    made = {key: _strict(value) for key, value in schema.items() if key != "description"}
    if isinstance(schema.get("properties"), dict) and "additionalProperties" not in schema:
        made["additionalProperties"] = bool(schema.get("x-kubernetes-preserve-unknown-fields"))
    return made


def _closure(name: str, definitions: Schema) -> set[str]:
    found, left = set[str](), [name]
    while left:
        if (each := left.pop()) not in found:
            found.add(each)
            left += _references(definitions[each])
    return found


def _references(schema: Any) -> Iterator[str]:
    if isinstance(schema, dict):
        if isinstance(schema.get("$ref"), str):
            yield schema["$ref"].removeprefix("#/definitions/")
        for value in schema.values():
            yield from _references(value)
    if isinstance(schema, list):
        for value in schema:
            yield from _references(value)
