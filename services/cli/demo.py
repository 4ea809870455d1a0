"""`pairmill demo` and `pairmill sample`: the whole pipeline on pictures drawn for it."""

import argparse
from pathlib import Path

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pairmill.config import RunConfig
from pairmill.core.errors import ConfigError
from pairmill.presets import load_config
from services.cli.arguments import Commands, at_least, command
from services.cli.contrast import draw_contrast
from services.cli.run import conduct
from services.cli.screen import CONSOLE
from services.cli.search import save
from services.standalone.finished import open_run
from services.standalone.sample.draw import SamplePaths, draw_sample
from services.standalone.submit import Submission


def add_to(commands: Commands) -> None:
    """Add both commands."""
    shown = command(commands, "demo", "run the whole pipeline on pictures drawn for it",
                    "pairmill demo --out demo/")  # fmt: skip
    shown.add_argument("--out", type=Path, default=Path("demo"), metavar="DIR",
                       help="where pictures and results go (default: demo)")  # fmt: skip
    shown.set_defaults(do=demo)
    drawn = command(commands, "sample", "draw a corpus with captions, a gallery and a benchmark",
                    "pairmill sample drawn/ --images 500")  # fmt: skip
    drawn.add_argument("out", type=Path, metavar="DIR", help="where the pictures go")
    drawn.set_defaults(do=sample)
    for parser in (shown, drawn):
        parser.add_argument("--images", type=at_least(50), default=2000, help="how many pictures")
        parser.add_argument("--seed", type=int, default=7, help="another seed draws others")


def sample(given: argparse.Namespace) -> None:
    """Draw a sample corpus with captions, a gallery and a benchmark."""
    paths = draw(given.out, given.images, given.seed)
    CONSOLE.print(
        f"try: pairmill run --corpus {paths.corpus} --captions {paths.captions} "
        f"--gallery {paths.gallery} --benchmark {paths.benchmark} --out mill",
        soft_wrap=True,
    )


def demo(given: argparse.Namespace) -> None:
    """Draw a sample corpus, run the pipeline on it and show what it learnt."""
    paths = draw(given.out / "sample", given.images, given.seed)
    mill = given.out / "mill"
    conduct(Submission(corpus=str(paths.corpus), captions=paths.captions, out=mill,
                       gallery=str(paths.gallery), benchmark=paths.benchmark,
                       config=_config()))  # fmt: skip
    save(draw_contrast(open_run(mill)), given.out / "before-after.png")


def _config() -> RunConfig:
    """Return the laptop's run, whose image head learns although the pictures are few: what is
    searched afterwards is drawn by the same rules, so nothing unlike them can suffer."""
    laptop = load_config("laptop")
    learns = laptop.training.model_copy(update={"unlock_images": 0})
    return laptop.model_copy(update={"training": learns})


def draw(out: Path, num_images: int, seed: int) -> SamplePaths:
    """Draw the sample with a bar on the screen; at once where it is there already."""
    columns = (TextColumn("drawing pictures"), BarColumn(28), MofNCompleteColumn(),
               TextColumn("left"), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=CONSOLE) as bars:
        bar = bars.add_task("draw", total=None)

        def show(done: int, total: int) -> None:
            bars.update(bar, completed=done, total=total)

        try:
            return draw_sample(out, num_images=num_images, seed=seed, on_progress=show)
        except ValueError as error:
            raise ConfigError(str(error)) from None
