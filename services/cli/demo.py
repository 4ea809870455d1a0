"""`pairmill demo` and `pairmill sample`: the whole pipeline on pictures drawn for it."""

from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from pairmill.config import load_config
from services.cli.contrast import draw_contrast
from services.cli.run import conduct
from services.cli.screen import CONSOLE
from services.cli.search import save
from services.standalone.finished import open_run
from services.standalone.sample.draw import SamplePaths, draw_sample
from services.standalone.submit import Submission

NumImages = Annotated[int, typer.Option(min=50, help="Pictures in the corpus.")]


def sample(
    out: Annotated[Path, typer.Argument(help="Where the pictures go.")],
    images: NumImages = 2000,
    seed: Annotated[int, typer.Option(help="Another seed draws others.")] = 7,
) -> None:
    """Draw a sample corpus with captions, a gallery and a benchmark."""
    paths = draw(out, images, seed)
    CONSOLE.print(f"corpus {paths.corpus}, captions {paths.captions}, "
                  f"gallery {paths.gallery}, benchmark {paths.benchmark}")  # fmt: skip


def demo(
    out: Annotated[Path, typer.Option(help="Where pictures and results go.")] = Path("demo"),
    images: NumImages = 2000,
) -> None:
    """Draw a sample corpus, run the pipeline on it and show what it learnt."""
    paths = draw(out / "sample", images, 7)
    mill = out / "mill"
    conduct(Submission(corpus=str(paths.corpus), captions=paths.captions, out=mill,
                       gallery=str(paths.gallery), benchmark=paths.benchmark,
                       config=load_config("laptop")))  # fmt: skip
    save(draw_contrast(open_run(mill)), out / "before-after.png")


def draw(out: Path, num_images: int, seed: int) -> SamplePaths:
    """Draw the sample with a bar on the screen; at once where it is there already."""
    columns = (TextColumn("drawing pictures"), BarColumn(28), MofNCompleteColumn(),
               TextColumn("left"), TimeRemainingColumn())  # fmt: skip
    with Progress(*columns, console=CONSOLE) as bars:
        bar = bars.add_task("draw", total=None)
        return draw_sample(
            out, num_images=num_images, seed=seed,
            on_progress=lambda done, total: bars.update(bar, completed=done, total=total),
        )  # fmt: skip
