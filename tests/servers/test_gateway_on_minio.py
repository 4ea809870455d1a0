"""The gateway over a real MinIO: buckets that are there or not, and a store that goes away."""

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import pytest
from PIL import Image

from pairmill.calling import AwayError, RefusedError
from pairmill.client_runs import RunRequest, Runs
from pairmill.pipeline.standing import active_runs
from pairmill.settings import ServerSettings, Settings
from pairmill.wiring import Stores
from services.gateway.rooms import Rooms
from tests.servers.processes import MinioServer
from tests.services.gateway.world import Served, serving


@pytest.fixture
def minio(tmp_path: Path) -> Iterator[MinioServer]:
    with MinioServer(tmp_path / "minio") as found:
        yield found


@pytest.fixture
def stores(minio: MinioServer) -> Stores:
    s3 = minio.settings("mill").model_copy(update={"create_bucket": True})
    return Stores(Settings(objects="minio", s3=s3))


@pytest.fixture
def served(stores: Stores) -> Iterator[Served]:
    s3 = stores.settings.s3.model_copy(update={"bucket": "photos"})
    photos = Stores(Settings(objects="minio", s3=s3)).objects
    for number in range(3):
        data = BytesIO()
        Image.new("RGB", (40, 40), (number, 0, 0)).save(data, "PNG")
        photos.put(f"shop/{number}.png", data.getvalue())
    with serving(Rooms(stores), ServerSettings(grace_seconds=5)) as found:
        yield found


def test_a_run_over_a_bucket_is_written_down_once(served: Served, stores: Stores) -> None:
    with Runs(served.address, seconds=30) as runs:
        first = runs.submit(RunRequest(corpus="s3://photos/shop"))
        assert runs.submit(RunRequest(corpus="s3://photos/shop")).existed
        assert active_runs(stores.objects) == [first.run]
        assert runs.get(first.run).submitted.corpus == "shop"
        globbed = runs.submit(RunRequest(corpus="s3://photos/shop/[01].png"))
        assert globbed.run != first.run


def test_missing_buckets_and_empty_prefixes_are_told_together(served: Served) -> None:
    asked = RunRequest(corpus="s3://missing/shop", gallery="s3://photos/nothing", preset="huge")
    with Runs(served.address, seconds=30) as runs, pytest.raises(RefusedError) as caught:
        runs.submit(asked)
    told = str(caught.value)
    assert "got 3 faults" in told
    assert "corpus: " in told
    assert "missing" in told
    assert "gallery: got s3://photos/nothing" in told


def test_a_store_that_goes_away_is_waited_for(served: Served, minio: MinioServer) -> None:
    with Runs(served.address, seconds=60) as runs:
        run = runs.submit(RunRequest(corpus="s3://photos/shop")).run
        minio.kill()
        with pytest.raises(AwayError) as caught:
            runs.get(run)
        assert caught.value.heard
        minio.start()
        assert runs.get(run).state == "active"
