"""Write the table of values in the chart's README anew: `python -m tests.charts.table`.

Knows the schema and the default values; knows nothing of templates.
"""

import json
from collections.abc import Iterator
from typing import Any

import yaml

from tests.charts.rendering import CHART

README, SCHEMA, DEFAULTS = CHART / "README.md", CHART / "values.schema.json", CHART / "values.yaml"
BEGIN, END = "<!-- values -->", "<!-- end -->"
NO_DEFAULT = object()


def rows(schema: Any, found: Any, definitions: Any, path: str = "") -> Iterator[str]:
    """Yield a row for every key, deeper ones after their parents."""
    for name, each in schema.get("properties", {}).items():
        default = found.get(name, NO_DEFAULT) if isinstance(found, dict) else NO_DEFAULT
        whole = f"{path}{name}"
        inner = _resolved(each, definitions)
        yield _row(whole, each["description"], default, inner)
        if "$ref" not in each or path in ("", "jobs."):
            yield from rows(inner, default, definitions, f"{whole}.")
    entry = schema.get("additionalProperties")
    if isinstance(entry, dict) and "$ref" in entry:
        yield from rows(_resolved(entry, definitions), {}, definitions, f"{path}<name>.")


def table() -> str:
    """Return the table as the README must hold it."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    defaults = yaml.safe_load(DEFAULTS.read_text("utf-8"))
    lines = ["| key | default | meaning |", "|---|---|---|"]
    lines += rows(schema, defaults, schema["$defs"])
    return "\n".join(lines)


def written(text: str) -> str:
    """Return the README with the table of today."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n{table()}\n{END}{after}"


def _resolved(schema: Any, definitions: Any) -> Any:
    return definitions[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema


def _row(name: str, meaning: str, default: Any, schema: Any) -> str:
    deeper = isinstance(default, dict) and ("properties" in schema or len(str(default)) > 60)
    shown = "" if default is NO_DEFAULT or deeper else f"`{json.dumps(default)}`"
    return f"| `{name}` | {shown} | {meaning} |"


if __name__ == "__main__":
    README.write_text(written(README.read_text("utf-8")), "utf-8")
