"""Show an ablation on a terminal: a bar over all runs, and those of the stages under way.

Knows what a watcher hears; knows no stage.
"""

from collections.abc import Mapping
from typing import Any

from services.cli.screen import CONSOLE, Bars
from services.standalone.ablating.comparing import FIGURE


class AblationBars(Bars):
    """A watcher that draws the bars of one run after another beneath a bar of all runs."""

    def __init__(self, num_runs: int) -> None:
        super().__init__()
        self._runs = self._bars.add_task("runs", total=num_runs)

    def began(self, switch: str, seed: int) -> None:
        """Name the run that is under way, and take away the bars of the last one."""
        for task in self._bars.task_ids:
            if task != self._runs:
                self._bars.remove_task(task)
        self._bars.update(self._runs, description=f"{switch}, seed {seed}")

    def ended(self, result: Mapping[str, Any]) -> None:
        """Print a line of what came out."""
        self._bars.advance(self._runs)
        name = f"{result['switch']}, seed {result['seed']}"
        if "error" in result:
            CONSOLE.print(f"{name}: failed: {result['error']}", style="red", markup=False)
            return
        told = f"{100 * result['figures'][FIGURE]:.1f} %" if FIGURE in result["figures"] else "–"
        kept = "" if result["published"] else ", untrained"
        CONSOLE.print(
            f"{name}: composed recall@1 {told}{kept} ({result['run']}, {result['seconds']:.0f} s)",
            markup=False, highlight=False,
        )  # fmt: skip
