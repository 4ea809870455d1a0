"""One question over HTTP: sent, and its reply read as far as is allowed.

Knows aiohttp; knows no retry. aiohttp because with 64 questions at once it takes 0.2 ms of a
processor for one, and httpx (0.28) 3.7 ms. No error repeats a vendor's text, which may hold what
was sent.
"""

import io
import ssl

import aiohttp

from pairmill.adapters.chat.openai_address import Server
from pairmill.adapters.chat.openai_faults import Fault, Meaning, Reply, meaning
from pairmill.adapters.chat.openai_messages import body_of
from pairmill.config.chat import ChatConfig
from pairmill.core.errors import ConfigError
from pairmill.ports.chat import Ask

CONNECT_SECONDS = 10.0
IDLE_SECONDS = 3.0
"""Below the five seconds after which uvicorn, and so vLLM, hangs up on a connection at rest."""
NOT_TLS = {"WRONG_VERSION_NUMBER", "HTTP_REQUEST", "RECORD_LAYER_FAILURE"}


class Calls:
    """One server and the one model that it is asked for."""

    def __init__(self, server: Server, config: ChatConfig) -> None:
        self.server, self.config = server, config

    def session(self) -> aiohttp.ClientSession:
        """Return a pool of connections, to be closed; asks the environment for no proxy."""
        seconds = self.config.timeout_seconds
        timeout = aiohttp.ClientTimeout(total=seconds, sock_connect=min(CONNECT_SECONDS, seconds))
        pool = aiohttp.TCPConnector(limit=self.config.concurrency, keepalive_timeout=IDLE_SECONDS)
        return aiohttp.ClientSession(
            connector=pool, timeout=timeout, headers=self.server.headers, trust_env=False,
            auto_decompress=False, cookie_jar=aiohttp.DummyCookieJar(),
        )  # fmt: skip

    async def ask(self, session: aiohttp.ClientSession, ask: Ask, *, formatted: bool) -> Meaning:
        """Return what came of a question; ConfigError where no question can be answered."""
        body = io.BytesIO(body_of(ask, self.config, formatted=formatted))  # is sent in pieces
        try:
            async with session.post(self.server.url, data=body, allow_redirects=False) as response:
                data = await self._read(response)
                headers = response.headers
                reply = Reply(
                    status=response.status, media_type=response.content_type, data=data,
                    retry_after=headers.get("Retry-After", ""),
                    encoding=headers.get("Content-Encoding", ""),
                )  # fmt: skip
        except _TooLargeError:
            return Fault(kind="broken", reason=f"more than {self.config.max_answer_bytes:,} bytes")
        except (TimeoutError, aiohttp.ClientError, OSError) as error:
            return self._failed(error)
        return meaning(reply, self.server, self.config.model)

    async def _read(self, response: aiohttp.ClientResponse) -> bytes:
        parts, left = list[bytes](), self.config.max_answer_bytes
        async for part in response.content.iter_any():
            left -= len(part)
            if left < 0:
                raise _TooLargeError
            parts.append(part)
        return b"".join(parts)

    def _failed(self, error: Exception) -> Fault:
        """Return what a call without a whole reply means."""
        name = type(error).__name__
        if isinstance(error, aiohttp.ClientSSLError):
            return self._insecure(error)
        if isinstance(error, aiohttp.ConnectionTimeoutError | aiohttp.ClientConnectorError):
            return Fault(kind="unreached", reason=f"no connection ({name})")
        if isinstance(error, TimeoutError):
            return Fault(kind="cut", reason=f"no answer in {self.config.timeout_seconds:g} s")
        if isinstance(error, aiohttp.ClientResponseError):
            return Fault(kind="broken", reason=f"no HTTP ({name})")
        return Fault(kind="cut", reason=f"cut off ({name})")

    def _insecure(self, error: aiohttp.ClientSSLError) -> Fault:
        """Return what a failed handshake means; a server that starts may hang up during one."""
        cause = getattr(error, "certificate_error", getattr(error, "os_error", None))
        reason = getattr(cause, "reason", None)
        lasting = isinstance(cause, ssl.CertificateError) or reason in NOT_TLS
        if lasting or isinstance(error, aiohttp.ClientConnectorCertificateError):
            raise ConfigError(
                f"{self.server.where}: no trusted TLS connection: check that the port speaks "
                "https://, and name the authority's certificate in SSL_CERT_FILE"
            ) from None
        return Fault(kind="unreached", reason=f"no connection ({type(error).__name__})")


class _TooLargeError(Exception):
    """The reply is larger than is allowed."""
