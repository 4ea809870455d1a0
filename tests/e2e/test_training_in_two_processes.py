"""A run whose training is shared by two processes: torchrun, started as any job is."""

from pathlib import Path

import pytest

from pairmill.config import EditingConfig, IngestConfig, RunConfig, TrainingConfig
from pairmill.core.errors import StopError
from pairmill.pipeline.commit import Commit, CommitLog
from pairmill.settings import Settings
from services.standalone.conduct import Conductor
from services.standalone.submit import Submission, submit
from tests.e2e.test_uncaptioned_run import draw


def conductor(root: Path, **training: object) -> Conductor:
    """Return what conducts a run up to its training, on forty pictures and their edits."""
    config = RunConfig(
        ingest=IngestConfig(shard_images=20),
        editing=EditingConfig(max_images=30),
        training=TrainingConfig.model_validate({
            "min_triplets": 20, "batch": 16, "align_steps": 4, "compose_steps": 8,
            "validate_every": 4, "held_out": 0.3, "processes": 2, **training,
        }),
    )  # fmt: skip
    submitted = submit(
        Submission(corpus=str(root / "photos"), out=root / "mill", config=config), Settings()
    )
    return Conductor(submitted.ports, submitted.graph)


def trained(found: Conductor) -> Commit:
    found.run(until="train")
    return CommitLog(found.ports.objects, found.graph.node("train").commits).read("all")


def test_two_processes_train_and_commit_once_or_stop_with_one_text(tmp_path: Path) -> None:
    draw(tmp_path / "photos")
    found = conductor(tmp_path)
    first = trained(found)
    assert [row["step"] for row in first.facts["curve"]] == [0, 4, 8, 12]
    assert first.facts["validation"]["untrained"].keys() >= {"edits", "text_to_image"}
    # an error that no other attempt can mend ends all of them, and its text is what is shown
    with pytest.raises(StopError, match=r"the loss is nan at step \d; lower training"):
        conductor(tmp_path, learning_rate=1e30).run(until="train")
