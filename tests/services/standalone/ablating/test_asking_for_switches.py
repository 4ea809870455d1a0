"""Switches by name and group, own ones, and the file that asks for them."""

from pathlib import Path

import pytest
import yaml

from pairmill.config import RunConfig
from pairmill.core.errors import ConfigError
from pairmill.editing import OPERATIONS
from services.cli.__main__ import main
from services.standalone.ablating.asking import Ablation, configure, read_ablation
from services.standalone.ablating.paper import NEGATIVES, SPACES
from services.standalone.ablating.switches import built_in, choose, groups

ROOT = Path(__file__).resolve().parents[4]


def asked(**values: object) -> Ablation:
    return Ablation.model_validate({"corpus": "c", "switches": ["negatives"]} | values)


def file_of(folder: Path, **values: object) -> Path:
    path = folder / "ablation.yaml"
    path.write_text(yaml.safe_dump({"corpus": "c", "switches": ["negatives"]} | values))
    return path


@pytest.mark.parametrize("name", built_in())
def test_every_built_in_switch_makes_a_configuration_of_its_own(name: str) -> None:
    switch = built_in()[name]
    config = configure(asked(), switch, 0, 1000)
    same = name in ("full", "mined-and-edits")  # the laptop preset learns from both
    assert (config == RunConfig()) is same
    assert switch.about


def test_the_switches_that_are_asked_of_an_ablation_are_there() -> None:
    found = groups()
    assert {"negatives", "spaces", "sources", "sizes", "instructions", "edits"} < set(found)
    assert len(found["spaces"]) == 6
    assert len(found["sizes"]) == 5
    assert len(found["edits"]) == len(OPERATIONS)
    settings = [row.switch for table in (NEGATIVES, SPACES) for row in table.rows]
    assert set(settings) <= set(built_in())


def test_the_query_image_and_mined_negatives_are_switched_one_by_one() -> None:
    def training(name: str) -> tuple[bool, str]:
        config = configure(asked(), built_in()[name], 0, 1).training
        return config.query_negative, config.negatives

    assert training("full") == (True, "mined")
    assert training("in-batch-only") == (False, "none")
    assert training("no-query-negative") == (False, "mined")
    assert training("no-mined-negatives") == (True, "none")
    assert training("random-negatives") == (True, "random")


def test_an_edit_that_is_left_out_is_the_only_one() -> None:
    name = next(iter(OPERATIONS))
    config = configure(asked(), built_in()[f"no-edit-{name.replace('_', '-')}"], 0, 1)
    assert set(config.editing.operations) == set(OPERATIONS) - {name}


def test_full_comes_first_and_every_switch_once() -> None:
    own = {"cooler": {"training": {"temperature": 0.02}}}
    found = choose(["space-caption", own, "spaces", "full"])
    names = [switch.name for switch in found]
    assert names[:3] == ["full", "space-caption", "cooler"]
    assert len(names) == len(set(names)) == 8


@pytest.mark.parametrize(
    "wrong", ["no-such-switch", {"full": {"seed": 1}}, {"spaces": {"seed": 1}}, {"mine": 3}]
)
def test_a_switch_that_cannot_be_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigError, match="switches"):
        choose([wrong])  # type: ignore[list-item]


def test_seeds_vary_everything_or_the_training_alone() -> None:
    full = built_in()["full"]
    everything = configure(asked(), full, 3, 1)
    assert (everything.seed, everything.training.seed_offset) == (3, 0)
    training = configure(asked(vary="training", config={"seed": 5}), full, 3, 1)
    assert (training.seed, training.training.seed_offset) == (5, 3)


def test_the_base_lies_over_the_preset_and_a_switch_over_the_base() -> None:
    base = asked(config={"training": {"batch": 64, "temperature": 0.5}})
    own = choose([{"own": {"training": {"temperature": 0.1}}}])[1]
    found = configure(base, own, 0, 1).training
    assert (found.batch, found.temperature) == (64, 0.1)


def test_the_command_line_lies_over_the_file_and_the_environment_fills_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PICTURES", "/somewhere")
    found = read_ablation(file_of(tmp_path, corpus="$PICTURES/a"), {"seeds": [4], "gallery": "g"})
    assert (found.corpus, found.gallery, found.seeds) == ("/somewhere/a", "g", (4,))


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({"corpus": "$NOT_SET_ANYWHERE/a"}, "--corpus"),
        ({"seeds": []}, "seeds"),
        ({"seeds": [1, 1]}, "each seed once"),
        ({"seeds": [-1]}, "seeds"),
        ({"switches": []}, "switches"),
        ({"vary": "nothing"}, "vary"),
        ({"corpsu": "x"}, "corpsu"),
        ({"config": {"training": {"batch": 0}}}, "training.batch"),
        ({"switches": [{"own": {"training": {"bacth": 9}}}]}, "switch own"),
        ({"preset": "none"}, "preset"),
    ],
)
def test_what_is_wrong_in_the_file_is_told_before_anything_runs(
    tmp_path: Path, values: dict[str, object], told: str
) -> None:
    with pytest.raises(ConfigError, match=told):
        read_ablation(file_of(tmp_path, **values), {})


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="wanted YAML"):
        read_ablation(tmp_path / "none.yaml", {})
    (tmp_path / "list.yaml").write_text("[1]")
    with pytest.raises(ConfigError, match="wanted a mapping"):
        read_ablation(tmp_path / "list.yaml", {})


def test_the_shipped_ablation_of_emoji_can_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PAIRMILL_CORPORA", "/corpora")
    found = read_ablation(ROOT / "benchmarks/ablations/emoji.yaml", {})
    assert found.gallery == "/corpora/fluent-emoji/test-*.tar"
    groups = {switch.group for switch in found.chosen}
    assert groups == {"base", "negatives", "spaces", "sources", "sizes", "instructions", "own"}


def test_the_shipped_ablation_leaves_out_every_family_of_edits_once() -> None:
    here = dict.fromkeys(("corpus", "gallery", "benchmark"), ".")
    found = read_ablation(ROOT / "benchmarks/ablations/emoji.yaml", here)
    kept = [set(s.changes["editing"]["operations"]) for s in found.chosen
            if "editing" in s.changes]  # fmt: skip
    left_out = [operation for operations in kept for operation in set(OPERATIONS) - operations]
    assert sorted(left_out) == sorted(OPERATIONS)


def test_the_command_lists_every_switch_with_a_line_each(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["pairmill", "ablate", "--list"])
    main()
    lines = capsys.readouterr().out.splitlines()
    for switch in built_in().values():
        assert len([line for line in lines if line.startswith(f"  {switch.name} ")]) == 1


def test_the_command_without_a_file_says_what_it_wants(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["pairmill", "ablate"])
    with pytest.raises(SystemExit) as end:
        main()
    assert end.value.code == 3
    assert "--config FILE" in capsys.readouterr().err
