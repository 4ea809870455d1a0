"""Show a run on a terminal: a bar per stage with rate and time left, and tables at the end.

Knows what a listener hears; knows no stage.
"""

from typing import Any, Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    ProgressColumn,
    SpinnerColumn,
    Task,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.table import Table
from rich.text import Text

from pairmill.pipeline.barrier import Work
from pairmill.pipeline.graph import Node

CONSOLE = Console()
ERRORS = Console(stderr=True)


class Rate(ProgressColumn):
    """Records a second."""

    def render(self, task: Task) -> Text:
        """Return the rate of one bar."""
        speed = task.finished_speed or task.speed
        return Text(f"{speed:,.0f}/s" if speed else "", style="cyan")


class Bars:
    """A listener that draws one bar per node of a run."""

    def __init__(self) -> None:
        self._bars = Progress(
            SpinnerColumn(finished_text="✓"), TextColumn("{task.description:<16}"), BarColumn(28),
            MofNCompleteColumn(), Rate(), TimeElapsedColumn(), TextColumn("left"),
            TimeRemainingColumn(), console=CONSOLE,
        )  # fmt: skip

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def opened(self, node: Node, work: Work) -> "Bar":
        """Add the node's bar."""
        self._bar = Bar(self._bars, node.name, work.num_records)
        return self._bar

    def committed(self, node: Node, num_records: int) -> None:
        """Set the bar to what is committed."""
        self._bar.settle(num_records)

    def closed(self, node: Node, num_dead: int) -> None:
        """Fill the bar, and tell of dead letters."""
        self._bar.close()
        if num_dead:
            CONSOLE.print(f"[red]{node.name}: {num_dead} tasks failed; see dead/{node.name}/[/red]")


class Bar:
    """One bar: committed records, plus those of the task under way."""

    def __init__(self, bars: Progress, name: str, total: int) -> None:
        self._bars, self._settled, self._live = bars, 0, 0
        self._task = bars.add_task(name, total=total or None)

    def advance(self, count: int = 1) -> None:
        """Count records of the task under way."""
        self._live += count
        self._bars.update(self._task, completed=self._settled + self._live)

    def total(self, count: int) -> None:
        """Set how many there are."""
        self._bars.update(self._task, total=count)

    def settle(self, num_records: int) -> None:
        """Count a committed task in place of what was live."""
        self._settled, self._live = self._settled + num_records, 0
        self._bars.update(self._task, completed=self._settled)

    def close(self) -> None:
        """Fill the bar."""
        done = max(self._settled, 1)
        self._bars.update(self._task, total=done, completed=done)


def show_report(report: dict[str, Any]) -> None:
    """Print a run's table: counts per stage, rejects by rule, seconds, quality."""
    CONSOLE.print(_stage_table(report))
    shares = report.get("relations", {})
    if shares:
        told = ", ".join(f"{name} {found['share']:.0%}" for name, found in shares.items())
        CONSOLE.print(f"pairs by relation: {told}", soft_wrap=True)
    if "quality" in report:
        show_quality(report["quality"])
    _show_captions(report)
    for space, found in report.get("recall", {}).items():
        in_band = report.get("recall_in_band", {}).get(space)
        told = "" if in_band is None else f", {in_band:.1%} of those in the band"
        CONSOLE.print(f"index, {space}: {found:.1%} of the true neighbours{told}")
    if "training" in report:
        CONSOLE.print(f"[bold]training[/bold]: {report['training']['why']}")


def _show_captions(report: dict[str, Any]) -> None:
    """Say what people's captions would give, where there are none."""
    captions = report.get("captions", {})
    made, silent = captions.get("machine", 0), report["rejects"].get("no_text", 0)
    if made:
        CONSOLE.print(
            f"[yellow]{made + captions.get('none', 0):,} images came without a caption; a machine "
            f"made rough ones for {made:,} of them. Captions of yours teach more: --captions FILE, "
            "or a .txt beside each image[/yellow]"
        )
    elif silent:
        CONSOLE.print(
            f"[yellow]{silent:,} pairs gave no instruction because an image has no caption: give "
            "--captions FILE, or a .txt beside each image[/yellow]"
        )


def show_quality(quality: dict[str, Any]) -> None:
    """Print recall@1 before and after training, with controls."""
    CONSOLE.print(_quality_table(quality))


def _stage_table(report: dict[str, Any]) -> Table:
    table = Table(title=f"run {report['run']}", title_justify="left")
    for name, justify in (("stage", "left"), ("in", "right"), ("out", "right"),
                          ("rejected", "left"), ("seconds", "right")):  # fmt: skip
        table.add_column(name, justify=justify)  # type: ignore[arg-type]
    for node, totals in report["stages"].items():
        left_out = totals["rejects"] | totals["parts"]
        rules = ", ".join(f"{rule} {n:,}" for rule, n in sorted(left_out.items()))
        seconds = f"{report['seconds'][node]:,.1f}"
        table.add_row(node, f"{totals['inputs']:,}", f"{totals['outputs']:,}", rules, seconds)
    return table


def _quality_table(quality: dict[str, Any]) -> Table:
    table = Table(title=f"recall@1 ({quality['source']})", title_justify="left")
    for name in ("query", "raw features", "before training", "after training"):
        table.add_column(name, justify="left" if name == "query" else "right")
    for kind in ("composed", "image_only", "text_only", "text_to_image"):
        row = [quality.get(when, {}).get(kind, {}).get("recall@1") for when in
               ("raw", "before", "after")]  # fmt: skip
        cells = ["–" if value is None else f"{100 * value:.1f} %" for value in row]
        table.add_row(kind.replace("_", " "), *cells)
    return table
