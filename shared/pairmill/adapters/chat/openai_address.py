"""Where an OpenAI-compatible server is, and whether it may be spoken to in the clear.

Knows addresses; opens nothing. Plain http:// is taken to this machine in silence, to a private
network (a bare name such as `vllm`, `*.svc`, 10.0.0.0/8 …) with a warning, because model servers in
a cluster speak nothing else; to a public host only where the configuration says `insecure`. A name
is judged by its form alone: nothing is looked up.
"""

import ipaddress
import logging
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

from pydantic import SecretStr

from pairmill.core.errors import ConfigError
from pairmill.telemetry import event

PRIVATE_NAMES = (".svc", ".cluster.local", ".internal", ".local", ".lan", ".home.arpa")
ENDPOINT = "/chat/completions"
NO_KEY = SecretStr("")


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server: `url` is where questions go, `where` is its name for people."""

    url: str
    where: str
    api_key: SecretStr = NO_KEY
    key_name: str = "PAIRMILL_CHAT__API_KEY"
    """Of the setting that holds the key."""

    @property
    def headers(self) -> dict[str, str]:
        """What goes with every question; secret."""
        plain = {"Content-Type": "application/json", "Accept": "application/json",
                 "Accept-Encoding": "identity"}  # fmt: skip
        key = self.api_key.get_secret_value()
        return {**plain, "Authorization": f"Bearer {key}"} if key else plain


def server_at(base_url: str, api_key: SecretStr = NO_KEY, *, insecure: bool = False) -> Server:
    """Return the server at an address; one without a path means `/v1`.

    Raises ConfigError where the address cannot be meant, or would send pictures and key in the
    clear over a public network.
    """
    url = _parsed(base_url)
    _check_key(api_key.get_secret_value())
    where = f"{url.scheme}://{url.netloc}"
    if url.scheme == "http" and not _is_loopback(url.hostname or ""):
        _weigh(where, url.hostname or "", insecure)
    path = url.path.rstrip("/") or "/v1"
    return Server(url=f"{where}{path}{ENDPOINT}", where=where, api_key=api_key)


def _parsed(base_url: str) -> SplitResult:
    wanted = "wanted one such as http://127.0.0.1:8000/v1 or https://HOST/v1"
    try:
        url = urlsplit(base_url.strip())
        _ = url.port
    except ValueError:
        raise ConfigError(f"chat.base_url: this is no address: {wanted}") from None
    if "@" in url.netloc:
        raise ConfigError(
            "chat.base_url: got an address with a name or password in it; a key belongs into the "
            "settings, where it is not printed"
        )
    if url.scheme not in ("http", "https") or not url.hostname or url.query or url.fragment:
        told = base_url.partition("?")[0][:80]  # what follows may be a key
        raise ConfigError(f"chat.base_url: got {told!r}, {wanted}")
    if url.path.rstrip("/").endswith(ENDPOINT):
        raise ConfigError(
            f"chat.base_url: got {base_url[:80]!r}, wanted the address without {ENDPOINT}"
        )
    return url


def _check_key(key: str) -> None:
    if not all("!" <= letter <= "~" for letter in key):
        raise ConfigError(
            "the chat server's API key holds spaces, line ends or letters beyond ASCII; wanted the "
            "key alone: was a line end copied with it?"
        )


def _weigh(where: str, host: str, insecure: bool) -> None:
    if not _is_private(host) and not insecure:
        raise ConfigError(
            f"chat.base_url: got {where}, which is neither this machine nor a private network, and "
            "http:// shows pictures, prompts and key to everyone on the way: wanted https://, or "
            "chat.insecure: true if the way is known to be safe"
        )
    event("the chat server is spoken to in the clear", level=logging.WARNING, server=where)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None


def _is_loopback(host: str) -> bool:
    address = _address(host)
    if address is None:
        return host == "localhost" or host.endswith(".localhost")
    return address.is_loopback


def _is_private(host: str) -> bool:
    address = _address(host)
    if address is None:
        name = host.rstrip(".")
        return "." not in name or name.endswith(PRIVATE_NAMES)
    return address.is_private or address.is_link_local
