"""What replies and addresses are taken for. Needs no server."""

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest
from pydantic import SecretStr

from pairmill.adapters.chat.openai import OpenAIChat
from pairmill.adapters.chat.openai_address import server_at
from pairmill.adapters.chat.openai_faults import Fault, Refusal, Reply, meaning, seconds_of
from pairmill.adapters.chat.openai_messages import answer_of
from pairmill.config.chat import ChatConfig
from pairmill.core.errors import ConfigError, RejectError
from pairmill.ports.chat import Answer

KEY = SecretStr("sk-secret")
SERVER = server_at("https://models.example.com", KEY)


def error(status: int, **said: object) -> Reply:
    """Return a refusal in OpenAI's form."""
    return Reply(status=status, media_type="application/json",
                 data=json.dumps({"error": said}).encode())  # fmt: skip


@pytest.mark.parametrize(
    ("status", "kind"),
    [(429, "busy"), (502, "away"), (503, "away"), (504, "away"), (500, "broken"), (529, "broken"),
     (408, "broken"), (204, "broken")],
)  # fmt: skip
def test_a_status_says_whose_fault_it_is(status: int, kind: str) -> None:
    got = meaning(Reply(status=status, retry_after="7"), SERVER, "m")
    assert got == Fault(kind=kind, reason=f"status {status}", wait=7.0)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("reply", "refusal"),
    [
        (error(400, message="too long"), Refusal(reason="400: too long")),
        (error(413, message=""), Refusal(reason="413: {'message': ''}")),
        (Reply(status=422, data=b'{"detail": [{"msg": "extra response_format"}]}'),
         Refusal(reason="422: [{'msg': 'extra response_format'}]", of_format=True)),
        (Reply(status=400, data=b'{"object":"error","message":"json_schema: no"}'),
         Refusal(reason="400: json_schema: no", of_format=True)),
        (Reply(status=400, data=b'{"error":"plain"}'), Refusal(reason="400: plain")),
        (Reply(status=418, data=b"\x00\xffI am\n tea"), Refusal(reason="418: \ufffdI am tea")),
        (error(400, message="The image of your model was not found"),
         Refusal(reason="400: The image of your model was not found")),
    ],
)  # fmt: skip
def test_a_refusal_says_why_in_every_form_that_servers_have(reply: Reply, refusal: Refusal) -> None:
    assert meaning(reply, SERVER, "m") == refusal


def test_a_reason_is_short_and_repeats_neither_key_nor_picture() -> None:
    told = f"sk-secret data:image/png;base64,{'QUJD' * 99} {'x' * 70} {'word ' * 99}"
    got = meaning(error(400, message=told), SERVER, "m")
    assert isinstance(got, Refusal)
    assert got.reason.startswith("400: … (picture) … word word")
    assert len(got.reason) <= 125


@pytest.mark.parametrize(
    ("reply", "words"),
    [
        (error(401, message="bad key sk-secret"), "got status 401, it refuses ours"),
        (error(403, message="sk-secret"), "got status 403"),
        (error(402, message="x"), "must be paid up"),
        (error(404, message="The model `m` does not exist.", code=404), "no model named 'm'"),
        (error(400, message="x", code="model_not_found"), "no model named 'm'"),
        (Reply(status=400, data=b'{"detail":"Server is pinned to \'n\'; requested \'m\'."}'),
         "no model named 'm'"),
        (Reply(status=404, data=b'{"detail":"Not Found"}'), "as far as /v1"),
        (Reply(status=405), "as far as /v1"),
        (Reply(status=301), "redirect"),
    ],
)  # fmt: skip
def test_what_only_a_person_can_end_is_said_to_them(reply: Reply, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        meaning(reply, SERVER, "m")
    assert str(caught.value).startswith("https://models.example.com: ")
    assert "sk-secret" not in str(caught.value)


def test_a_server_that_wants_a_key_and_got_none_is_told_apart() -> None:
    with pytest.raises(ConfigError, match=r"no API key was sent: wanted .*PAIRMILL_CHAT__API_KEY"):
        meaning(error(401, message="x"), server_at("http://127.0.0.1:8000"), "m")


def test_retry_after_is_seconds_or_a_date() -> None:
    soon = format_datetime(datetime.now(UTC) + timedelta(seconds=100), usegmt=True)
    assert 97 < seconds_of(soon) <= 100
    given = ("", "3", "0.5", "-2", "nan", "inf", "1e99", "soon", "Thu, 01 Jan 1970 00:00:00 GMT")
    assert [seconds_of(each) for each in given] == [0, 3, 0.5, 0, 0, 86_400, 86_400, 0, 0]


@pytest.mark.parametrize(
    ("message", "finish", "wanted"),
    [
        ({"content": "a"}, "stop", ("a", "stop")),
        ({"content": None, "reasoning_content": "hm"}, "length", ("", "length")),
        ({"content": "", "refusal": "I will not."}, "stop", ("I will not.", "stop")),
        ({"content": "a"}, None, ("a", "stop")),
        ({"content": "a\ud83d"}, "stop", ("a?", "stop")),
    ],
)  # fmt: skip
def test_an_answer_is_read_as_servers_send_it(
    message: dict[str, object], finish: str | None, wanted: tuple[str, str]
) -> None:
    got = answer_of(json.dumps({"choices": [{"message": message, "finish_reason": finish}],
                                "usage": None}).encode(), "m")  # fmt: skip
    assert isinstance(got, Answer)
    assert ((got.text, got.finish), got.model, got.tokens.completion) == (wanted, "m", 0)


def test_what_a_content_filter_stops_is_a_reject() -> None:
    choice = {"message": {"content": ""}, "finish_reason": "content_filter"}
    got = answer_of(json.dumps({"choices": [choice]}).encode(), "m")
    assert isinstance(got, RejectError)
    assert (got.rule, got.value) == ("refused_by_server", "content_filter")


@pytest.mark.parametrize(
    "data", [b"", b"[]", b"null", b"{}", b'{"choices":[{"message":"a"}]}', b"[" * 100_000,
             b'{"choices":[{"message":{"content":["a"]}}]}', b'{"choices":[{"message":null}]}',
             b'{"choices":[{"message":{"content":"a"}}],"usage":[1]}']
)  # fmt: skip
def test_what_is_no_answer_is_never_more_than_a_fault(data: bytes) -> None:
    reply = Reply(status=200, media_type="application/json", data=data)
    got = meaning(reply, SERVER, "m")
    assert isinstance(got, Fault)
    assert got.kind == "broken"


def test_a_compressed_answer_is_not_unpacked() -> None:
    reply = Reply(status=200, media_type="application/json", data=b"x", encoding="gzip")
    assert meaning(reply, SERVER, "m") == Fault(
        kind="broken", reason="a compressed answer, which was not asked for"
    )


@pytest.mark.parametrize(
    ("base_url", "url"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/v1/chat/completions"),
        ("http://localhost:8000", "http://localhost:8000/v1/chat/completions"),
        (
            "https://api.example.com/openai/v1/",
            "https://api.example.com/openai/v1/chat/completions",
        ),
        ("http://[::1]:8000/v1", "http://[::1]:8000/v1/chat/completions"),
    ],
)
def test_an_address_leads_to_the_one_endpoint(
    base_url: str, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert server_at(base_url).url == url
    assert not caplog.records


@pytest.mark.parametrize(
    "host", ["vllm", "llm-mllm.pairmill.svc", "llm.default.svc.cluster.local", "10.1.2.3",
             "192.168.0.9", "[fd00::7]", "gpu.local"]
)  # fmt: skip
def test_a_private_network_may_be_spoken_to_in_the_clear_with_a_warning(
    host: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level("WARNING", logger="pairmill"):
        server_at(f"http://{host}:8000/v1", KEY)
    (record,) = caplog.records
    assert vars(record)["fields"] == {"server": f"http://{host}:8000"}


@pytest.mark.parametrize("host", ["api.example.com", "8.8.8.8", "svc.example.com"])
def test_a_public_host_may_not_unless_the_configuration_says_so(host: str) -> None:
    with pytest.raises(ConfigError, match=r"wanted https://, or chat\.insecure"):
        server_at(f"http://{host}/v1", KEY)
    assert server_at(f"http://{host}/v1", KEY, insecure=True).where == f"http://{host}"
    assert server_at(f"https://{host}/v1", KEY).where == f"https://{host}"


@pytest.mark.parametrize(
    ("base_url", "words"),
    [
        ("vllm:8000/v1", "wanted one such as"),
        ("ftp://vllm/v1", "wanted one such as"),
        ("http://", "wanted one such as"),
        ("http://vllm:99999/v1", "no address"),
        ("http://127.0.0.1/v1?key=sk-secret", "wanted one such as"),
        ("http://user:sk-secret@127.0.0.1/v1", "belongs into the settings"),
        ("http://127.0.0.1/v1/chat/completions", "without /chat/completions"),
    ],
)
def test_an_address_that_cannot_be_meant_is_refused(base_url: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        server_at(base_url)
    assert "sk-secret" not in str(caught.value)


def test_a_key_with_a_line_end_is_refused_and_not_shown() -> None:
    config = ChatConfig(model="m")
    with pytest.raises(ConfigError, match="line end") as caught:
        OpenAIChat(config, api_key=SecretStr("sk-secret\n"))
    assert "sk-secret" not in str(caught.value)


def test_a_model_must_be_named() -> None:
    with pytest.raises(ConfigError, match=r"chat\.model: got none"):
        OpenAIChat(ChatConfig())


def test_a_server_shows_no_key() -> None:
    assert "sk-secret" not in repr(SERVER)
