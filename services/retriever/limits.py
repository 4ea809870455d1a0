"""What the retriever takes at most, and how much time it gives itself. Knows no request."""

from pairmill.decode import Limits

IMAGE = Limits(max_bytes=32 * 2**20, max_pixels=25_000_000, min_side=1)
"""A message's own bound is lower, and decides first; 25 million pixels are 75 MB decoded."""

MAX_TEXT_CHARS = 4000
MAX_ITEM_ID_CHARS = 128
DEFAULT_K, MAX_K = 10, 1000
MAX_DELETE = 1000

CANARIES_MISSED = 3
"""So many periods without a canary's answer, and the replica is not ready."""
