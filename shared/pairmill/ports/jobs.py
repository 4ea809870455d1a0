"""The jobs port: one long program at a time, such as a training. Knows no stage."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Protocol


class JobState(Enum):
    """Where a job stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True, kw_only=True)
class JobSpec:
    """A Python module to run as a program of its own, with arguments and environment."""

    name: str
    module: str
    arguments: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class JobStatus:
    """A job's state and the end of what it printed, as far as the platform shows that.

    Every platform shows it for a job that has failed.
    """

    state: JobState
    log_tail: str = ""


class Jobs(Protocol):
    """Starts programs and watches them. An unknown name raises KeyError."""

    def launch(self, spec: JobSpec) -> None:
        """Start the job; one of that name that still runs is left alone."""
        ...

    def status(self, name: str) -> JobStatus:
        """Return where the job stands."""
        ...

    def cancel(self, name: str) -> None:
        """End the job and all it started; a finished one is left alone.

        It may return before the job has ended: the status tells. Once it has ended it has failed,
        or is not known any more.
        """
        ...

    def spare(self, workers: Collection[str]) -> None:
        """Say which workers are at work, so that the platform ends idle ones first."""
        ...
