"""What S3's errors are taken for, and a store that ignores the condition. Needs no real server."""

import pytest
from minio.error import InvalidResponseError, S3Error, ServerError
from pydantic import SecretStr
from urllib3 import HTTPResponse
from urllib3.exceptions import ProtocolError, SSLError

from pairmill.adapters.objects.minio import MinioObjects
from pairmill.adapters.objects.minio_faults import Asked, meaning
from pairmill.adapters.objects.selftest import check_create_only
from pairmill.core.errors import ConfigError, RejectError, RetryError, RootError, StoreFullError
from pairmill.settings import S3Settings, Settings
from pairmill.wiring import Stores
from tests.servers.careless import careless_store


def s3_error(code: str, status: int) -> S3Error:
    """Return an error as the vendor's client raises it, with a text that must not be repeated."""
    answer = HTTPResponse(body=b"", status=status)
    return S3Error(answer, code, "told secret", "/bucket/key", "1", "2")


FIRST = Asked(endpoint="http://store:9000", bucket="mill", key="a/b")
LATER = Asked(endpoint="http://store:9000", bucket="mill", key="a/b", answered=True)


@pytest.mark.parametrize(
    ("error", "wanted", "words"),
    [
        (s3_error("NoSuchKey", 404), KeyError, "a/b"),
        (s3_error("XMinioStorageFull", 507), StoreFullError, "no space left for a/b"),
        (s3_error("XMinioAdminBucketQuotaExceeded", 400), StoreFullError, "quota"),
        (s3_error("Unheard", 507), StoreFullError, "no space"),
        (s3_error("SlowDown", 503), RetryError, "SlowDown"),
        (s3_error("Unheard", 500), RetryError, "500"),
        (s3_error("ConditionalRequestConflict", 409), RetryError, "409"),
        (s3_error("RequestTimeTooSkewed", 403), ConfigError, "denied|clocks"),
        (s3_error("AuthorizationHeaderMalformed", 400), ConfigError, "PAIRMILL_S3__REGION"),
        (s3_error("Unheard", 403), ConfigError, "denied"),
        (s3_error("Unheard", 418), ConfigError, "418"),
        (ServerError("told secret", 503), RetryError, "503"),
        (InvalidResponseError(502, "text/html", "told secret"), RetryError, "502"),
        (InvalidResponseError(200, "text/html", "told secret"), ConfigError, "is the S3 port"),
        (SSLError("told secret"), ConfigError, "SSL_CERT_FILE"),
        (ProtocolError("told secret"), RetryError, "no answer"),
    ],
)
def test_an_error_says_what_to_do(error: Exception, wanted: type[Exception], words: str) -> None:
    meant = meaning(error, LATER)
    assert type(meant) is wanted
    with pytest.raises(wanted, match=words):
        raise meant
    assert "told secret" not in str(meant)


def test_silence_is_a_wrong_address_until_the_server_was_heard_once() -> None:
    assert isinstance(meaning(ProtocolError("reset"), FIRST), ConfigError)
    assert isinstance(meaning(ProtocolError("reset"), LATER), RetryError)


@pytest.mark.parametrize(
    ("endpoint", "bucket", "prefix", "words"),
    [
        ("store:9000", "mill", "", "wanted http:// or https://"),
        ("ftp://store:9000", "mill", "", "wanted http:// or https://"),
        ("http://user:pass@store:9000", "mill", "", "without a password"),
        ("http://store:9000/mill", "mill", "", "wanted no path"),
        ("http://store:9000", "No Such", "", "cannot name a bucket"),
        ("http://store:9000", "", "", "cannot name a bucket"),
        ("http://store:9000", "mill", "a//b", "prefix"),
        ("http://store:9000", "mill", "../b", "prefix"),
    ],
)
def test_settings_that_cannot_be_meant_are_refused(
    endpoint: str, bucket: str, prefix: str, words: str
) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        MinioObjects(S3Settings(endpoint=endpoint), bucket, prefix)
    assert "user:pass" not in str(caught.value)


def test_a_source_rejects_a_key_that_no_folder_could_hold() -> None:
    source = MinioObjects(S3Settings(), "mill", read_only=True)
    for key in ("a//b.png", "../b.png"):
        with pytest.raises(RejectError) as caught:
            source.size(key)
        assert (caught.value.rule, caught.value.value) == ("unsafe_path", key)


def test_a_server_that_ignores_the_condition_is_found_and_refused() -> None:
    with careless_store() as (endpoint, held):
        s3 = S3Settings(
            endpoint=endpoint, access_key=SecretStr("key"), secret_key=SecretStr("secret")
        )
        assert not check_create_only(MinioObjects(s3, "mill"))
        assert held == {}, "the probe is gone"
        with pytest.raises(RootError, match="PAIRMILL_COMMIT_GUARD=ledger"):
            Stores(Settings(objects="minio", s3=s3)).objects.exists("a")
        trusting = Settings(objects="minio", s3=s3, commit_guard="ledger")
        Stores(trusting).objects.put("a", b"data")
        assert held == {"/pairmill/a": b"data"}
