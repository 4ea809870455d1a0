"""`pairmill run`: a folder of images becomes a trained, searchable retriever."""

import argparse
from pathlib import Path

from pairmill.pipeline.plan import PLAN
from pairmill.pipeline.publish import publish
from pairmill.pipeline.report import write_report
from pairmill.presets import load_config, preset_names
from pairmill.settings import read_settings
from services.cli.arguments import Commands, command
from services.cli.screen import CONSOLE, Bars, show_report
from services.standalone.conduct import Conductor
from services.standalone.submit import Submission, submit


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
                   benchmark=given.benchmark, gallery=given.gallery),
        given.until,
    )  # fmt: skip


def conduct(asked: Submission, until: str = "") -> None:
    """Run what was asked with bars on the screen; print the report and publish."""
    submitted = submit(asked, read_settings())
    for note in submitted.notes:
        CONSOLE.print(note, style="yellow", markup=False)
    with Bars() as bars:
        Conductor(submitted.ports, submitted.graph, bars).run(until)
    report = write_report(submitted.ports.objects, submitted.graph)
    show_report(report)
    if "training" in report:
        publish(submitted.ports.objects, submitted.graph)
    out, name = asked.out, submitted.graph.spec.name
    CONSOLE.print(f"report: {out / 'runs' / name / 'report.json'}", soft_wrap=True)
    CONSOLE.print(f'next:   pairmill search {out} --text "…"', soft_wrap=True)
    CONSOLE.print(f"        pairmill show triplets {out}", soft_wrap=True)
