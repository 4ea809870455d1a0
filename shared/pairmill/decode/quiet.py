"""What Pillow says and raises about bytes that somebody broke. Knows no image."""

import logging
import struct
import threading
import warnings
import zlib
from contextlib import ExitStack

from PIL import Image

logging.getLogger("PIL").setLevel(logging.CRITICAL)  # its errors come as exceptions too

# What decoders raise on bytes that somebody has broken, by accident or on purpose.
FAULTS = (
    OSError, SyntaxError, ValueError, EOFError, LookupError, TypeError, ArithmeticError,
    AttributeError, RuntimeError, struct.error, zlib.error, Image.DecompressionBombError,
)  # fmt: skip


class Quiet:
    """Pillow's warnings kept in, by however many threads at once: filters belong to the process,
    so the first thread in sets them and the last one out restores them."""

    def __init__(self) -> None:
        self._lock, self._inside, self._filters = threading.Lock(), 0, ExitStack()

    def __enter__(self) -> None:
        with self._lock:
            self._inside += 1
            if self._inside == 1:
                self._filters.enter_context(warnings.catch_warnings())
                warnings.filterwarnings("ignore", module=r"(PIL|pillow_heif|pairmill\.decode)\b")

    def __exit__(self, *error: object) -> None:
        with self._lock:
            self._inside -= 1
            if not self._inside:
                self._filters.close()


QUIET = Quiet()
