"""Find out whether an object store keeps the promise that commits rest on. Knows only the port."""

import secrets

from pairmill.ports.objects import ObjectStore


def check_create_only(objects: ObjectStore) -> bool:
    """Say whether the second of two creates of one key is refused and leaves the first alone.

    Some servers ignore the condition in silence (rclone serve s3, s3rver); there two workers
    could both commit one task.
    """
    key = f"probes/create-only-{secrets.token_hex(8)}"
    first = objects.create(key, b"first")
    try:
        second = objects.create(key, b"second")
        return first and not second and objects.get(key) == b"first"
    finally:
        objects.delete(key)
