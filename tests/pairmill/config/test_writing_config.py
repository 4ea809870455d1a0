"""Who writes, and how models are asked: names that are known, bounds in order, rules by default."""

from typing import Any, get_args

import pytest

from pairmill.config import RunConfig, parse_config
from pairmill.config.writing import Language, TaskName
from pairmill.core.errors import ConfigError
from pairmill.core.synthesis import COMPOSED, LANGUAGES, TASKS
from pairmill.presets import load_config, preset_names


def test_the_laptop_writes_by_rules_and_asks_no_model() -> None:
    config = RunConfig()
    assert config.captioning.captioner == "rules"
    assert (config.describing.describer, config.instructing.instructor) == ("rules", "rules")
    assert (config.describing.words, config.instructing.demonstrations) == ((60, 100), 5)


def test_the_tasks_and_languages_are_those_of_the_records() -> None:
    literal, _ = get_args(TaskName)
    assert get_args(literal) == TASKS
    assert get_args(Language) == LANGUAGES


def test_an_arrow_may_be_typed() -> None:
    config = parse_config({"instructing": {"tasks": ["image+text->image", "text→image"]}})
    assert config.instructing.tasks == (COMPOSED, "text→image")


@pytest.mark.parametrize(
    ("part", "values", "told"),
    [
        ("instructing", {"tasks": ["text->image"]}, "triplets need it"),
        ("instructing", {"tasks": []}, "wanted one name or more"),
        ("instructing", {"tasks": ["image->video"]}, "instructing.tasks"),
        ("instructing", {"languages": ["en", "en"]}, "each once"),
        ("instructing", {"languages": ["fr"]}, "instructing.languages"),
        ("instructing", {"demonstrations": 16}, "instructing.demonstrations"),
        ("describing", {"words": [100, 60]}, "two bounds in order"),
        ("describing", {"words": [1, 60]}, "two bounds in order"),
        ("describing", {"asking": {"prompt_style": "poem"}}, "describing.asking.prompt_style"),
        ("describing", {"describer": "llm"}, r"describing\.chat\.model: got none"),
        ("instructing", {"instructor": "llm"}, r"instructing\.chat\.model: got none"),
        ("captioning", {"captioner": "llm"}, r"captioning\.chat\.model: got none"),
    ],
)
def test_what_cannot_be_meant_is_refused(part: str, values: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigError, match=told):
        parse_config({part: values})


@pytest.mark.parametrize("preset", preset_names())
def test_a_preset_that_asks_models_keeps_them_busy_to_the_end_of_a_shard(preset: str) -> None:
    config = load_config(preset)
    asking = [part.chat.concurrency for part, who in (
        (config.describing, config.describing.describer),
        (config.instructing, config.instructing.instructor),
    ) if who == "llm"]  # fmt: skip
    assert config.mining.shard_pairs >= 16 * max(asking, default=0)
