"""Run configurations by name: one YAML file a preset, and a user's file laid over it. Knows no
value itself.
"""

from collections.abc import Mapping
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from pairmill.config import RunConfig, parse_config
from pairmill.core.errors import ConfigError


def preset_names() -> list[str]:
    """Return the names of the presets that come with the package."""
    folder = resources.files("pairmill.presets")
    return sorted(item.name[:-5] for item in folder.iterdir() if item.name.endswith(".yaml"))


def load_config(preset: str, file: Path | None = None) -> RunConfig:
    """Return the preset with the values of `file` laid over it.

    Raises ConfigError that names every fault at once.
    """
    return config_of(preset) if file is None else config_of(preset, _text_of(file), str(file))


def lay_file_over(config: RunConfig, file: Path) -> RunConfig:
    """Return a configuration with a YAML file's values laid over it; ConfigError as above."""
    return lay_values_over(config, _read_yaml(_text_of(file), str(file)))


def lay_values_over(config: RunConfig, values: Mapping[str, Any]) -> RunConfig:
    """Return a configuration with plain values laid over it; ConfigError as above."""
    return parse_config(lay_over(config.model_dump(mode="json"), values))


def config_of(preset: str, text: str = "", name: str = "the configuration") -> RunConfig:
    """Return the preset with YAML laid over it.

    name: what errors call the YAML. Raises ConfigError that names every fault at once.
    """
    if preset not in preset_names():
        wrong = f"got {preset!r}, wanted one of {', '.join(preset_names())}"
        raise ConfigError(f"preset: {wrong}", [("preset", wrong)])
    below = (resources.files("pairmill.presets") / f"{preset}.yaml").read_text("utf-8")
    values = lay_over(yaml.safe_load(below) or {}, _read_yaml(text, name) if text.strip() else {})
    return parse_config({"preset": preset, **values})


def _text_of(file: Path) -> str:
    try:
        return file.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: wanted a YAML file of settings, got: {error}") from None


def _read_yaml(text: str, name: str) -> dict[str, Any]:
    try:
        values = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date or a number may be none
        raise ConfigError(f"{name}: wanted YAML of settings, got: {error}") from None
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigError(f"{name}: wanted a YAML mapping, got {type(values).__name__}")
    return values


def lay_over(base: Mapping[str, Any], top: Mapping[str, Any]) -> dict[str, Any]:
    """Return `base` with the values of `top` laid over it, part by part."""
    merged = dict(base)
    for key, value in top.items():
        below = merged.get(key)
        both = isinstance(below, Mapping) and isinstance(value, Mapping)
        merged[key] = lay_over(below, value) if both else value  # type: ignore[arg-type]
    return merged
