"""Say which keys an object store takes, the same for every store. Knows no vendor."""


def check_key(key: str) -> str:
    """Return `key`; ValueError where it could name something else than one object.

    Refused: an empty, `.` or `..` part (so also a leading, trailing or double slash) and NUL.
    """
    if "\0" in key or any(part in ("", ".", "..") for part in key.split("/")):
        raise ValueError(
            f"key {key!r}: wanted parts between single slashes, none of them empty, '.' or '..'"
        )
    return key


def split_prefix(prefix: str) -> tuple[str, str]:
    """Return a prefix's whole parts and the beginning of the next one: `a/b/c` → (`a/b`, `c`)."""
    folder, slash, start = prefix.rpartition("/")
    return (check_key(folder), start) if slash else ("", start)
