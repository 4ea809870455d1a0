"""What an ablation is asked to do: its file, checked, and laid over by the command line.

Knows YAML and configurations; runs nothing.
"""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import Field, ValidationError

from pairmill.config import RunConfig, parse_config
from pairmill.config.part import Part
from pairmill.core.errors import ConfigError
from pairmill.presets import config_of, lay_over
from services.standalone.ablating.switches import Switch, choose


class Ablation(Part):
    """One ablation.

    corpus, gallery, benchmark, captions: as `pairmill run` takes them. preset, config: the base.
    """

    corpus: str = Field(min_length=1)
    gallery: str = ""
    benchmark: str = ""
    captions: str = ""
    preset: str = "laptop"
    config: dict[str, Any] = Field(default_factory=dict)
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field((0, 1, 2), min_length=1)
    vary: Literal["all", "training"] = "all"
    switches: tuple[str | dict[str, dict[str, Any]], ...] = Field((), min_length=1)

    @property
    def chosen(self) -> list[Switch]:
        """The switches, `full` first."""
        return choose(self.switches)


def read_ablation(file: Path, over: Mapping[str, Any]) -> Ablation:
    """Return a file's ablation with values of the command line laid over it.

    `$NAME` in paths is taken from the environment. Raises ConfigError that names every fault, those
    of each switch's configuration included.
    """
    try:
        values = yaml.safe_load(file.read_text("utf-8"))
    except (OSError, ValueError, yaml.YAMLError) as error:
        raise ConfigError(f"{file}: wanted YAML that says what to ablate, got: {error}") from None
    if not isinstance(values, dict):
        raise ConfigError(f"{file}: wanted a mapping with corpus, switches, …; got {values!r}")
    try:
        asked = Ablation.model_validate(values | dict(over))
    except ValidationError as error:
        faults = "".join(f"\n  {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors())
        raise ConfigError(f"{file}: what to ablate is wrong:{faults}") from None
    places = {name: _found(name, getattr(asked, name)) for name in
              ("corpus", "gallery", "benchmark", "captions")}  # fmt: skip
    asked = asked.model_copy(update=places)
    if len(set(asked.seeds)) < len(asked.seeds):
        raise ConfigError(f"{file}: seeds {list(asked.seeds)}: wanted each seed once")
    for switch in asked.chosen:
        configure(asked, switch, asked.seeds[0], 1)
    return asked


def configure(asked: Ablation, switch: Switch, seed: int, num_mined: int) -> RunConfig:
    """Return the configuration of one run.

    num_mined: mined triplets that the base's training takes; only switches with a share of them ask
    for it. Raises ConfigError that names the switch.
    """
    values = lay_over(_base(asked), switch.changes)
    if switch.share:
        least = max(round(switch.share * num_mined), 1)
        values = lay_over(values, {"training": {"max_triplets": least if switch.share < 1 else 0}})
    vary = {"seed": seed} if asked.vary == "all" else {"training": {"seed_offset": seed}}
    try:
        return parse_config(lay_over(values, vary))
    except ConfigError as error:
        raise ConfigError(f"switch {switch.name}: {error}", error.faults) from None


def _base(asked: Ablation) -> dict[str, Any]:
    return config_of(asked.preset, yaml.safe_dump(asked.config)).model_dump(mode="json")


def _found(name: str, path: str) -> str:
    found = os.path.expandvars(path)
    if "$" in found:
        raise ConfigError(
            f"{name}: {path}: a variable in it is not set; set it, or give --{name} PATH"
        )
    return found
