"""`pairmill submit`: ask a cluster for a run."""

import argparse
from pathlib import Path

from pairmill.client_runs import Attached, RunRequest
from pairmill.core.errors import ConfigError
from pairmill.presets import preset_names
from services.cli.arguments import Commands, command
from services.cli.gateway import gateway, takes_gateway
from services.cli.screen import CONSOLE
from services.cli.watch import follow

EXAMPLE = """pairmill submit --corpus s3://photos/shop --captions captions.csv --watch
  pairmill submit --corpus 's3://photos/shop/*.tar' --gallery s3://photos/catalogue \\
    --benchmark queries.jsonl --config run.yaml

the same request is the same run: asking twice costs nothing
images on this machine go there first: pairmill upload photos/ s3://photos/shop"""


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(commands, "submit", "ask a cluster for a run", EXAMPLE)
    add = parser.add_argument
    add("--corpus", required=True, metavar="ADDRESS",
        help="images or WebDataset tars: s3://bucket/prefix, or a quoted glob in it")  # fmt: skip
    add("--gallery", default="", metavar="ADDRESS",
        help="images that are searched and never trained on; without it, the corpus")  # fmt: skip
    add("--captions", type=Path, metavar="FILE",
        help="CSV, JSONL or Parquet on this machine, with file, caption, attributes")  # fmt: skip
    add("--benchmark", type=Path, metavar="FILE", help="JSON lines of queries to evaluate on")
    add("--preset", default="laptop", help=f"one of: {', '.join(preset_names())}")
    add("--config", type=Path, metavar="FILE", help="YAML laid over the preset")
    add("--watch", action="store_true", help="then show how far it is, until it ends")
    takes_gateway(parser)
    parser.set_defaults(do=submit)


def submit(given: argparse.Namespace) -> None:
    """Send the request; print the run's name and what to know of it."""
    asked = RunRequest(
        corpus=given.corpus, gallery=given.gallery, preset=given.preset,
        captions=Attached.read(given.captions) if given.captions else None,
        benchmark=Attached.read(given.benchmark) if given.benchmark else None,
        config_yaml=_text(given.config) if given.config else "",
    )  # fmt: skip
    with gateway(given) as runs:
        receipt = runs.submit(asked)
        for note in receipt.notes:
            CONSOLE.print(note, style="yellow", markup=False, soft_wrap=True)
        known = " (submitted before)" if receipt.existed else ""
        CONSOLE.print(f"run {receipt.run}: {receipt.state}{known}", markup=False)
        if given.watch:
            follow(runs, receipt.run)
        elif receipt.state == "active":
            CONSOLE.print(f"next:   pairmill watch {receipt.run}", soft_wrap=True)


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: wanted a YAML file of settings, got: {error}") from None
