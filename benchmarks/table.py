"""Make the tables of `docs/benchmarks.md` and the README from the results; measures nothing."""

import json
from pathlib import Path
from typing import Any

from benchmarks.ablations.page import write_page

HERE = Path(__file__).parent
PAGE = HERE.parent / "docs" / "benchmarks.md"
README = HERE.parent / "README.md"
BEGIN, END = "<!-- quality-emoji -->", "<!-- end -->"
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


def make_readme() -> str:
    """Return the README with its table of recall@1 on emoji made anew."""
    text = README.read_text()
    begin, end = text.index(BEGIN) + len(BEGIN), text.index(END)
    return f"{text[:begin]}\n{_emoji_table()}{text[end:]}"


def write_table() -> None:
    """Rewrite the pages."""
    PAGE.parent.mkdir(exist_ok=True)
    PAGE.write_text(make_table())
    README.write_text(make_readme())
    write_page()


def _emoji_table() -> str:
    result = json.loads((HERE / "results" / "quality-emoji.json").read_text())
    quality = result["details"]["quality"]
    rows = [
        "| recall@1, % | queries | raw features, image only | before | **after training** "
        "| after, image only | after, text only |\n|---|---|---|---|---|---|---|\n"
    ]
    for name, part in {"all": quality, **quality["by_task"]}.items():
        rows.append(emoji_row(name.replace("_", " "), part, "composed"))
    if "text_to_image" in quality["after"]:
        rows.append(emoji_row("text → image", quality, "text_to_image"))
    seconds = result["figures"]["seconds"]
    return (
        "".join(rows) + f"\nAll of it, from decoding to the report, took {seconds:.0f} s on "
        f"{result['machine']['cores']} cores.\n"
    )


def emoji_row(name: str, part: dict[str, Any], kind: str) -> str:
    """Return a row; a query that is a text alone has no parts to stand beside it."""
    cells = [part["before"][kind], part["after"][kind]]
    if kind == "composed":
        controls = (part["after"]["image_only"], part["after"]["text_only"])
        cells = [part["raw"]["image_only"], *cells, *controls]
    shown = [f"{100 * cell['recall@1']:.1f}" for cell in cells]
    shown = shown if kind == "composed" else ["–", *shown, "–", "–"]
    shown[2] = f"**{shown[2]}**"
    return f"| {name} | {part['num_queries'][kind]:,} | {' | '.join(shown)} |\n"


def _show(value: object) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value).lower()


if __name__ == "__main__":
    write_table()
