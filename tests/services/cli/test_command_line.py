"""The command line: help that teaches, faults told all at once, errors with status 3."""

import json
import re
from pathlib import Path

import pytest

from services.cli.__main__ import main, parser

COMMANDS = (
    "run", "search", "show", "compare-prompts", "evaluate", "ablate", "demo", "sample",
    "submit", "runs", "watch", "cancel", "retry", "report", "upload",
)  # fmt: skip


def call(monkeypatch: pytest.MonkeyPatch, *arguments: object) -> int:
    monkeypatch.setattr("sys.argv", ["pairmill", *map(str, arguments)])
    try:
        main()
    except SystemExit as end:
        return int(end.code or 0)
    return 0


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_help_with_an_example(
    command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as end:
        parser().parse_args([command, "--help"])
    assert end.value.code == 0
    shown = capsys.readouterr().out
    assert f"example:\n  pairmill {command} " in shown


def test_without_a_command_the_commands_are_named(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        parser().parse_args([])
    assert end.value.code == 2
    capsys.readouterr()
    parser().print_help()
    shown = capsys.readouterr().out
    assert all(re.search(rf"^    {command}\s", shown, re.MULTILINE) for command in COMMANDS)


def test_all_faults_of_a_run_file_are_told_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "run.yaml"
    file.write_text("seed: -1\nmining: {foo: 1, first_rank: 60}\n")
    code = call(monkeypatch, "run", "--corpus", tmp_path, "--out", tmp_path / "o", "--config", file)
    told = capsys.readouterr().err
    assert code == 3
    assert "seed" in told
    assert "mining.foo" in told


def test_an_unknown_preset_names_those_that_there_are(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    code = call(monkeypatch, "run", "--corpus", tmp_path, "--out", tmp_path, "--preset", "huge")
    assert code == 3
    assert "laptop, megapairs" in capsys.readouterr().err


def test_a_number_that_is_too_small_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        parser().parse_args(["search", "mill", "--k", "0"])
    assert "0 is below 1" in capsys.readouterr().err


def test_a_sample_of_another_size_in_the_same_folder_is_an_error_in_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "corpus").mkdir()
    (tmp_path / "corpus/mine.jpg").touch()
    assert call(monkeypatch, "sample", tmp_path, "--images", 50) == 3
    assert "not of this sample" in capsys.readouterr().err
    assert not (tmp_path / "sample.json").exists()


def test_the_presets_are_what_the_paper_and_the_defaults_say() -> None:
    from pairmill.config import RunConfig
    from pairmill.presets import load_config

    assert load_config("laptop") == RunConfig()
    paper = json.loads(load_config("megapairs").model_dump_json())
    assert paper["mining"]["band"] == {"kind": "absolute", "low": 0.8, "high": 0.96}
    assert paper["training"]["temperature"] == 0.02
