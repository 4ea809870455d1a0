"""Name things by what they contain, and draw random choices from those names.

Knows no record type: every function takes bytes, strings or plain JSON values.
"""

import hashlib
import json

import numpy as np

ID_HEX = 32  # 128 bits of sha256 in hex: no accidental collision below some 10^18 records


def sha256_hex(data: bytes) -> str:
    """Return the full sha256 of `data` in hex."""
    return hashlib.sha256(data).hexdigest()


def image_id(original: bytes) -> str:
    """Return an image's id: the first 128 bits of sha256 of its original bytes, hex."""
    return sha256_hex(original)[:ID_HEX]


def pair_id(query_id: str, target_id: str) -> str:
    """Return the id of the ordered pair (query, target)."""
    return sha256_hex(f"pair/1/{query_id}/{target_id}".encode())[:ID_HEX]


def canonical_json(value: object) -> bytes:
    """Return the one JSON text of `value`: sorted keys, no spaces, UTF-8, NaN refused."""
    text = json.dumps(
        value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False
    )
    return text.encode()


def digest_of(value: object, *, length: int = 16) -> str:
    """Return the first `length` hex digits of sha256 over the canonical JSON of `value`."""
    return sha256_hex(canonical_json(value))[:length]


def order_key(seed: int, *parts: str) -> str:
    """Return a key that sorts records in an order which only seed and ids decide."""
    return sha256_hex(f"{seed}/{'/'.join(parts)}".encode())


def generator(seed: int, *parts: str) -> np.random.Generator:
    """Return a random generator that only seed and ids decide, never the order of a shard."""
    return np.random.Generator(np.random.Philox(key=int(order_key(seed, *parts)[:ID_HEX], 16)))
