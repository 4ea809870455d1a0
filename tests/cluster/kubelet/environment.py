"""Work out a container's environment. Knows where values come from; sets none."""

import math
import re
from collections.abc import Mapping

from tests.cluster.api import Json
from tests.cluster.kubelet.lookup import Lookup, NotYetError

Environment = dict[str, str]


def environment_of(
    pod: Json, container: Json, start: Mapping[str, str], lookup: Lookup
) -> Environment:
    """Return the image's values, the services', those of `envFrom`, and last those of `env`."""
    found: Environment = {"HOME": "/", **start, "HOSTNAME": pod["metadata"]["name"]}
    all_links = pod["spec"].get("enableServiceLinks", True)
    for service in lookup.services():
        if all_links or service["metadata"]["name"] == "kubernetes":
            found |= service_links(service)
    for source in container.get("envFrom", []):
        found |= _all_of(source, lookup)
    for entry in container.get("env", []):
        if "valueFrom" in entry:
            value = _value_from(entry["valueFrom"], pod, container, lookup)
        else:
            value = expand(entry.get("value", ""), found)
        if value is not None:
            found[entry["name"]] = value
    return found


def expand(text: str, values: Mapping[str, str]) -> str:
    """Put values in the place of $(NAME); $$(NAME) stays $(NAME), an unknown one stays."""

    def put(match: re.Match[str]) -> str:
        if match[0] == "$$":
            return "$"
        return values.get(match[1], match[0])

    return re.sub(r"\$\$|\$\(([-._a-zA-Z][-._a-zA-Z0-9]*)\)", put, text)


def service_links(service: Json) -> Environment:
    """Return the variables by which Kubernetes announces a service to every pod beside it."""
    address = service["spec"].get("clusterIP", "None")
    ports = service["spec"].get("ports", [])
    if address in ("None", "") or not ports:
        return {}
    name = service["metadata"]["name"].upper().replace("-", "_")
    first = f"tcp://{address}:{ports[0]['port']}"
    links = {f"{name}_SERVICE_HOST": address, f"{name}_SERVICE_PORT": str(ports[0]["port"]),
             f"{name}_PORT": first}  # fmt: skip
    for port in ports:
        number, protocol = str(port["port"]), port.get("protocol", "TCP")
        if "name" in port:
            links[f"{name}_SERVICE_PORT_{port['name'].upper().replace('-', '_')}"] = number
        prefix = f"{name}_PORT_{number}_{protocol}"
        links |= {prefix: f"{protocol.lower()}://{address}:{number}", f"{prefix}_ADDR": address,
                  f"{prefix}_PORT": number, f"{prefix}_PROTO": protocol.lower()}  # fmt: skip
    return links


def field_of(path: str, pod: Json) -> str:
    """Return a field of the downward API."""
    keyed = re.fullmatch(r"metadata\.(labels|annotations)\['(.+)'\]", path)
    if keyed:
        return str(pod["metadata"].get(keyed[1], {}).get(keyed[2], ""))
    found: object = pod
    for part in path.split("."):
        found = found.get(part, "") if isinstance(found, dict) else ""
    if isinstance(found, dict):
        return "\n".join(f'{key}="{value}"' for key, value in sorted(found.items()))
    return str(found)


def _all_of(source: Json, lookup: Lookup) -> Environment:
    prefix = source.get("prefix", "")
    values: dict[str, bytes] = {}
    if "configMapRef" in source:
        given = source["configMapRef"]
        values = lookup.config_map(given["name"], given.get("optional", False))
    if "secretRef" in source:
        given = source["secretRef"]
        values = lookup.secret(given["name"], given.get("optional", False))
    return {f"{prefix}{key}": value.decode() for key, value in values.items()}


def _value_from(source: Json, pod: Json, container: Json, lookup: Lookup) -> str | None:
    if "fieldRef" in source:
        return field_of(source["fieldRef"]["fieldPath"], pod)
    if "resourceFieldRef" in source:
        return _resource(source["resourceFieldRef"], container)
    kind = "configMapKeyRef" if "configMapKeyRef" in source else "secretKeyRef"
    given = source[kind]
    read = lookup.config_map if kind == "configMapKeyRef" else lookup.secret
    values = read(given["name"], given.get("optional", False))
    if given["key"] in values:
        return values[given["key"]].decode()
    if given.get("optional"):
        return None
    raise NotYetError(f"couldn't find key {given['key']} in {given['name']}")


SIZES = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9, "m": 0.001}


def _resource(given: Json, container: Json) -> str:
    kind, _, name = given["resource"].partition(".")
    text = str(container.get("resources", {}).get(kind, {}).get(name, "0"))
    number, unit = re.fullmatch(r"([0-9.]+)([A-Za-z]*)", text).groups()  # type: ignore[union-attr]
    divisor = given.get("divisor", "1")
    part = 0.001 if divisor == "1m" else SIZES.get(divisor.lstrip("1"), 1)
    return str(math.ceil(float(number) * SIZES.get(unit, 1) / part))
