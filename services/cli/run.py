"""`pairmill run`: a folder of images becomes a trained, searchable retriever."""

from pathlib import Path
from typing import Annotated

import typer

from pairmill.config import Settings, load_config
from services.cli.screen import CONSOLE, Bars, show_report
from services.standalone.conduct import Conductor
from services.standalone.report import write_report
from services.standalone.submit import Submission, submit


def run(
    corpus: Annotated[str, typer.Option(help="Folder of images, folder of WebDataset .tar files, "
                                        "or a quoted glob of either.")],
    out: Annotated[Path, typer.Option(help="Where everything goes; start again with the same "
                                      "folder to go on after a stop.")],
    preset: Annotated[str, typer.Option(help="laptop, or megapairs: the paper's numbers.")] = "laptop",
    captions: Annotated[Path | None, typer.Option(help="CSV, JSONL or Parquet with file name, "
                                                  "caption, attributes.")] = None,
    benchmark: Annotated[Path | None, typer.Option(help="JSON lines of queries to evaluate on.")] = None,
    gallery: Annotated[str, typer.Option(help="Images that the benchmark searches, never trained on; "
                                         "without it the corpus is searched.")] = "",
    config: Annotated[Path | None, typer.Option(help="YAML laid over the preset.")] = None,
) -> None:  # fmt: skip
    """Mine pairs, write instructions, train, evaluate and index: the whole pipeline.

    Example: pairmill run --corpus photos/ --captions captions.csv --out mill/
    """
    asked = Submission(corpus=corpus, out=out, config=load_config(preset, config),
                       captions=captions, benchmark=benchmark, gallery=gallery)  # fmt: skip
    conduct(asked)


def conduct(asked: Submission) -> dict[str, object]:
    """Run what was asked with bars on the screen; print and return the report."""
    submitted = submit(asked, Settings())
    for note in submitted.notes:
        CONSOLE.print(f"[yellow]{note}[/yellow]")
    with Bars() as bars:
        Conductor(submitted.ports, submitted.graph, bars).run()
    report = write_report(submitted.ports.objects, submitted.graph)
    show_report(report)
    home = asked.out / "runs" / submitted.graph.spec.name
    CONSOLE.print(f"report: {home / 'report.json'}")
    CONSOLE.print(f'next: pairmill search {asked.out} --text "…", pairmill show triplets {asked.out}')
    return report
