"""The programs of a local site: what each is started with, and how to see that it is up.

Knows command lines and environment; starts nothing.
"""

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from pairmill.core.errors import ConfigError
from services.local.layout import Layout

WORKERS = (
    "ingestor", "embedder", "miner", "editor", "describer", "instructor", "gatekeeper",
    "trainer", "indexer",
)  # fmt: skip
"""Services that take tasks from queues; trainer and evaluator also run as jobs."""

SERVERS = ("minio", "redis")
"""Started before everything else, and stopped after it."""

INSTALL = {
    "redis-server": "install it (Debian: apt-get install redis-server)",
    "minio": "put it on the PATH, or build it: tests/tools/build.sh minio prints its folder",
}


@dataclass(frozen=True, kw_only=True)
class Program:
    """One process. ready: what answers 200 over HTTP once it is up; empty: a TCP port does."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    ready: str = ""
    port: int = 0


def programs(folder: Path, layout: Layout, more: Mapping[str, str]) -> list[Program]:
    """Return all programs of a site in the order in which they start.

    more: further environment for Pairmill's own, such as shorter leases.
    """
    own = {**environment(folder, layout), **more}
    return [
        _redis(folder, layout),
        _minio(folder, layout),
        _server("gateway", layout.gateway, layout.gateway_http, own),
        _own("coordinator", layout.probes, own),
        *(_own(name, layout.probes + 1 + i, own) for i, name in enumerate(WORKERS)),
        _server("retriever", layout.retriever, layout.retriever_http, own),
    ]


def environment(folder: Path, layout: Layout) -> dict[str, str]:
    """Return the settings of everything that belongs to the site, command line included."""
    return {
        "PAIRMILL_OBJECTS": "minio",
        "PAIRMILL_QUEUE": "celery",
        "PAIRMILL_LEDGER": "redis",
        "PAIRMILL_JOBS": "subprocess",
        "PAIRMILL_ROOT": str(folder),
        "PAIRMILL_GATEWAY": f"127.0.0.1:{layout.gateway}",
        "PAIRMILL_S3__ENDPOINT": f"http://127.0.0.1:{layout.minio}",
        "PAIRMILL_S3__ACCESS_KEY": "pairmill",
        "PAIRMILL_S3__SECRET_KEY": layout.password,
        "PAIRMILL_S3__BUCKET": layout.bucket,
        "PAIRMILL_S3__CREATE_BUCKET": "true",
        "PAIRMILL_REDIS__URL": layout.redis_url(),
    }


def find(program: str) -> str:
    """Return a program's path; ConfigError says how to get it."""
    found = shutil.which(program)
    if found is None:
        raise ConfigError(f"{program} is not on the PATH: {INSTALL[program]}")
    return found


def _redis(folder: Path, layout: Layout) -> Program:
    options = {
        "port": str(layout.redis), "bind": "127.0.0.1", "dir": str(folder / "redis"),
        "appendonly": "yes", "appendfsync": "everysec", "save": "", "daemonize": "no",
        "maxmemory-policy": "noeviction",
    }  # fmt: skip
    (folder / "redis").mkdir(parents=True, exist_ok=True)
    config = folder / "redis" / "redis.conf"
    config.touch(mode=0o600)  # the password stays off the command line
    lines = [f'{key} "{value}"' for key, value in options.items()]
    config.write_text("\n".join([*lines, f'requirepass "{layout.password}"']) + "\n")
    command = (find("redis-server"), str(config))
    return Program(name="redis", command=command, port=layout.redis)


def _minio(folder: Path, layout: Layout) -> Program:
    address = f"127.0.0.1:{layout.minio}"
    command = (find("minio"), "server", "--quiet", "--address", address, str(folder / "minio"))
    secret = {"MINIO_ROOT_USER": "pairmill", "MINIO_ROOT_PASSWORD": layout.password,
              "MINIO_BROWSER": "off"}  # fmt: skip
    return Program(name="minio", command=command, environment=secret,
                   ready=f"http://{address}/minio/health/ready")  # fmt: skip


def _own(name: str, port: int, more: Mapping[str, str]) -> Program:
    """A worker or the coordinator: probes on a port of its own."""
    settings = {**more, "PAIRMILL_PROBE_PORT": str(port), "PYTHONPATH": os.pathsep.join(sys.path)}
    return Program(name=name, command=(sys.executable, "-m", f"services.{name}"),
                   environment=settings, ready=f"http://127.0.0.1:{port}/ready")  # fmt: skip


def _server(name: str, port: int, http_port: int, more: Mapping[str, str]) -> Program:
    settings = {
        **more,
        "PAIRMILL_SERVER__PORT": str(port),
        "PAIRMILL_SERVER__HTTP_PORT": str(http_port),
        "PYTHONPATH": os.pathsep.join(sys.path),
    }
    # a retriever without a model is up and live, and becomes ready with the first run's end
    probe = "live" if name == "retriever" else "ready"
    return Program(name=name, command=(sys.executable, "-m", f"services.{name}"),
                   environment=settings, ready=f"http://127.0.0.1:{http_port}/{probe}")  # fmt: skip
