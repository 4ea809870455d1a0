"""Make the starter's weights anew: `python -m services.standalone.starter corpus|layout|head`."""

import argparse
import json
import sys
from pathlib import Path
from typing import Self

from rich.progress import Progress as Bars
from rich.progress import TaskID

from pairmill.core.errors import StopError
from pairmill.core.ids import sha256_hex
from pairmill.settings import read_settings
from services.standalone.starter.corpus import gather
from services.standalone.starter.fit import RECIPE, fit, open_examples
from services.standalone.starter.layout import fit_layout


class Bar:
    """One bar on the screen, as a stage's progress."""

    def __init__(self, name: str) -> None:
        self._bars, self._name = Bars(), name
        self._task: TaskID = self._bars.add_task(name, total=None)

    def __enter__(self) -> Self:
        self._bars.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._bars.stop()

    def advance(self, count: int = 1) -> None:
        """Move the bar."""
        self._bars.advance(self._task, count)

    def total(self, count: int) -> None:
        """Set its length and begin anew."""
        self._bars.reset(self._task, total=count)


def main(arguments: list[str]) -> int:
    """Do what the command line asks; print the digest of a file that was written."""
    given = _parser().parse_args(arguments)
    try:
        if given.what == "corpus":
            gather(given.out, given.folders, given.images)
            return 0
        data = _layout(given) if given.what == "layout" else _head(given)
    except StopError as error:
        print(error, file=sys.stderr)
        return 1
    given.out.write_bytes(data)
    print(sha256_hex(data))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.standalone.starter",
                                     description=__doc__)  # fmt: skip
    steps = parser.add_subparsers(dest="what", required=True)
    corpus = steps.add_parser("corpus", help="draw pictures, beside the training tars of folders")
    corpus.add_argument("out", type=Path)
    corpus.add_argument("folders", type=Path, nargs="*")
    corpus.add_argument("--images", type=int, default=7000)
    layout = steps.add_parser("layout", help="fit the projection of layouts on a corpus's images")
    layout.add_argument("corpus", type=Path)
    layout.add_argument("out", type=Path)
    layout.add_argument("--images", type=int, default=4000)
    head = steps.add_parser("head", help="train the head on a run that came to `split`")
    head.add_argument("root", type=Path)
    head.add_argument("out", type=Path)
    return parser


def _layout(given: argparse.Namespace) -> bytes:
    return fit_layout(given.corpus, read_settings().cache, num_images=given.images)


def _head(given: argparse.Namespace) -> bytes:
    """Return the head's file; its curve goes beside it as JSON."""
    with Bar("texts") as bar:
        data = open_examples(given.root, bar)
    with Bar("steps") as bar:
        fitted = fit(data, RECIPE, bar, threads=2)
    given.out.with_suffix(".json").write_text(json.dumps(fitted.curve, indent=1) + "\n")
    return fitted.to_bytes()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
