"""The only file that names vendors: settings and a run become ports. Knows no stage.

Every port is made when it is first asked for, so that a worker loads only what its stage needs.
"""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pairmill.config import RunConfig, Settings
from pairmill.core.errors import RootError
from pairmill.pipeline.runs import Places
from pairmill.ports.describer import Describer
from pairmill.ports.encoder import Encoder
from pairmill.ports.instructor import Instructor
from pairmill.ports.jobs import Jobs
from pairmill.ports.ledger import Ledger
from pairmill.ports.objects import ObjectStore
from pairmill.ports.queue import TaskQueue
from pairmill.ports.vectors import VectorStore


@dataclass(frozen=True)
class Ports:
    """What one process of the embedded mode works with."""

    settings: Settings
    root: Path
    config: RunConfig
    places: Places

    @staticmethod
    def folder(root: Path, *, read_only: bool = True) -> ObjectStore:
        """Open any folder as an object store."""
        from pairmill.adapters.objects.folder import FolderObjects

        return FolderObjects(root, read_only=read_only)

    @cached_property
    def objects(self) -> ObjectStore:
        """The run's objects; refuses a store that overwrites what must be created once."""
        from pairmill.adapters.objects.selftest import check_create_only

        found = self.folder(self.root, read_only=False)
        if self.settings.commit_guard == "objects" and not check_create_only(found):
            raise RootError(
                f"{self.root}: this file system overwrites files that must be created once, so "
                "two workers could both commit; use another, or set PAIRMILL_COMMIT_GUARD=ledger"
            )
        return found

    @cached_property
    def source(self) -> ObjectStore:
        """The corpus's own files."""
        return self.folder(Path(self.places.source))

    @cached_property
    def gallery(self) -> ObjectStore:
        """The gallery's own files."""
        return self.folder(Path(self.places.gallery))

    @cached_property
    def vectors(self) -> VectorStore:
        """The engine that mining asks for neighbours."""
        from pairmill.adapters.vectors.exact import ExactVectors

        return ExactVectors()

    @cached_property
    def encoder(self) -> Encoder:
        """The two towers and their spaces."""
        from pairmill.adapters.encoder.starter import StarterEncoder

        return StarterEncoder(cache=self.settings.cache, threads=self.config.encoder.threads)

    @cached_property
    def describer(self) -> Describer:
        """Says what two images share and what differs."""
        from pairmill.adapters.describer.rules import RulesDescriber

        return RulesDescriber(self.config.describing, self.config.seed)

    @cached_property
    def instructor(self) -> Instructor:
        """Writes the instructions."""
        from pairmill.adapters.instructor.rules import RulesInstructor

        return RulesInstructor(self.config.instructing, self.config.seed)

    @cached_property
    def queue(self) -> TaskQueue:
        """Rings for tasks."""
        from pairmill.adapters.queue.inline import InlineQueue

        return InlineQueue()

    @cached_property
    def ledger(self) -> Ledger:
        """Knows who works on what."""
        from pairmill.adapters.ledger.memory import MemoryLedger

        return MemoryLedger(self.settings.max_attempts, self.settings.lease_seconds)

    @cached_property
    def jobs(self) -> Jobs:
        """Starts trainings and evaluations."""
        from pairmill.adapters.jobs.subprocess import SubprocessJobs

        return SubprocessJobs(self.root / "logs")
