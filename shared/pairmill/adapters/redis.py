"""Speak with a Redis server: clients that try again, and its errors in Pairmill's words.

Knows settings and errors; knows no queue and no ledger. No text here holds a password.
"""

import random
import time
from collections.abc import Callable
from typing import TypeVar

from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from pairmill.core.errors import ConfigError, PairmillError, RetryError
from pairmill.settings import RedisSettings

TRIES = 10
"""How often a server that is away is asked again: some 15 seconds in all."""
FIRST_SECONDS, LONGEST_SECONDS = 0.05, 4.0
CONNECT_SECONDS, ANSWER_SECONDS = 5.0, 20.0
HEALTH_SECONDS = 25

T = TypeVar("T")
AWAY = (exceptions.ConnectionError, exceptions.TimeoutError, OSError)
REFUSED = (
    exceptions.AuthenticationError,
    exceptions.AuthorizationError,
    exceptions.NoPermissionError,
)


def open_redis(settings: RedisSettings) -> Redis:
    """Return a client, not yet connected, that tries once (`ask` tries again); texts are `str`."""
    try:
        return Redis.from_url(
            settings.url.get_secret_value(),
            decode_responses=True,
            # Its own retries multiply (each call's by each connection's) and repeat refusals.
            retry=Retry(NoBackoff(), 0),
            socket_connect_timeout=CONNECT_SECONDS,
            socket_timeout=ANSWER_SECONDS,
            health_check_interval=HEALTH_SECONDS,
        )
    except ValueError:  # its text may repeat the address, and so the password
        raise ConfigError(
            "PAIRMILL_REDIS__URL cannot be read: wanted redis://:password@host:6379/0, or "
            "rediss:// for TLS, with special characters of the password percent-encoded"
        ) from None


def ask(client: Redis, call: Callable[[], T], *, tries: int = TRIES) -> T:
    """Return what `call` returns; ask a server that is away again, and raise in our words."""
    for failures in range(tries + 1):
        try:
            return call()
        except (exceptions.RedisError, OSError) as error:
            away = isinstance(error, AWAY) and not isinstance(error, REFUSED)
            if not away or failures == tries:
                raise told(error, place_of(client)) from error
        time.sleep(pause(failures))
    raise ValueError(f"tries={tries}: wanted 0 or more")


def pause(failures: int) -> float:
    """Return how long to wait after that many failures: longer each time, never in step."""
    longest = min(LONGEST_SECONDS, FIRST_SECONDS * 2.0 ** min(failures, 20))
    return longest * random.uniform(0.5, 1.0)


def place_of(client: Redis) -> str:
    """Return where a client's server is, for people: without the password."""
    told = client.connection_pool.connection_kwargs
    if "path" in told:
        return f"Redis at {told['path']}"
    return f"Redis at {told.get('host', 'localhost')}:{told.get('port', 6379)}"


def told(error: BaseException, place: str) -> PairmillError:
    """Return an error of Redis in our words; a refusal stops, all else may be tried again."""
    if isinstance(error, REFUSED):
        return ConfigError(
            f"{place} refuses this user or password: {str(error).rstrip('.')}. Check "
            "PAIRMILL_REDIS__URL and the user's rights (all commands on keys and channels of the "
            "prefix, EVAL among them)"
        )
    if isinstance(error, exceptions.OutOfMemoryError):
        return RetryError(f"{place} has no memory left: raise its maxmemory, or empty it")
    if isinstance(error, exceptions.ReadOnlyError):
        return RetryError(f"{place} is a read-only replica: wanted the primary")
    if isinstance(error, AWAY):
        return RetryError(
            f"{place} does not answer ({type(error).__name__}): is it running, and is "
            "PAIRMILL_REDIS__URL right?"
        )
    return RetryError(f"{place} did not do what it was asked to: {error}")
