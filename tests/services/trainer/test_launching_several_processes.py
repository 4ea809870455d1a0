"""Who starts a training says in how many processes, wherever it runs."""

from pathlib import Path

from pairmill.config import RunConfig, TrainingConfig
from pairmill.door import DRAINED, job_of
from pairmill.pipeline.graph import Graph, RunSpec
from services.trainer import launching
from services.trainer.launching import processes_of


def spec(processes: int) -> RunSpec:
    config = RunConfig(training=TrainingConfig(processes=processes))
    return RunSpec(name="r", corpus="c", config=config, encoder_id="e")


def test_the_job_of_a_training_asks_for_its_processes_and_no_other_does() -> None:
    two = spec(2)
    train, evaluate = (Graph(two).node(name) for name in ("train", "evaluate"))
    asked = job_of(two, train, Path("/out"))
    assert asked.arguments == ("r", "train", "--root", "/out", "--processes", "2")
    assert processes_of(list(asked.arguments)) == (2, ["r", "train", "--root", "/out"])
    assert job_of(two, evaluate).arguments == ("r", "evaluate")
    assert job_of(spec(1), train).arguments == ("r", "train")


def test_arguments_without_processes_mean_one() -> None:
    assert processes_of(["r", "train"]) == (1, ["r", "train"])
    assert processes_of([]) == (1, [])


def test_a_program_told_to_end_says_so_by_the_doors_own_status() -> None:
    assert launching.DRAINED == DRAINED
