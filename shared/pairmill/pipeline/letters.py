"""Dead letters: tasks that used up their attempts, and why. Knows keys; knows no queue.

They lie at `runs/<run>/dead/<node>/<shard>.json`; a commit that comes later takes one away.
"""

from collections.abc import Iterator

from pairmill.core.ids import canonical_json
from pairmill.ports.objects import ObjectStore
from pairmill.ports.queue import Task


def letter_key(task: Task) -> str:
    """Return where a task's dead letter lies."""
    return f"runs/{task.run}/dead/{task.node}/{task.shard}.json"


def bury(objects: ObjectStore, task: Task, attempts: int, error: str) -> None:
    """Write the dead letter of a task: its attempts and the last error."""
    letter = {"node": task.node, "shard": task.shard, "attempts": attempts, "error": error}
    objects.put(letter_key(task), canonical_json(letter))


def buried(objects: ObjectStore, run: str, node: str = "") -> Iterator[Task]:
    """Yield the tasks of a run, or of one of its nodes, that lie among the dead letters."""
    prefix = f"runs/{run}/dead/"
    for key in objects.list(f"{prefix}{node}/" if node else prefix):
        name, _, shard = key[len(prefix) : -len(".json")].rpartition("/")
        yield Task(run=run, node=name, shard=shard)
