"""Where a server may listen, and how a program of its own ends on a signal."""

import asyncio
import json
import signal
import socket
import subprocess
import sys

import pytest
from pydantic import SecretStr

from pairmill.core.errors import ConfigError
from pairmill.server import Face, check_address, host
from pairmill.settings import ServerSettings
from tests.pairmill.server.echo import Servicer, add, describe

PROGRAM = """
from pairmill.server import Face, serve
from pairmill.settings import ServerSettings
from pairmill.telemetry import log_to_stderr
from tests.pairmill.server.echo import Servicer, add, describe

log_to_stderr()
serve(Face(descriptor=describe(), servicer=Servicer(), add=add), ServerSettings())
"""


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "10.1.2.3", "example.org"])
def test_an_open_address_wants_a_key_or_a_word(host: str) -> None:
    with pytest.raises(ConfigError, match="PAIRMILL_SERVER__API_KEY"):
        check_address(ServerSettings(host=host))
    check_address(ServerSettings(host=host, api_key=SecretStr("k")))
    check_address(ServerSettings(host=host, insecure=True))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.2", "::1", "localhost"])
def test_loopback_wants_nothing(host: str) -> None:
    check_address(ServerSettings(host=host))


@pytest.mark.parametrize("which", ["port", "http_port"])
def test_a_port_that_is_taken_is_a_clear_error(which: str) -> None:
    async def run(port: int) -> None:
        face = Face(descriptor=describe(), servicer=Servicer(), add=add)
        async with host(face, ServerSettings(**{which: port})):
            pass

    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(ConfigError, match=f"{port}.*cannot listen"):
            asyncio.run(run(port))


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_program_says_one_line_and_ends_well_on_a_signal(number: int) -> None:
    program = subprocess.Popen([sys.executable, "-c", PROGRAM], stderr=subprocess.PIPE,
                               stdout=subprocess.PIPE, text=True)  # fmt: skip
    with program:
        assert program.stderr
        assert program.stdout
        told = json.loads(program.stderr.readline())
        assert told["event"] == "serving"
        assert told["grpc_port"] > 0
        assert told["http_port"] > 0
        program.send_signal(number)
        assert program.wait(20) == 0
        assert (program.stdout.read(), program.stderr.read()) == ("", "")
