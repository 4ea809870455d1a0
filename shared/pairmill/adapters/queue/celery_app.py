"""Make the one Celery app: its settings, its queues. Knows no task's work and no ledger.

Why each setting is as it is, and what was measured, is told in the docs of the queue.
"""

from collections.abc import Iterable
from typing import Any

from celery import Celery
from kombu import Exchange, Queue

from pairmill.adapters.redis import CONNECT_SECONDS, HEALTH_SECONDS
from pairmill.settings import RedisSettings

RESTORE_SECONDS = 5


def make_app(redis: RedisSettings, visibility_seconds: float, queues: Iterable[str] = ()) -> Celery:
    """Return an app that publishes to any queue and consumes from these.

    visibility_seconds: how long a message may be under way without a sign of life until it is
    handed to somebody else; the shortest among all apps on one Redis wins.
    """
    app = Celery("pairmill", set_as_current=False)
    app.conf.update(
        broker_url=redis.url.get_secret_value(),
        broker_transport_options=_transport(redis, visibility_seconds),
        visibility_timeout=visibility_seconds,
        task_queues=[make_queue(name) for name in queues],
        **_TASKS,
        **_WORKER,
    )
    return app


def make_queue(name: str) -> Queue:
    """Return a queue that needs no binding in Redis, so that an emptied Redis loses no route."""
    return Queue(name, Exchange(""), routing_key=name, no_declare=True)


def _transport(redis: RedisSettings, visibility_seconds: float) -> dict[str, Any]:
    return {
        "global_keyprefix": redis.prefix,
        "visibility_timeout": visibility_seconds,
        "unacked_restore_interval": RESTORE_SECONDS,
        # Without an event loop every empty poll, one a second, counts as a call.
        "unacked_restore_throttle": RESTORE_SECONDS,
        "unacked_restore_limit": 100,
        "unacked_mutex_expire": 60,
        "priority_steps": [0],
        "socket_keepalive": True,
        "socket_connect_timeout": CONNECT_SECONDS,
        "health_check_interval": HEALTH_SECONDS,
        "retry_on_timeout": True,
    }


_TASKS: dict[str, Any] = {
    "task_serializer": "json",
    "result_serializer": "json",
    "accept_content": ["json"],
    "result_backend": None,
    "task_ignore_result": True,
    "task_acks_late": True,
    "task_acks_on_failure_or_timeout": True,
    "task_reject_on_worker_lost": True,
    "task_create_missing_queues": False,
    "task_publish_retry": False,  # CeleryQueue.publish tries again, with a new connection
    "task_send_sent_event": True,
}
_WORKER: dict[str, Any] = {
    "worker_pool": "solo",
    "worker_concurrency": 1,
    "worker_prefetch_multiplier": 1,
    "worker_disable_prefetch": True,
    "worker_soft_shutdown_timeout": 0,
    "worker_eta_task_limit": 100,
    "worker_enable_remote_control": False,
    "worker_send_task_events": True,
    "worker_cancel_long_running_tasks_on_connection_loss": False,
    # A lost connection ends the worker; `serve` waits for the broker and makes a new one.
    "broker_connection_retry": False,
    "broker_connection_retry_on_startup": False,
}
