"""The same gallery searched by a Qdrant server: the same hits, filled once, mended when short."""

import pytest

from pairmill.client import Item
from pairmill.core.ids import image_id
from tests.servers.qdrant.process import AnyQdrant
from tests.services.retriever.published import Mill, picture, replica

pytestmark = pytest.mark.servers


def test_qdrant_and_exact_search_agree_through_upserts_and_deletions(
    mill: Mill, qdrant_server: AnyQdrant
) -> None:
    mill.publish("shop-by-qdrant")
    plain = mill.settings(engine="exact")
    settings = mill.settings(engine="qdrant", hnsw_ef=0).model_copy(
        update={"qdrant": qdrant_server.settings()}
    )
    red = image_id(picture("red"))
    with replica(settings) as first:
        first.client.upsert([Item(item_id="words", text="a lighthouse")])
        assert first.client.delete([red]) == 1
        hits = first.client.search(picture("red"), "in blue", k=10)
    with replica(plain) as exact, replica(settings) as again:
        for served in (exact, again):
            found = served.client.search(picture("red"), "in blue", k=10)
            assert [hit.item_id for hit in found] == [hit.item_id for hit in hits]
            assert [h.score for h in found] == pytest.approx([h.score for h in hits], abs=1e-3)
        assert len(hits) == 6
        engine = again.keeper.serving().gallery
        engine.engine.delete(engine.collection, [hits[0].item_id])
    with replica(settings) as mended:
        assert len(mended.client.search(picture("red"), "in blue", k=10)) == 6
