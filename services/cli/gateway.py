"""How commands reach a gateway: its address, its key, and what to do where it cannot be had."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pairmill.calling import AwayError, RefusedError
from pairmill.client_runs import Runs
from pairmill.core.errors import ConfigError, StopError

ADDRESS, KEY = "PAIRMILL_GATEWAY", "PAIRMILL_API_KEY"
LOOPBACK = "127.0.0.1:50050"


def takes_gateway(parser: argparse.ArgumentParser) -> None:
    """Add the arguments that say where the gateway is and what opens it."""
    parser.add_argument(
        "--gateway", default=os.environ.get(ADDRESS) or LOOPBACK, metavar="HOST:PORT",
        help=f"where the gateway is; https://HOST:PORT for TLS (default: {ADDRESS}, or {LOOPBACK})",
    )  # fmt: skip
    parser.add_argument(
        "--api-key-file", type=Path, metavar="FILE",
        help=f"file that holds the gateway's API key (default: what {KEY} holds)",
    )  # fmt: skip


def takes_a_run_name(parser: argparse.ArgumentParser) -> None:
    """Add the argument that names a run of the cluster."""
    parser.add_argument("run", metavar="RUN", help="name of the run, as `pairmill runs` lists it")


@contextmanager
def gateway(given: argparse.Namespace) -> Iterator[Runs]:
    """Open the gateway's runs; whatever goes wrong says what to do about it."""
    try:
        with Runs(given.gateway, _api_key(given.api_key_file)) as runs:
            yield runs
    except RefusedError as error:
        if error.code != "UNAUTHENTICATED":
            raise
        raise StopError(
            f"the gateway at {given.gateway} wants another key: put it into {KEY}, or into a file "
            "and name that by --api-key-file"
        ) from None
    except AwayError as error:
        raise StopError(str(error) if error.heard else _nobody(str(error))) from None


def _nobody(told: str) -> str:
    return (
        f"{told}: start one with `make up`; or reach a cluster's with `kubectl port-forward "
        f"service/pairmill-gateway 50050`; or name another by --gateway or {ADDRESS}"
    )


def _api_key(file: Path | None) -> str:
    if file is None:
        return os.environ.get(KEY, "").strip()
    try:
        key = file.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: wanted a file that holds an API key, got: {error}") from None
    if not key or not key.isascii() or not key.isprintable():
        raise ConfigError(f"{file}: wanted one line of printable ASCII, the API key")
    return key
