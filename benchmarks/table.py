"""Make the table of `docs/benchmarks.md` from the result files; measures nothing."""

import json
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
HEAD = """# Benchmarks

Made from `benchmarks/results/*.json` by `make bench`; do not edit. Each row is one figure of one
command; details (machine, settings, what else was seen) stand in the result file.

| benchmark | figure | measured | goal | date | machine |
|---|---|---|---|---|---|
"""


def make_table() -> str:
    """Return the page's text."""
    rows = []
    for path in sorted((HERE / "results").glob("*.json")):
        result = json.loads(path.read_text())
        place = f"{result['machine']['cores']} cores, {result['machine']['cpu']}"
        for key, value in result["figures"].items():
            goal = result["goals"].get(key, "stated")
            rows.append(
                f"| [{path.stem}](../benchmarks/results/{path.name}) | `{key}` | {_show(value)} "
                f"| {goal} | {result['date']} | {place} |\n"
            )
    return HEAD + "".join(rows)


def write_table() -> None:
    """Rewrite the page."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(make_table())


def _show(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).lower()


if __name__ == "__main__":
    write_table()
