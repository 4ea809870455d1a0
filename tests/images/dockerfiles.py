"""Read a Dockerfile: its stages, and what BuildKit would build of them. Runs nothing."""

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCKER = ROOT / "docker"


@dataclass(frozen=True)
class Stage:
    """One `FROM` and the instructions below it."""

    name: str
    base: str
    instructions: tuple[str, ...]

    @property
    def needs(self) -> set[str]:
        """The stages that it begins with or copies from."""
        return {self.base, *re.findall(r"--from=(\S+)", "\n".join(self.instructions))}


def instructions(path: Path) -> list[str]:
    """Return the instructions, one an entry, lines joined, comments left out."""
    lines = [line for line in path.read_text().splitlines() if not re.match(r"\s*#|\s*$", line)]
    return re.sub(r"\\\n\s*", "", "\n".join(lines)).splitlines()


def stages(path: Path) -> tuple[list[str], list[Stage]]:
    """Return what stands before the first `FROM`, and the stages; the last may have no name."""
    head: list[str] = []
    found: list[Stage] = []
    for line in instructions(path):
        begun = re.match(r"FROM (\S+)(?: AS (\S+))?$", line)
        if begun:
            found.append(Stage(begun[2] or "", begun[1], ()))
        elif not found:
            head.append(line)
        else:
            last = found[-1]
            found[-1] = Stage(last.name, last.base, (*last.instructions, line))
    return head, found


def needed(path: Path, service: str) -> list[Stage]:
    """Return the stages that make one service's image, in order; KeyError if there is none."""
    _, found = stages(path)
    by_name = {stage.name: stage for stage in found[:-1]}
    last = found[-1]
    last = Stage(last.name, last.base.replace("${SERVICE}", service), last.instructions)
    wanted, left = set[str](), [each for each in last.needs if each != "${BASE}"]
    while left:
        name = left.pop()
        wanted.add(name)
        left += [each for each in by_name[name].needs if each != "${BASE}"]
    return [*(stage for stage in found if stage.name in wanted), last]


def without_buildkit(path: Path, service: str) -> str:
    """Return the Dockerfile for a builder that builds every stage and mounts no secret.

    What is left out is what BuildKit leaves out: the stages of other services, and a secret that
    nobody gave.
    """
    head, _ = stages(path)
    lines = list(head)
    for stage in needed(path, service):
        lines.append(f"FROM {stage.base}" + (f" AS {stage.name}" if stage.name else ""))
        lines += [re.sub(r"--mount=type=secret\S* +", "", line) for line in stage.instructions]
    return "\n".join(lines) + "\n"
