"""Draw how a run stands: a bar a node, with what is done, open and failed. Asks nobody."""

from collections.abc import Sequence

from rich.console import RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table

from pairmill.pipeline.standing import Standing
from services.cli.pace import Pace

TONES = {"active": "cyan", "finished": "green", "cancelled": "yellow", "stopped": "red"}


def draw_board(standing: Standing, paces: Sequence[Pace]) -> Table:
    """Return a run as a table of bars."""
    asked = standing.submitted
    table = Table(title=f"run {asked.run}, corpus {asked.corpus}: {standing.state}",
                  title_justify="left", box=None, pad_edge=False)  # fmt: skip
    for name in ("stage", "", "done", "open", "failed", "rate", "left"):
        table.add_column(name, justify="left" if name in ("stage", "") else "right", no_wrap=True)
    for pace in paces:
        table.add_row(*_row(pace))
    if not paces:
        table.add_row("waiting for the coordinator to take it up")
    return table


def next_steps(standing: Standing) -> list[str]:
    """Return what may be done with a run that has ended, a line each."""
    run, failed = standing.submitted.run, standing.num_failed
    lines = []
    if failed:
        lines.append(f"{failed} tasks failed; give them another chance: pairmill retry {run}")
    if standing.state == "finished":
        lines.append(f"next:   pairmill report {run}")
    elif standing.end and not failed:
        lines.append(f"go on:  pairmill retry {run}")
    return lines


def clock(seconds: float) -> str:
    """Return seconds as people read them: 1:02:03."""
    minutes, left = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{left:02}" if hours else f"{minutes}:{left:02}"


def _row(pace: Pace) -> list[RenderableType]:
    node = pace.node
    tone = "red" if node.failed else "green" if node.closed else "cyan"
    bar = ProgressBar(total=max(pace.of, 1), completed=pace.done if node.tasks else 0, width=28,
                      complete_style=tone, finished_style=tone)  # fmt: skip
    failed = f"[red]{node.failed:,}[/red]" if node.failed else ""
    unit = f"{node.unit}s" if node.total and node.unit else "tasks"
    rate = f"{pace.rate:,.1f} {unit}/s" if pace.rate else ""
    left = clock(node.seconds) if node.closed else "" if pace.left is None else clock(pace.left)
    return [node.node, bar, f"{pace.done:,}/{pace.of:,}" if node.tasks else "",
            f"{node.open:,}" if node.open else "", failed, rate, left]  # fmt: skip
