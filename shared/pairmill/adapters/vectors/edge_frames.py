"""Write and read the frames that a process of ours and its child speak. Knows no call.

A frame: two lengths of 8 bytes, big-endian, then JSON, then bytes.
"""

import json
import struct
from typing import IO, Any

LENGTHS = struct.Struct(">QQ")
Answer = tuple[dict[str, Any], bytes]


def write_frame(stream: IO[bytes], head: dict[str, Any], data: bytes) -> None:
    """Write one frame."""
    text = json.dumps(head).encode()
    stream.write(LENGTHS.pack(len(text), len(data)) + text)
    stream.write(data)
    stream.flush()


def read_frame(stream: IO[bytes]) -> Answer | None:
    """Return the next frame, or None where the stream has ended, even amid one."""
    lengths = stream.read(LENGTHS.size)
    if len(lengths) < LENGTHS.size:
        return None
    num_text, num_data = LENGTHS.unpack(lengths)
    text, data = stream.read(num_text), stream.read(num_data)
    if len(text) < num_text or len(data) < num_data:
        return None
    return json.loads(text), data
