"""A process that races others for an object store: `racer.py HEX_OF_PICKLED_OPENER MODE`.

create: creates race/000 … race/049 and prints a 1 for each that it won. write: overwrites one
object with a megabyte of one letter after another, until it is killed.
"""

import itertools
import pickle
import sys
from collections.abc import Callable

from pairmill.ports.objects import ObjectStore

NUM_KEYS = 50
LETTERS = (b"a", b"b", b"c")
LENGTH = 2**20


def create(objects: ObjectStore) -> None:
    """Try to win every key."""
    wins = [objects.create(f"race/{i:03d}", sys.argv[3].encode()) for i in range(NUM_KEYS)]
    print("".join(str(int(won)) for won in wins))


def write(objects: ObjectStore) -> None:
    """Overwrite one object for ever."""
    for letter in itertools.cycle(LETTERS):
        objects.put("race/letters", letter * LENGTH)


if __name__ == "__main__":
    opener: Callable[[], ObjectStore] = pickle.loads(bytes.fromhex(sys.argv[1]))
    opened = opener()
    print("ready", flush=True)
    sys.stdin.readline()
    {"create": create, "write": write}[sys.argv[2]](opened)
