"""Which checkpoint serves: none yet, the only one, a new one without a lost query, or a refusal."""

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from pairmill.adapters.objects.folder import FolderObjects
from pairmill.client import AwayError, Item
from pairmill.core.errors import ConfigError, FormatError
from pairmill.core.ids import image_id
from pairmill.pb import retrieval_pb2
from pairmill.settings import RetrieverSettings
from services.retriever.choice import Choice, choose
from services.retriever.generation import Generation, Loader
from tests.services.retriever.published import Mill, picture, replica, wait_until


def test_with_nothing_published_it_lives_and_becomes_ready_by_itself(mill: Mill) -> None:
    mill.objects.put("other", b"")
    with replica(mill.settings(), wait=False) as served:
        client = served.client
        with pytest.raises(AwayError, match="no model is published"):
            client.call(client._stub.Search, retrieval_pb2.SearchRequest(text="x"), 0.05)
        assert not served.face.ready()
        mill.publish()
        wait_until(served.face.ready)
        assert len(client.search(text="a disc")) == 6


def test_a_new_version_takes_over_without_a_lost_query(mill: Mill) -> None:
    first = mill.publish()
    with replica(mill.settings()) as served:
        served.client.upsert([Item(item_id="square", image=picture("red", "rectangle"))])
        versions, faults, stop = [first], [], threading.Event()

        def ask() -> None:
            client = served.client
            while not stop.is_set():
                try:
                    request = retrieval_pb2.SearchRequest(text="a red square", k=50)
                    answer = client.call(client._stub.Search, request)
                    versions.append(answer.served_by.version)
                    assert len(answer.hits) == 7
                except Exception as error:
                    faults.append(error)

        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        second = mill.publish(seed=1)
        wait_until(lambda: versions[-1] == second)
        stop.set()
        for thread in threads:
            thread.join()
        assert faults == []
        assert set(versions) == {first, second}
        assert first != second
        (hit,) = served.client.search(item_id="square", k=1, exclude_query=False)
        assert hit.score == pytest.approx(1, abs=1e-3)


def test_what_comes_and_goes_while_a_version_is_loaded_is_not_lost(
    mill: Mill, monkeypatch: pytest.MonkeyPatch
) -> None:
    mill.publish()
    loaded, go_on, load = threading.Event(), threading.Event(), Loader.load
    with replica(mill.settings()) as served:
        served.client.upsert([Item(item_id="goes", text="a harbour")])

        def slowly(loader: Loader, choice: Choice) -> Generation:
            new = load(loader, choice)
            loaded.set()
            assert go_on.wait(20)
            return new

        monkeypatch.setattr(Loader, "load", slowly)
        second = mill.publish(seed=1)
        assert loaded.wait(20)
        served.client.upsert([Item(item_id="comes", text="a lighthouse")])
        assert served.client.delete(["goes", image_id(picture("red"))]) == 2
        served.keeper.settings = served.keeper.settings.model_copy(update={"refresh_seconds": 60})
        go_on.set()
        wait_until(lambda: served.client.info().version == second)
        found = served.client.search(text="a lighthouse", k=50)
        assert found[0].item_id == "comes"
        assert found[0].score == pytest.approx(1, abs=1e-3)
        assert len(found) == 6


def test_an_alias_that_moves_back_is_a_rollback(mill: Mill) -> None:
    first, second = mill.publish(), mill.publish(seed=1)
    with replica(mill.settings()) as served:
        assert served.client.info().version == second
        assert mill.move("shop", 0, "latest", "shop-0") == first
        wait_until(lambda: served.client.info().version == first)


@pytest.mark.parametrize("what", ["weights", "run", "json"])
def test_what_cannot_be_loaded_leaves_the_old_version_serving(mill: Mill, what: str) -> None:
    first = mill.publish()
    with replica(mill.settings()) as served:
        second = mill.publish(seed=1, alias="next")
        said = {"version": second, "run": "shop-1"}
        if what == "weights":
            mill.objects.put(f"models/shop/{second}/weights.safetensors", b"damaged")
        elif what == "run":
            said["run"] = "shop-9"
        data = b"{" if what == "json" else json.dumps(said).encode()
        mill.objects.put("models/shop/aliases/latest.json", data)
        threading.Event().wait(0.5)
        assert served.client.info().version == first
        assert len(served.client.search(text="a disc")) == 6


def test_a_gallery_of_its_own_is_what_is_searched(mill: Mill) -> None:
    mill.publish(gallery="window.gallery", colours=("red", "blue"))
    with replica(mill.settings()) as served:
        assert {hit.key for hit in served.client.search(text="a disc")} == {"red", "blue"}
        assert served.client.info().gallery == "window.gallery"


def test_the_only_model_needs_no_name_and_of_several_one_must_be_named(tmp_path: Path) -> None:
    objects, settings = FolderObjects(tmp_path), RetrieverSettings()
    assert choose(objects, settings) is None
    objects.put("models/shop/aliases/latest.json", b'{"version": "1", "run": "r"}')
    found = choose(objects, settings)
    assert found
    assert (found.model, found.version, found.run) == ("shop", "1", "r")
    objects.put("models/zoo/aliases/latest.json", b"{}")
    with pytest.raises(ConfigError, match="shop, zoo; name one in PAIRMILL_RETRIEVER__MODEL"):
        choose(objects, settings)
    assert choose(objects, RetrieverSettings(model="shop")) == found
    assert choose(objects, RetrieverSettings(model="none")) is None
    with pytest.raises(FormatError, match=r"models/zoo/aliases/latest\.json"):
        choose(objects, RetrieverSettings(model="zoo"))


def test_the_program_says_what_is_wrong_and_ends(tmp_path: Path) -> None:
    objects = FolderObjects(tmp_path)
    for name in ("shop", "zoo"):
        objects.put(f"models/{name}/aliases/latest.json", b'{"version": "1", "run": "r"}')
    command = [sys.executable, "-m", "services.retriever", "--root", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 3
    assert "shop, zoo" in done.stderr
    assert "Traceback" not in done.stderr
