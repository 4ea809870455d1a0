"""A page on what the gates took: counts, histograms, examples with pictures, and what texts are
like. Knows the report and how pages are put together.
"""

from collections.abc import Iterator, Mapping
from html import escape
from itertools import pairwise
from typing import Any, Protocol

from PIL import Image

from pairmill.core.errors import ConfigError
from pairmill.pipeline.report import build_report
from services.cli.page import bars, figure, page, table
from services.cli.search import about
from services.standalone.finished import FinishedRun

MOST_SHOWN = 12
"""Of words that are used most, and of words that texts begin with."""


class Shown(Protocol):
    """What a page needs of a run: pictures and captions by image."""

    def picture(self, image_id: str) -> Image.Image | None:
        """Return an image, or None where it is gone."""
        ...

    def caption(self, image_id: str) -> str:
        """Return what is said of it, or an empty string."""
        ...


def gate_page(run: FinishedRun) -> str:
    """Return the page of a run; ConfigError where no gate ran."""
    report = build_report(run.ports.objects, run.graph)
    if "gates" not in report:
        raise ConfigError(
            f"run {run.graph.spec.name} has passed no texts through gates: wanted one with "
            "instructing.instructor: llm or gating.authors: all that has come to its stage `gate`"
        )
    return page("What the gates took", about(run), gate_parts(report, run))


def gate_parts(report: Mapping[str, Any], run: Shown) -> Iterator[str]:
    """Yield the page's parts, HTML, from a report that has `gates`."""
    gates: Mapping[str, Any] = report["gates"]
    yield _summary(gates)
    yield from _texts(report.get("texts", {}))
    for name, tally in gates.items():
        yield from _gate(run, name, tally)


def _summary(gates: Mapping[str, Any]) -> str:
    rows = [
        (name, tally["threshold"], tally["seen"], sum(tally["fell"].values()), tally["lighter"],
         ", ".join(f"{rule} {num:,}" for rule, num in tally["fell"].items()))
        for name, tally in gates.items()
    ]  # fmt: skip
    return table(("gate", "threshold", "seen", "fell", "weigh less", "by rule"), rows)


def _texts(texts: Mapping[str, Any]) -> Iterator[str]:
    """Yield what texts are like before and after the gates."""
    if not texts:
        return
    yield "<h2>What the texts are like</h2>"
    names = ("texts", "words_mean", "words_median", "vocabulary", "vocabulary_per_thousand_words")
    head = ("", *(name.replace("_", " ") for name in names))
    yield table(head, ((which, *(found[name] for name in names))
                       for which, found in texts.items()))  # fmt: skip
    for name in ("kinds", "tasks", "languages", "first_words", "most_used"):
        rows = ((which, _counts(found[name])) for which, found in texts.items())
        yield table(("", name.replace("_", " ")), rows)
    for which, found in texts.items():
        yield f"<h3>Words of a text, {escape(which)}</h3>"
        yield bars([*found["words"]], [*found["words"].values()])


def _counts(counts: Mapping[str, int]) -> str:
    told = [f"{name or 'unsaid'} {num:,}" for name, num in counts.items()]
    return ", ".join(told[:MOST_SHOWN])


def _gate(run: Shown, name: str, tally: Mapping[str, Any]) -> Iterator[str]:
    fell = sum(tally["fell"].values())
    yield f"<h2>{escape(name)}: {fell:,} of {tally['seen']:,} fell</h2>"
    edges = tally["edges"]
    ranges = [f"{low:g} – {high:g}" for low, high in pairwise(edges)]
    yield bars(ranges, tally["bins"])
    for example in tally["examples"]:
        shown = [("query", example["query_id"]), ("target", example["target_id"])]
        if example["image"]:
            shown.append(("negative", example["image"]))
        images = "".join(
            figure(run.picture(image), f"{what}: {run.caption(image)}".removesuffix(": "))
            for what, image in shown
        )
        said = f"<q>{escape(example['text'])}</q> " if example["text"] else ""
        rule = f"<span class='fell'>{escape(example['rule'])}</span> {escape(example['value'])}"
        yield f"<div class='pair'>{images}<p>{said}{rule}</p></div>"
