"""Keep the ledger of all workers in Redis. Knows tasks and owners; knows no stage.

Every change is one call of the script `ledger.lua` beside this file, which says what lies under
which key. Redis may be emptied or restarted at any time: an empty ledger is a legal one.
"""

import threading
import time
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from redis import exceptions
from redis.client import PubSub

from pairmill.adapters.redis import TRIES, ask, open_redis
from pairmill.ports.ledger import Claim, Limits, Standing
from pairmill.ports.queue import Task
from pairmill.settings import RedisSettings


class RedisLedger:
    """A ledger for any number of processes.

    A server that is away is asked again with pauses, then RetryError; one that refuses the user
    or password is ConfigError. A call whose answer was lost is made again: a claim may then be
    told that it is leased, by itself, and the task is due once that lease ran out.

    Args:
        redis: the server, and the prefix of every key and channel.
        limits: attempts, leases and back-off.
        clock: seconds; None is the server's own time, so that no worker's clock matters.
        tries: further tries after a call that found no server.
    """

    def __init__(
        self,
        redis: RedisSettings,
        limits: Limits,
        clock: Callable[[], float] | None = None,
        *,
        tries: int = TRIES,
    ) -> None:
        self._prefix, self._clock = redis.prefix, clock
        self._limits = (limits.max_attempts, limits.lease_seconds, limits.backoff_seconds)
        self._redis, self._tries = open_redis(redis), tries
        self._script = self._redis.register_script(
            (files(__package__) / "ledger.lua").read_text("utf-8")
        )
        self._waiting = threading.Lock()
        self._changes: PubSub | None = None
        self._deaf = False

    def open(self, task: Task) -> None:
        """Note that the task is left to do; done or dead ones stay so."""
        self._call("open", *_names(task))

    def claim(self, task: Task, owner: str) -> Claim:
        """Take the task unless it is leased, done or dead; the attempt after the cap is DEAD."""
        standing, attempt = self._call("claim", *_names(task), owner)
        return Claim(standing=Standing(standing), attempt=attempt)

    def renew(self, task: Task, owner: str) -> bool:
        """Lengthen the lease."""
        return bool(self._call("renew", *_names(task), owner))

    def complete(self, task: Task, owner: str) -> bool:
        """Note that the task's commit exists; saying so again changes nothing."""
        return bool(self._call("complete", *_names(task), owner))

    def release(self, task: Task, owner: str) -> bool:
        """Give the task back uncounted, as a draining worker does."""
        return bool(self._call("release", *_names(task), owner))

    def fail(self, task: Task, owner: str, error: str) -> bool:
        """Give the task back; its attempt counts and the error is kept."""
        return bool(self._call("fail", *_names(task), owner, error))

    def open_tasks(self, run: str, node: str) -> list[Task]:
        """Return what is pending or leased, sorted by shard."""
        shards = sorted(self._call("open_shards", run, node))
        return [Task(run=run, node=node, shard=shard) for shard in shards]

    def dead_tasks(self, run: str, node: str) -> dict[str, str]:
        """Return shard to last error for tasks that used up their attempts."""
        found = self._ask(lambda: self._redis.hgetall(f"{self._prefix}ledger:dead:{run}/{node}"))
        return dict(sorted(found.items()))

    def due(self, run: str, node: str, limit: int, again_seconds: float) -> list[Task]:
        """Return tasks that ought to be rung for, until `limit` are, and note them as rung."""
        shards = self._call("due", run, node, limit, again_seconds)
        return [Task(run=run, node=node, shard=shard) for shard in shards]

    def rung(self, run: str, node: str) -> int:
        """Return how many open tasks were rung for and not claimed since."""
        return int(self._ask(lambda: self._redis.zcard(f"{self._prefix}ledger:rung:{run}/{node}")))

    def held(self, run: str, node: str) -> int:
        """Return how many tasks are under way: somebody's lease holds."""
        return int(self._call("held", run, node))

    def backlog(self, stage: str) -> int:
        """Return how many tasks of a stage are open, over all runs."""
        return int(self._ask(lambda: self._redis.zcard(f"{self._prefix}active:{stage}:open")))

    def forget(self, run: str) -> None:
        """Drop all that is known of a run; its tasks may be opened anew."""
        self._call("forget", run)

    def holders(self) -> frozenset[str]:
        """Return the names of the workers that hold a lease now."""
        return frozenset(owner.partition("/")[0] for owner in self._call("owners"))

    def lead(self, name: str, owner: str, seconds: float) -> bool:
        """Take or keep the lease of that name; False while another owner holds it."""
        return bool(self._call("lead", name, owner, seconds))

    def resign(self, name: str, owner: str) -> None:
        """Give the lease of that name back, if `owner` holds it."""
        self._call("resign", name, owner)

    def wait(self, seconds: float) -> None:
        """Return once any task changed since the last wait, or after `seconds`.

        The first wait hears what happens from then on. Redis keeps nothing for who does not
        listen, and cuts off a listener that does not read.
        """
        end = time.monotonic() + seconds
        with self._waiting:
            self._ask(lambda: self._hear(end))

    def close(self) -> None:
        """Close the connections; a later call opens them again."""
        with self._waiting:
            self._stop_listening()
        self._redis.close()

    def _hear(self, end: float) -> None:
        try:
            changes = self._listen()
            if self._deaf:  # what happened meanwhile is lost: look
                self._deaf = False
                return
            while (left := end - time.monotonic()) > 0:
                if changes.get_message(ignore_subscribe_messages=True, timeout=left):
                    break
            while changes.get_message(ignore_subscribe_messages=True, timeout=0):
                pass
        except exceptions.RedisError:
            self._stop_listening()
            self._deaf = True
            raise

    def _listen(self) -> PubSub:
        if self._changes is None:
            self._changes = PubSub(self._redis.connection_pool)
            self._changes.subscribe(f"{self._prefix}ledger:changed")
        return self._changes

    def _stop_listening(self) -> None:
        if self._changes is not None:
            self._changes.close()
        self._changes = None

    def _call(self, command: str, *told: str | float) -> Any:
        now = "" if self._clock is None else repr(float(self._clock()))
        given = [command, now, *self._limits, *told]
        return self._ask(lambda: self._script(keys=[self._prefix], args=given))

    def _ask(self, call: Callable[[], Any]) -> Any:
        return ask(self._redis, call, tries=self._tries)


def _names(task: Task) -> tuple[str, str, str]:
    return task.run, task.node, task.shard
