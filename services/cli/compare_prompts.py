"""`pairmill compare-prompts`: what several models or prompts make of the same pairs."""

import argparse
from collections.abc import Iterator
from pathlib import Path

from pairmill.config import RunConfig
from pairmill.core.errors import ConfigError, RetryError
from pairmill.presets import lay_file_over, lay_values_over
from services.cli.arguments import Commands, at_least, command, takes_a_run
from services.cli.page import keep_page
from services.cli.prompt_sheet import as_page, as_table
from services.cli.screen import CONSOLE
from services.standalone.finished import open_run
from services.standalone.trying import draw_pairs, try_out

BY_RULES = {"describing": {"describer": "rules"}, "instructing": {"instructor": "rules"}}


def add_to(commands: Commands) -> None:
    """Add the command."""
    parser = command(
        commands, "compare-prompts", "what several models or prompts make of the same pairs",
        "pairmill compare-prompts mill/ --with small.yaml --with large.yaml --num 20",
    )  # fmt: skip
    takes_a_run(parser, sheet=False)
    add = parser.add_argument
    add("--with", dest="files", type=Path, action="append", default=[], metavar="FILE",
        help="YAML laid over the run's configuration, one for each writer to compare; the rules "
        "always take part, and so does the run itself where it asks a model")  # fmt: skip
    add("--num", type=at_least(1), default=12, help="how many pairs (default: 12)")
    add("--seed", type=int, default=0, help="another seed draws others")
    add("--page", type=Path, metavar="HTML", help="where the page goes")
    parser.set_defaults(do=compare)


def compare(given: argparse.Namespace) -> None:
    """Ask, print the table, and write the page with pictures."""
    run = open_run(given.out, given.run)
    pairs = draw_pairs(run, given.num, given.seed)
    settings = dict(_settings(run.graph.spec.config, given.files))
    every = []
    for name, config in settings.items():
        try:
            every.append(try_out(run, config, pairs, name))
        except RetryError as error:
            raise ConfigError(f"{name}: {error}") from None
    CONSOLE.print(as_table(every))
    keep_page(as_page(run, every), given.page or given.out / "prompts.html")


def _settings(own: RunConfig, files: list[Path]) -> Iterator[tuple[str, RunConfig]]:
    """Yield each setting under a name: `rules`, `run`, and the files' own; ConfigError for two of
    one name, and where there is nothing to compare."""
    names = [file.stem for file in files]
    asks = own.describing.describer == "llm" or own.instructing.asks
    taken = {"rules", *(["run"] if asks else [])}
    twice = sorted({name for name in names if names.count(name) > 1 or name in taken})
    if twice or (not files and not asks):
        raise ConfigError(
            f"--with: got {', '.join(twice) or 'no file'}, wanted files of different names, none "
            f"of them {' or '.join(sorted(taken))}, each with a setting to compare with the rules"
        )
    yield "rules", lay_values_over(own, BY_RULES)
    if asks:
        yield "run", own
    for name, file in zip(names, files, strict=True):
        yield name, lay_file_over(own, file)
