"""`pairmill run`: a folder of images becomes a trained, searchable retriever."""

import argparse
from pathlib import Path
from typing import Any

from pairmill.core.costing import Budget
from pairmill.core.errors import BudgetError, ConfigError, RetryError
from pairmill.pipeline.bill import how_far
from pairmill.pipeline.plan import PLAN
from pairmill.pipeline.publish import publish
from pairmill.pipeline.report import write_report
from pairmill.presets import load_config, preset_names
from pairmill.settings import read_settings
from services.cli.arguments import Commands, a_budget, command
from services.cli.costs import show_costs, show_forecast
from services.cli.screen import CONSOLE, Bars, show_report
from services.standalone.conduct import Conductor
from services.standalone.finished import FinishedRun
from services.standalone.pilot import check_forecast, pilot
from services.standalone.submit import Submission, Submitted, submit


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands, "run", "mine pairs, write instructions, train, evaluate, index: all of it",
        "pairmill run --corpus photos/ --captions captions.csv --out mill/",
    )  # fmt: skip
    _add_what(parser)
    add = parser.add_argument
    add("--preset", default="laptop", help=f"one of: {', '.join(preset_names())}")
    add("--config", type=Path, metavar="FILE", help="YAML laid over the preset")
    add("--until", default="", choices=[stage.name for stage in PLAN], metavar="STAGE",
        help="stop after this stage; without it the run goes on to its end")  # fmt: skip
    add("--budget", type=a_budget, metavar="AMOUNT",
        help="stop asking language models at 20, in the currency of `prices:`, or at 5Mtok; "
        "a later start with more goes on")  # fmt: skip
    add("--pilot", action="store_true",
        help="ask language models about 1 %% of the pairs first and forecast what all will cost; "
        "goes on only where a --budget covers that")  # fmt: skip
    parser.set_defaults(do=run)


def _add_what(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that name files."""
    add = parser.add_argument
    add(
        "--corpus",
        required=True,
        metavar="PATH",
        help="folder of images, folder of WebDataset .tar files, or a quoted glob of either",
    )
    add(
        "--out",
        required=True,
        type=Path,
        metavar="DIR",
        help="where everything goes; start again with the same folder to go on after a stop",
    )
    add(
        "--captions",
        type=Path,
        metavar="FILE",
        help="CSV, JSONL or Parquet with file, caption, attributes",
    )
    add("--benchmark", type=Path, metavar="FILE", help="JSON lines of queries to evaluate on")
    add("--gallery", default="", metavar="PATH",
        help="images that are searched and never trained on; without it, the corpus")  # fmt: skip


def run(given: argparse.Namespace) -> None:
    """Do what the command line asks."""
    conduct(
        Submission(corpus=given.corpus, out=given.out, captions=given.captions,
                   config=load_config(given.preset, given.config),
                   benchmark=given.benchmark, gallery=given.gallery, budget=given.budget),
        given.until, with_pilot=given.pilot,
    )  # fmt: skip


def conduct(asked: Submission, until: str = "", *, with_pilot: bool = False) -> None:
    """Run what was asked with bars on the screen; print the report and publish."""
    submitted = submit(asked, read_settings())
    for note in submitted.notes:
        CONSOLE.print(note, style="yellow", markup=False)
    try:
        if with_pilot and not _foretold(submitted, asked.budget):
            return
        _do(submitted, until)
    except BudgetError:
        _show(write_report(submitted.ports.objects, submitted.graph))
        CONSOLE.print(how_far(submitted.ports.objects, submitted.graph))
        raise
    report = write_report(submitted.ports.objects, submitted.graph)
    _show(report)
    if "training" in report:
        publish(submitted.ports.objects, submitted.graph)
    out, name = asked.out, submitted.graph.spec.name
    CONSOLE.print(f"report: {out / 'runs' / name / 'report.json'}", soft_wrap=True)
    CONSOLE.print(f'next:   pairmill search {out} --text "…"', soft_wrap=True)
    CONSOLE.print(f"        pairmill show triplets {out}", soft_wrap=True)


def _do(submitted: Submitted, until: str) -> None:
    with Bars() as bars:
        Conductor(submitted.ports, submitted.graph, bars).run(until)


def _foretold(submitted: Submitted, budget: Budget | None) -> bool:
    """Mine, ask about a few pairs and show the forecast; say whether the run shall go on."""
    _do(submitted, "select")
    try:
        found = pilot(FinishedRun(submitted.ports, submitted.graph))
    except RetryError as error:
        raise ConfigError(f"--pilot: {error}") from None
    show_forecast(found)
    if budget is None:
        CONSOLE.print("the pilot's answers are kept; to go on, start the same command without "
                      "--pilot, or with a --budget", soft_wrap=True)  # fmt: skip
        return False
    check_forecast(found, budget)
    return True


def _show(report: dict[str, Any]) -> None:
    show_report(report)
    if "cost" in report:
        show_costs(report["cost"])
