"""Connect to an S3 endpoint, and send the one call that the vendor's client lacks.

The create-only put is sent by hand, its condition among the signed headers, so that a proxy that
drops the condition breaks the signature. Knows settings and headers; tries nothing twice.
"""

import os
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from urllib.parse import SplitResult, urlsplit, urlunsplit

import certifi
import urllib3
from minio import Minio
from minio.credentials import Credentials
from minio.error import InvalidResponseError, S3Error
from minio.signer import sign_v4_s3

from pairmill.core.errors import ConfigError
from pairmill.settings import S3Settings

CONNECT_SECONDS, READ_SECONDS = 5.0, 60.0
MAX_CONNECTIONS = 64
WRITER = "x-amz-meta-pairmill-writer"
"""Who wrote an object: how a writer that was never answered knows its own."""


@dataclass(frozen=True, kw_only=True)
class Connection:
    """The vendor's client, and the pool of connections that it shares with us."""

    s3: S3Settings
    http: urllib3.PoolManager
    client: Any

    def put_if_none(self, bucket: str, name: str, data: bytes, writer: str) -> None:
        """Write an object on the condition that there is none; an S3Error where there is one."""
        url = urlsplit(self.client.get_presigned_url("PUT", bucket, name))._replace(query="")
        headers = {"Host": url.netloc, "If-None-Match": "*", WRITER: writer,
                   "Content-Type": "application/octet-stream"}  # fmt: skip
        answer = self.http.urlopen(
            "PUT", urlunsplit(url), body=data, headers=self._signed(url, headers, data)
        )
        if answer.status in (200, 201, 204):
            return
        if b"<Code>" in answer.data:
            raise S3Error.fromxml(answer)
        raise InvalidResponseError(answer.status, answer.headers.get("content-type"), None)

    def _signed(self, url: SplitResult, headers: dict[str, str], data: bytes) -> dict[str, Any]:
        keys = (self.s3.access_key.get_secret_value(), self.s3.secret_key.get_secret_value())
        if not keys[0]:
            return headers
        now, digest = datetime.now(UTC), sha256(data).hexdigest()
        dated = {"x-amz-date": now.strftime("%Y%m%dT%H%M%SZ"), "x-amz-content-sha256": digest}
        signed: dict[str, Any] = sign_v4_s3(
            method="PUT", url=url, region=self.s3.region, headers=headers | dated,
            credentials=Credentials(*keys), content_sha256=digest, date=now,
        )  # fmt: skip
        return signed


def connect(s3: S3Settings, bucket: str) -> Connection:
    """Return a connection, which is first used when it is needed.

    Raises ConfigError where the settings or the bucket's name cannot be meant.
    """
    url = urlsplit(s3.endpoint)
    if url.scheme not in ("http", "https") or not url.hostname or "@" in url.netloc:
        raise ConfigError(
            "PAIRMILL_S3__ENDPOINT: wanted http:// or https://, a host and a port, without a "
            "password in it"
        )
    if url.path.strip("/") or url.query:
        raise ConfigError(
            f"PAIRMILL_S3__ENDPOINT: got {s3.endpoint}, wanted no path; a prefix goes into "
            "PAIRMILL_S3__PREFIX"
        )
    http = urllib3.PoolManager(
        timeout=urllib3.Timeout(connect=CONNECT_SECONDS, read=READ_SECONDS),
        maxsize=MAX_CONNECTIONS, retries=False, cert_reqs="CERT_REQUIRED",
        ca_certs=os.environ.get("SSL_CERT_FILE") or certifi.where(),
    )  # fmt: skip
    client = Minio(
        url.netloc, s3.access_key.get_secret_value() or None,
        s3.secret_key.get_secret_value() or None, secure=url.scheme == "https",
        region=s3.region, http_client=http,
    )  # fmt: skip
    try:
        client.get_presigned_url("GET", bucket, "any")
    except ValueError as error:
        raise ConfigError(f"{bucket!r} cannot name a bucket: {error}") from None
    return Connection(s3=s3, http=http, client=client)
