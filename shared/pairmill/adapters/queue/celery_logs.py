"""Send what Celery and kombu log through the one JSON log, warnings and worse. Knows no task."""

import logging

from pairmill.telemetry import event

SOURCES = ("celery", "kombu", "amqp")


class Forward(logging.Handler):
    """Log a record as an event, without its traceback and with the password taken out."""

    def __init__(self, secret: str) -> None:
        super().__init__(logging.WARNING)
        self._secret = secret

    def emit(self, record: logging.LogRecord) -> None:
        """Log one record."""
        text = record.getMessage()
        if self._secret:
            text = text.replace(self._secret, "***")
        event("celery", level=record.levelno, source=record.name, text=text[:1000])


def forward_logs(secret: str = "") -> None:
    """Take over the loggers of Celery; once more changes nothing.

    secret: the broker's password, should it ever come in a text.
    """
    for name in SOURCES:
        logger = logging.getLogger(name)
        logger.handlers[:] = [Forward(secret)]
        logger.setLevel(logging.WARNING)
        logger.propagate = False
