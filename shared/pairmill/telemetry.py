"""One JSON log line per event, on standard error. Knows no stage; holds no secret.

Fields are plain values chosen by the caller: names, counts and seconds, never settings.
"""

import json
import logging
import sys
from datetime import UTC, datetime
from typing import Any

LOGGER = logging.getLogger("pairmill")


class JsonLines(logging.Formatter):
    """Format a record as one JSON object: time, level, event and the event's own fields."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the record as one line of JSON."""
        stamp = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, Any] = getattr(record, "fields", {})
        line = {"time": stamp, "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps({**line, **fields}, ensure_ascii=False, default=str)


def log_to_stderr(level: int = logging.INFO) -> None:
    """Send Pairmill's events to standard error; call once, at a program's start."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    LOGGER.handlers[:] = [handler]
    LOGGER.setLevel(level)
    LOGGER.propagate = False


def event(name: str, *, level: int = logging.INFO, **fields: object) -> None:
    """Log one event with its fields."""
    LOGGER.log(level, name, extra={"fields": fields})
