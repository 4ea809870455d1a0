"""`pairmill evaluate`: judge a finished run on a benchmark."""

import argparse
import json
from pathlib import Path

from services.cli.arguments import Commands, command, takes_a_run
from services.cli.screen import CONSOLE, show_quality
from services.evaluator.stage import judge_benchmark
from services.standalone.finished import open_run
from services.standalone.judged import open_desk
from services.standalone.submit import benchmark_bytes


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands, "evaluate", "judge a finished run on a benchmark",
        "pairmill evaluate mill/ --benchmark queries.jsonl",
    )  # fmt: skip
    takes_a_run(parser, sheet=False)
    parser.add_argument("--benchmark", type=Path, required=True, metavar="FILE",
                        help="JSON lines: query_id, query_image, instruction, targets")  # fmt: skip
    parser.add_argument("--json", type=Path, metavar="FILE", help="where all figures go")
    parser.set_defaults(do=evaluate)


def evaluate(given: argparse.Namespace) -> None:
    """Print the figures before and after training, with controls."""
    data = benchmark_bytes(given.benchmark)
    opened = open_run(given.out, given.run)
    quality, case = judge_benchmark(open_desk(opened), data, str(given.benchmark))
    refused = len(case.questions.refused)
    CONSOLE.print(f"{len(case.questions.asked):,} queries asked, {refused:,} refused; "
                  f"gallery of {quality['protocol']['gallery_size']:,}")  # fmt: skip
    for refusal in case.questions.refused[:5]:
        CONSOLE.print(f"  {refusal.query.query_id}: {refusal.rule} {refusal.value}", markup=False)
    if lost := case.pool.lost:
        CONSOLE.print(f"{len(lost):,} images cannot be seen any more and are left out, such as "
                      f"{lost[0][0]}: {lost[0][1]}", markup=False)  # fmt: skip
    show_quality(quality)
    if given.json:
        given.json.write_text(json.dumps(quality, indent=2, sort_keys=True) + "\n")
