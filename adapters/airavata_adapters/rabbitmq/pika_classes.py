"""Two of pika's classes with what they lack; the only place that touches what pika does not publish."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

from pika.adapters.asyncio_connection import AsyncioConnection
from pika.channel import Channel
from pika.exceptions import AMQPHeartbeatTimeout

# pika logs as errors, several times over, what it also tells its callbacks; it is logged once, by who is told.
if logging.getLogger("pika").level == logging.NOTSET:
    logging.getLogger("pika").setLevel(logging.CRITICAL)


class PikaChannel(Channel):  # type: ignore[misc] # pika publishes no types
    """A channel that returns what is delivered to a consumer that is gone.

    A quorum queue of a cluster may deliver to a consumer whose cancellation
    was already answered. pika logs such a delivery and leaves it: it would
    stay unacknowledged, and so unseen, until the channel ends.
    """

    def _on_deliver(self, method_frame: Any, header_frame: Any, body: bytes) -> None:
        tag = method_frame.method.consumer_tag
        if tag not in self._cancelled and tag not in self._consumers:
            if self.is_open:
                self.basic_reject(method_frame.method.delivery_tag, requeue=True)
            return
        super()._on_deliver(method_frame, header_frame, body)


class PikaConnection(AsyncioConnection):  # type: ignore[misc] # pika publishes no types
    """A connection that makes such channels and knows whether the broker has blocked it."""

    blocked_because: str | None = None
    """Why the broker takes no messages now: it is short of memory or disk."""

    def _create_channel(self, channel_number: int, on_open_callback: Callable[[Any], Any] | None) -> PikaChannel:
        return PikaChannel(self, channel_number, on_open_callback)

    def drop(self) -> None:
        """End it at once, without a word to a broker that does not listen."""
        self._terminate_stream(AMQPHeartbeatTimeout("silent"))

    def watch_blocking(self) -> None:
        """Keep ``blocked_because`` up to date."""
        self.add_on_connection_blocked_callback(
            lambda _connection, frame: setattr(self, "blocked_because", frame.method.reason)
        )
        self.add_on_connection_unblocked_callback(lambda _connection, _frame: setattr(self, "blocked_because", None))
