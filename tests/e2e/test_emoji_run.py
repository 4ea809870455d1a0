"""The whole pipeline on two hundred real emoji: balances, same bytes, search, clear refusals."""

import hashlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.kill import committed, take_images

CONFIG = """\
ingest: {shard_images: 64}
editing: {max_images: 40}
training: {align_steps: 10, compose_steps: 40, batch: 64, validate_every: 10, checkpoint_every: 10,
           min_triplets: 20}
"""


def pairmill(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "services.cli", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)


@pytest.fixture(scope="module")
def mill(corpora: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A finished run on 200 images; beside it `corpus` and `run.yaml`."""
    folder = tmp_path_factory.mktemp("emoji")
    take_images(corpora / "fluent-emoji/train-000.tar", folder / "corpus")
    (folder / "run.yaml").write_text(CONFIG)
    done = run(folder, folder / "mill")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder / "mill"


def run(folder: Path, out: Path) -> subprocess.CompletedProcess[str]:
    return pairmill("run", "--corpus", folder / "corpus", "--config", folder / "run.yaml",
                    "--out", out)  # fmt: skip


def report_of(mill: Path) -> dict:  # type: ignore[type-arg]
    (path,) = mill.glob("runs/*/report.json")
    return json.loads(path.read_text())  # type: ignore[no-any-return]


def test_nothing_is_lost_between_the_images_and_the_triplets(mill: Path) -> None:
    report = report_of(mill)
    for stage, totals in report["stages"].items():
        left_out = sum(totals["rejects"].values())
        assert totals["inputs"] == totals["outputs"] + left_out, stage
    stages = report["stages"]
    assert stages["ingest"]["inputs"] == 200
    for before, after in (("ingest", "dedupe"), ("dedupe", "embed"), ("embed", "mine"),
                          ("select", "describe"), ("describe", "instruct"), ("instruct", "gate"),
                          ("edit", "embed_edits"), ("split", "train")):  # fmt: skip
        assert stages[before]["outputs"] == stages[after]["inputs"], (before, after)
    triplets = stages["gate"]["outputs"] + stages["edit"]["outputs"]
    assert stages["split"]["inputs"] == triplets
    assert report["counts"]["edits"] == stages["edit"]["outputs"] > 50
    assert report["counts"]["triplets"] > 100


def test_the_report_has_every_documented_figure(mill: Path) -> None:
    report = report_of(mill)
    for when in ("before", "after"):
        for kind in ("composed", "image_only", "text_only"):
            figures = report["quality"][when][kind]
            assert {"recall@1", "recall@5", "recall@10", "map@5", "mrr"} <= set(figures)
            assert all(0 <= figures[key] <= 1 for key in ("recall@1", "map@5", "mrr"))
    assert "recall@1" in report["quality"]["raw"]["image_only"]
    assert set(report["seconds"]) >= {"ingest", "embed", "train", "total"}


def test_the_retriever_is_published_under_the_digest_of_its_weights(mill: Path) -> None:
    (alias,) = mill.glob("models/corpus/aliases/latest.json")
    said = json.loads(alias.read_bytes())
    weights = (mill / f"models/corpus/{said['version']}/weights.safetensors").read_bytes()
    assert hashlib.sha256(weights).hexdigest().startswith(said["version"])
    assert said["why"] == report_of(mill)["training"]["why"]


def test_another_run_of_the_same_request_gives_the_same_bytes(mill: Path) -> None:
    again = mill.parent / "again"
    assert run(mill.parent, again).returncode == 0
    assert committed(again) == committed(mill)
    first, second = report_of(mill), report_of(again)
    assert first.pop("seconds") != second.pop("seconds")
    assert first == second


def test_a_finished_run_started_again_does_no_work(mill: Path) -> None:
    before = {path: path.stat().st_mtime_ns for path in mill.rglob("*.parquet")}
    assert run(mill.parent, mill).returncode == 0
    assert {path: path.stat().st_mtime_ns for path in mill.rglob("*.parquet")} == before


def test_a_search_by_image_and_text_shows_hits_but_never_the_query(mill: Path) -> None:
    image = next(iter(sorted((mill.parent / "corpus").glob("*.webp"))))
    done = pairmill("search", mill, "--image", image, "--text", "as a flat drawing", "--k", "5")
    assert done.returncode == 0, done.stderr
    assert f"│ {image.stem} " not in done.stdout
    assert (mill / "search.png").stat().st_size > 10_000


@pytest.mark.parametrize("what", ["triplets", "edits", "pairs", "rejects"])
def test_every_kind_of_record_can_be_looked_at(mill: Path, what: str) -> None:
    done = pairmill("show", what, mill, "--num", 6)
    assert done.returncode == 0, done.stderr
    assert (mill / f"{what}.png").stat().st_size > 5_000


def test_a_benchmark_can_be_judged_on_a_finished_run(mill: Path, tmp_path: Path) -> None:
    keys = sorted(path.stem for path in (mill.parent / "corpus").glob("*_3d.webp"))[:5]
    lines = [{"query_id": key, "query_image": key, "instruction": "as a flat drawing",
              "targets": [key.replace("_3d", "_flat")]} for key in keys]  # fmt: skip
    benchmark = tmp_path / "benchmark.jsonl"
    benchmark.write_text("".join(json.dumps(line) + "\n" for line in lines))
    done = pairmill("evaluate", mill, "--benchmark", benchmark)
    assert done.returncode == 0, done.stderr
    assert "composed" in done.stdout


def test_the_output_folder_of_another_corpus_is_refused(mill: Path, tmp_path: Path) -> None:
    other = tmp_path / "others"
    other.mkdir()
    (other / "a.webp").write_bytes(next((mill.parent / "corpus").glob("*.webp")).read_bytes())
    before = committed(mill)
    done = pairmill("run", "--corpus", other, "--out", mill)
    assert done.returncode == 3
    assert "another" in done.stderr.replace("\n", " ")
    assert committed(mill) == before


def test_the_output_folder_of_another_format_version_is_refused(tmp_path: Path, mill: Path) -> None:
    out = tmp_path / "old"
    out.mkdir()
    (out / "pairmill.json").write_text('{"format": 99, "corpus": "x", "manifest": "y"}')
    done = pairmill("run", "--corpus", mill.parent / "corpus", "--out", out)
    assert done.returncode == 3
    assert "format version 99" in done.stderr.replace("\n", " ")
    assert [path.name for path in out.rglob("*") if path.is_file()] == ["pairmill.json"]


def test_searching_a_folder_that_no_run_made_says_what_is_wanted(tmp_path: Path) -> None:
    done = pairmill("search", tmp_path, "--text", "a dog")
    assert done.returncode == 3
    assert "output folder" in done.stderr


def test_an_empty_corpus_is_a_clear_error_and_leaves_nothing_behind(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = pairmill("run", "--corpus", tmp_path / "empty", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert not list((tmp_path / "out").rglob("*.parquet"))


def test_a_corpus_of_one_image_ends_in_a_clear_word(mill: Path, tmp_path: Path) -> None:
    one = tmp_path / "one"
    one.mkdir()
    (one / "a.webp").write_bytes(next((mill.parent / "corpus").glob("*.webp")).read_bytes())
    done = pairmill("run", "--corpus", one, "--out", tmp_path / "out")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "untrained" in done.stdout
