"""What one process is connected to, whatever the run: settings become stores and servers' ports.

Names vendors; knows no stage. Everything is opened when it is first asked for.
"""

import os
import socket
import uuid
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pairmill.core.errors import ConfigError, RootError
from pairmill.ports.jobs import Jobs
from pairmill.ports.ledger import Ledger
from pairmill.ports.objects import ObjectStore
from pairmill.ports.queue import TaskQueue
from pairmill.ports.vectors import VectorStore
from pairmill.settings import Settings
from pairmill.sources.places import BUCKETS


@dataclass(frozen=True)
class Stores:
    """What one process is connected to, whatever the run."""

    settings: Settings

    @staticmethod
    def folder(root: Path, *, read_only: bool = True) -> ObjectStore:
        """Open any folder as an object store."""
        from pairmill.adapters.objects.folder import FolderObjects

        return FolderObjects(root, read_only=read_only)

    @cached_property
    def objects(self) -> ObjectStore:
        """All runs' objects; refuses a store that overwrites what must be created once."""
        from pairmill.adapters.objects.selftest import check_create_only

        found = self._bucket(self.where) if self.settings.objects == "minio" else self._root()
        if self.settings.commit_guard == "objects" and not check_create_only(found):
            raise RootError(
                f"{self.where}: this store overwrites what must be created once, so two workers "
                "could both commit; use another, or set PAIRMILL_COMMIT_GUARD=ledger"
            )
        return found

    @property
    def where(self) -> str:
        """The address of the objects."""
        s3 = self.settings.s3
        if self.settings.objects == "minio":
            return f"{BUCKETS}{s3.bucket}/{s3.prefix}".rstrip("/")
        return str(self.settings.root)

    def owner_name(self) -> str:
        """Return a new name for this process as an owner in the ledger."""
        name = self.settings.worker_name or f"{socket.gethostname()}-{os.getpid()}"
        return f"{name}/{uuid.uuid4().hex[:8]}"

    def open_source(self, address: str) -> ObjectStore:
        """Open somebody's own files, to be read only: a folder, or `s3://bucket/prefix`."""
        if address.startswith(BUCKETS):
            return self._bucket(address, read_only=True)
        return self.folder(Path(address))

    def open_target(self, address: str) -> ObjectStore:
        """Open `s3://bucket/prefix` to write into."""
        return self._bucket(address)

    @cached_property
    def queue(self) -> TaskQueue:
        """Rings for tasks."""
        if self.settings.queue == "celery":
            from pairmill.adapters.queue.celery import CeleryQueue

            return CeleryQueue(self.settings.redis)
        from pairmill.adapters.queue.inline import InlineQueue

        return InlineQueue()

    @cached_property
    def ledger(self) -> Ledger:
        """Knows who works on what."""
        from pairmill.ports.ledger import Limits

        limits = Limits(
            max_attempts=self.settings.max_attempts,
            lease_seconds=self.settings.lease_seconds,
            backoff_seconds=self.settings.backoff_seconds,
        )
        if self.settings.ledger == "redis":
            from pairmill.adapters.ledger.redis import RedisLedger

            return RedisLedger(self.settings.redis, limits)
        from pairmill.adapters.ledger.memory import MemoryLedger

        return MemoryLedger(limits)

    @cached_property
    def jobs(self) -> Jobs:
        """Starts trainings and evaluations."""
        if self.settings.jobs == "kubernetes":
            from pairmill.adapters.jobs.kubernetes import KubernetesJobs

            return KubernetesJobs(self.settings.kubernetes)
        from pairmill.adapters.jobs.subprocess import SubprocessJobs

        return SubprocessJobs(self._needed_root() / "logs")

    def vectors(self, engine: str, hnsw_ef: int = 0) -> VectorStore:
        """Open a vector engine: `exact` in this process, `edge` in a child of it, or `qdrant`."""
        if engine == "qdrant":
            from pairmill.adapters.vectors.qdrant import QdrantVectors

            return QdrantVectors(self.settings.qdrant, hnsw_ef=hnsw_ef)
        if engine == "edge":
            from pairmill.adapters.vectors.edge import EdgeVectors

            return EdgeVectors(hnsw_ef)
        from pairmill.adapters.vectors.exact import ExactVectors

        return ExactVectors()

    def _root(self) -> ObjectStore:
        return self.folder(self._needed_root(), read_only=False)

    def _needed_root(self) -> Path:
        if self.settings.root is None:
            raise ConfigError("PAIRMILL_ROOT is not set: wanted the folder that everything goes to")
        return self.settings.root

    def _bucket(self, address: str, *, read_only: bool = False) -> ObjectStore:
        from pairmill.adapters.objects.minio import MinioObjects

        bucket, _, prefix = address.removeprefix(BUCKETS).partition("/")
        # sources lie where the objects do: once those are open, the address is known to be right
        known = self.settings.objects == "minio" and "objects" in vars(self)
        found = MinioObjects(self.settings.s3, bucket, prefix, read_only=read_only, answered=known)
        if self.settings.s3.create_bucket and not read_only:
            found.ensure_bucket()
        return found
