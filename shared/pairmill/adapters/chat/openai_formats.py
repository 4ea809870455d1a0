"""Which schemas a server takes as `response_format`: found out by asking, remembered by schema.

Knows the configuration and digests; sends nothing.
"""

import logging

from pairmill.config.chat import ChatConfig
from pairmill.core.errors import ConfigError
from pairmill.core.ids import digest_of
from pairmill.ports.chat import Ask
from pairmill.telemetry import event


class Formats:
    """What is known of one server, for as long as its client lives.

    A schema that the server took once is never given up: if it refuses a later question that bears
    it, that question is at fault.
    """

    def __init__(self, config: ChatConfig, where: str) -> None:
        self._mode, self._where = config.json_schema, where
        self._taken, self._refused = set[str](), set[str]()

    def asked_of(self, ask: Ask) -> bool:
        """Return whether the server shall be told this question's schema."""
        if ask.schema is None or self._mode == "never":
            return False
        return self._mode == "always" or digest_of(ask.schema) not in self._refused

    def taken(self, ask: Ask) -> None:
        """Note that the server answered a question and was told its schema."""
        self._taken.add(digest_of(ask.schema))

    def given_up(self, ask: Ask, reason: str) -> bool:
        """Return whether a question, refused for its schema, shall be asked without.

        Raises ConfigError where the configuration wants schemas always.
        """
        schema = digest_of(ask.schema)
        if schema in self._taken:
            return False
        if self._mode == "always":
            raise ConfigError(
                f"{self._where}: it refuses response_format ({reason}), and chat.json_schema is "
                "always: wanted auto, never, or a server that has it"
            )
        if schema not in self._refused:
            event("the chat server takes no JSON schema; answers are parsed strictly all the same",
                  level=logging.WARNING, server=self._where, schema=schema,
                  reason=reason)  # fmt: skip
        self._refused.add(schema)
        return True
