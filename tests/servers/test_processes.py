"""The servers of the tests themselves: they start, keep their data over a kill, and end."""

from pathlib import Path

import pytest

from tests.servers.processes import MinioServer, RedisServer

pytestmark = pytest.mark.servers


def test_a_redis_keeps_its_data_over_a_stop_and_loses_it_by_a_flush(tmp_path: Path) -> None:
    server = RedisServer(tmp_path)
    with server:
        with server.client() as client:
            client.set("a", "1")
        server.stop()
        assert not server.ready()
        server.start()
        with server.client() as client:
            assert client.get("a") == b"1"
            server.flush()
            assert client.get("a") is None
    assert not server.ready()


def test_a_minio_answers_again_after_a_kill(tmp_path: Path) -> None:
    server = MinioServer(tmp_path)
    with server:
        server.kill()
        assert not server.ready()
        server.start()
        assert server.ready()


def test_a_server_that_cannot_start_says_why(tmp_path: Path, redis_server: RedisServer) -> None:
    with pytest.raises(RuntimeError, match=r"MinioServer is not ready: .*in use"):
        MinioServer(tmp_path, port=redis_server.port).start()
