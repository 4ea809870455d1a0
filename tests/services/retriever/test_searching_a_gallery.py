"""Searches of a served gallery: against a plain matrix product, over gRPC and over HTTP."""

import base64
import io
import json
import urllib.request
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pairmill.client import Client, RefusedError
from pairmill.core.ids import image_id
from pairmill.models.retriever import Retriever
from pairmill.pb import records_pb2, retrieval_pb2
from pairmill.ports.encoder import Encoder
from tests.services.retriever.published import COLOURS, Replica, picture


def ask(served: Replica, **given: Any) -> Any:
    """Send a raw SearchRequest."""
    client = served.client
    return client.call(client._stub.Search, retrieval_pb2.SearchRequest(**given))


def vector(encoder: Encoder, data: bytes | None, text: str) -> Any:
    """Embed a query without any of the service's code."""
    retriever = Retriever.untrained(dict(encoder.head()), encoder_id=encoder.encoder_id)
    image = None
    if data:
        pixels = encoder.prepare(Image.open(io.BytesIO(data)).convert("RGB"))
        image = encoder.image_features(pixels[np.newaxis])
    words = encoder.text_features([text]) if text else None
    return retriever.embed_queries(image, words)[0]


@pytest.mark.parametrize(("colour", "text"), [("red", ""), ("", "a blue disc"), ("red", "in blue")])
def test_hits_are_those_of_a_plain_matrix_product(
    served: Replica, encoder: Encoder, colour: str, text: str
) -> None:
    data = picture(colour) if colour else None
    query = vector(encoder, data, text)
    scores = {c: float(vector(encoder, picture(c), "") @ query) for c in COLOURS}
    wanted = sorted(scores, key=lambda c: -scores[c])
    hits = served.client.search(data, text, k=6, exclude_query=False)
    assert [hit.key for hit in hits] == wanted
    assert [hit.rank for hit in hits] == [1, 2, 3, 4, 5, 6]
    assert [hit.score for hit in hits] == pytest.approx([scores[c] for c in wanted], abs=2e-3)
    assert hits[0].caption == f"a {wanted[0]} disc"


def test_the_query_image_is_no_hit_unless_it_is_asked_for(served: Replica) -> None:
    hits = served.client.search(picture("red"), k=6)
    assert {hit.key for hit in hits} == set(COLOURS) - {"red"}
    assert served.client.search(picture("red"), k=1, exclude_query=False)[0].key == "red"


def test_an_indexed_image_is_a_query_by_its_id(served: Replica) -> None:
    by_id = served.client.search(item_id=image_id(picture("red")), text="in blue", k=3)
    assert by_id == served.client.search(picture("red"), text="in blue", k=3)


def test_an_answer_says_what_served_it_and_where_the_time_went(served: Replica) -> None:
    answer, info = ask(served, text="a disc"), served.client.info()
    by = answer.served_by
    assert (by.model, by.gallery, by.run) == ("shop", "shop", "shop-0")
    assert by.version == info.version
    assert len(by.version) == 12
    times = answer.timings
    assert times.total_ms >= times.encode_ms + times.search_ms > 0
    assert len(answer.hits) == 6


def test_a_full_view_has_the_vectors_that_were_scored(served: Replica, encoder: Encoder) -> None:
    answer = ask(served, text="a disc", view=retrieval_pb2.HIT_VIEW_FULL)
    query = vector(encoder, None, "a disc")
    for hit in answer.hits:
        assert hit.vector.encoding == records_pb2.VECTOR_ENCODING_F32_LE
        found = np.frombuffer(hit.vector.data, "<f4")
        assert len(found) == hit.vector.dimensions == len(query)
        assert float(found @ query) == pytest.approx(hit.score, abs=1e-4)


def bomb() -> bytes:
    """A PNG of 36 million pixels in a few kilobytes."""
    file = io.BytesIO()
    Image.new("1", (6000, 6000)).save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize(
    ("given", "code", "reason"),
    [
        ({}, "INVALID_ARGUMENT", "EMPTY_QUERY"),
        ({"text": "  "}, "INVALID_ARGUMENT", "EMPTY_QUERY"),
        ({"text": "x" * 4001}, "INVALID_ARGUMENT", "TEXT_TOO_LONG"),
        ({"text": "x", "k": 0}, "INVALID_ARGUMENT", "BAD_K"),
        ({"text": "x", "k": 1001}, "INVALID_ARGUMENT", "BAD_K"),
        ({"image": {"data": b"no image"}}, "INVALID_ARGUMENT", "IMAGE_NOT_AN_IMAGE"),
        ({"image": {"data": bomb()}}, "INVALID_ARGUMENT", "IMAGE_TOO_MANY_PIXELS"),
        ({"image": {"data": picture("red")[:90]}}, "INVALID_ARGUMENT", "IMAGE_BROKEN"),
        ({"image": {"uri": "http://10.0.0.1/a.png"}}, "PERMISSION_DENIED", "REMOTE_URI_DISABLED"),
        ({"image": {"item_id": "f" * 32}}, "NOT_FOUND", "NO_SUCH_ITEM"),
        ({"text": "x", "gallery": "other"}, "NOT_FOUND", "NO_SUCH_GALLERY"),
        ({"text": "x", "version": "0" * 12}, "FAILED_PRECONDITION", "OTHER_VERSION"),
    ],
)
def test_a_wrong_query_is_refused_with_its_reason(
    served: Replica, given: dict[str, Any], code: str, reason: str
) -> None:
    with pytest.raises(RefusedError) as caught:
        ask(served, **given)
    assert (caught.value.code, caught.value.reason) == (code, reason)


def test_a_message_above_the_limit_is_refused(served: Replica) -> None:
    limit = served.client.info().max_message_bytes
    with pytest.raises(Exception, match=r"larger than max|[Mm]essage"):
        served.client.search(b"\0" * (limit + 1))


def test_http_answers_as_grpc_does(served: Replica) -> None:
    body = {"image": {"data": base64.b64encode(picture("red")).decode()}, "text": "in blue", "k": 2}
    url = f"http://127.0.0.1:{served.addresses.http}/pairmill.v1.RetrievalService/Search"
    request = urllib.request.Request(url, json.dumps(body).encode(),
                                     {"content-type": "application/json"})  # fmt: skip
    with urllib.request.urlopen(request, timeout=20) as answer:
        told = json.load(answer)
    hits = served.client.search(picture("red"), "in blue", k=2)
    assert [hit["itemId"] for hit in told["hits"]] == [hit.item_id for hit in hits]
    assert [hit["score"] for hit in told["hits"]] == pytest.approx([h.score for h in hits])


def test_server_info_names_every_limit(served: Replica) -> None:
    client: Client = served.client
    told = client.call(client._stub.GetServerInfo, retrieval_pb2.GetServerInfoRequest())
    assert told.num_items == 6
    assert told.dimensions > 0
    assert all(getattr(told.limits, field.name) > 0 for field in told.limits.DESCRIPTOR.fields)
    assert told.limits.max_image_pixels == 25_000_000
