"""Items that come and go: durable, seen by other replicas, embedded anew by a new checkpoint."""

from pathlib import Path

import pytest

from pairmill.client import Client, Item, RefusedError
from pairmill.core.ids import image_id
from pairmill.pb import retrieval_pb2
from tests.services.retriever.published import COLOURS, Mill, picture, replica, wait_until


def ids(client: Client, text: str = "a disc") -> set[str]:
    return {hit.item_id for hit in client.search(text=text, k=50)}


SQUARE = Item(item_id="my square", image=picture("red", "rectangle"), caption="a square")


def test_an_item_is_found_at_once_with_its_caption(mill: Mill, tmp_path: Path) -> None:
    mill.publish()
    path = tmp_path / "square.png"
    path.write_bytes(picture("red", "rectangle"))
    with replica(mill.settings()) as served:
        item = Item(item_id="my square", image=path, caption="a square")
        assert served.client.upsert([item]) == []
        (hit,) = served.client.search(path, k=1, exclude_query=False)
        assert (hit.item_id, hit.key, hit.caption) == ("my square", "", "a square")
        assert hit.score == pytest.approx(1, abs=1e-3)
        assert "my square" not in {h.item_id for h in served.client.search(path, k=50)}
        assert "my square" not in {h.item_id for h in served.client.search(item_id="my square")}
        assert served.client.info().num_items == 7


def test_an_item_may_be_a_text_or_both(mill: Mill) -> None:
    mill.publish()
    with replica(mill.settings()) as served:
        both = Item(item_id="both", image=picture("red", "rectangle"), text="sold out")
        assert served.client.upsert([Item(item_id="words", text="a tall lighthouse"), both]) == []
        assert served.client.search(text="a tall lighthouse", k=1)[0].item_id == "words"
        with pytest.raises(RefusedError) as caught:
            served.client.search(item_id="words")
        assert caught.value.reason == "ITEM_WITHOUT_IMAGE"


def test_items_survive_a_restart_and_are_replaced_by_their_id(mill: Mill) -> None:
    mill.publish()
    with replica(mill.settings()) as served:
        served.client.upsert([SQUARE, Item(item_id="other", text="a lighthouse")])
        served.client.upsert([Item(item_id="other", text="a green valley")])
        before = served.client.search(text="a green valley", k=50)
    with replica(mill.settings()) as served:
        assert served.client.search(text="a green valley", k=50) == before
        assert before[0].item_id == "other"
    assert len(list(mill.objects.list("galleries/shop/items/"))) == 2


def test_a_deleted_item_and_a_deleted_image_stay_away(mill: Mill) -> None:
    mill.publish()
    red = image_id(picture("red"))
    with replica(mill.settings()) as served:
        served.client.upsert([SQUARE])
        assert served.client.delete(["my square", red, "never there"]) == 2
        assert served.client.delete(["my square", red]) == 0
        assert not ids(served.client) & {"my square", red}
        with pytest.raises(RefusedError):
            served.client.search(item_id=red)
    with replica(mill.settings()) as served:
        assert len(ids(served.client)) == 5
        assert served.client.info().num_items == 5


def test_an_item_under_the_id_of_an_indexed_image_replaces_it(mill: Mill) -> None:
    mill.publish()
    red = image_id(picture("red"))
    with replica(mill.settings()) as served:
        served.client.upsert([Item(item_id=red, text="a lighthouse", caption="new")])
        hits = served.client.search(text="a lighthouse", k=50)
        assert [hit.caption for hit in hits if hit.item_id == red] == ["new"]
        assert served.client.delete([red]) == 1
        assert red not in ids(served.client)


def test_another_replica_hears_of_items_and_deletions(mill: Mill) -> None:
    mill.publish()
    red = image_id(picture("red"))
    with replica(mill.settings()) as one, replica(mill.settings()) as two:
        one.client.upsert([SQUARE])
        wait_until(lambda: "my square" in ids(two.client))
        two.client.upsert([Item(item_id="my square", text="a lighthouse", caption="changed")])
        wait_until(
            lambda: [h.caption for h in one.client.search(text="a lighthouse", k=1)] == ["changed"]
        )
        two.client.delete(["my square", red])
        wait_until(lambda: not ids(one.client) & {"my square", red})


def test_an_item_at_fault_is_named_and_the_others_are_taken(mill: Mill) -> None:
    mill.publish()
    with replica(mill.settings()) as served:
        bad = [
            Item(item_id="", text="x"), Item(item_id="x" * 129, text="x"),
            Item(item_id="empty"), Item(item_id="broken", image=b"no image"),
            Item(item_id="long", text="x" * 4001),
        ]  # fmt: skip
        refused = served.client.upsert([SQUARE, *bad, Item(item_id="x" * 128, text="x")])
        assert [r.reason for r in refused] == [
            "BAD_ITEM_ID", "BAD_ITEM_ID", "EMPTY_ITEM", "IMAGE_NOT_AN_IMAGE", "TEXT_TOO_LONG",
        ]  # fmt: skip
        assert served.client.info().num_items == 8


def test_a_stream_without_its_start_is_refused(mill: Mill) -> None:
    mill.publish()
    with replica(mill.settings()) as served:
        item = retrieval_pb2.UpsertItem(item=retrieval_pb2.Item(item_id="a", text="b"))
        message = retrieval_pb2.UpsertItemsRequest(item=item)
        with pytest.raises(RefusedError) as caught:
            list(served.client.stream(served.client._stub.UpsertItems, iter([message])))
        assert caught.value.reason == "BAD_STREAM"
        start = retrieval_pb2.UpsertStart(gallery="other")
        message = retrieval_pb2.UpsertItemsRequest(start=start)
        with pytest.raises(RefusedError) as caught:
            list(served.client.stream(served.client._stub.UpsertItems, iter([message])))
        assert caught.value.reason == "NO_SUCH_GALLERY"


def test_a_damaged_item_is_left_out_and_the_gallery_serves(mill: Mill) -> None:
    mill.publish()
    with replica(mill.settings()) as served:
        served.client.upsert([SQUARE, Item(item_id="words", text="a lighthouse")])
    (key, _) = mill.objects.list("galleries/shop/items/")
    mill.objects.put(key, b"damaged\n")
    with replica(mill.settings()) as served:
        assert served.client.info().num_items == len(COLOURS) + 1
