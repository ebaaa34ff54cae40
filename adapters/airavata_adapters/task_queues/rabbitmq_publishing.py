"""Publishing that returns when the broker has everything. Lives on the thread of one ``BrokerLink``."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from typing import NamedTuple

from airavata_adapters.rabbitmq.channel import BrokerChannel, Outgoing
from airavata_adapters.rabbitmq.confirms import RefusedError
from airavata_adapters.rabbitmq.link import BrokerLink
from airavata_workload.domain.errors import StoreUnavailableError

ATTEMPTS = 8
"""For messages that the broker did not store: with the delays below, two and a half seconds."""
FIRST_DELAY_S = 0.02
_AT_ONCE = 1000
"""Messages on their way at once, so that one long list does not fill the connection's buffers."""


class Addressed(NamedTuple):
    """A message and the engine's queue that must be declared before it fits."""

    queue: str
    message: Outgoing


class Publisher:
    """Publishes as mandatory: what fits no queue comes back, the queue is declared, and it is sent again.

    What is refused, because somebody else is just making the queue or because
    it has no leader for the moment, is sent again a little later. Only then can
    messages of one list change places. It is sent on another channel: one that
    has begun with a leader which then died refuses for ever what is for that
    queue. Source: RabbitMQ 3.10, ``rabbit_fifo_client:enqueue``, which asks
    the first server that its channel has heard of whether it may begin; tried.
    """

    def __init__(self, link: BrokerLink, declare: Callable[[Collection[str]], Awaitable[None]]) -> None:
        """``declare`` makes the engine's queues that have turned out not to be there."""
        self._link = link
        self._declare = declare
        self._opening = asyncio.Lock()
        self._channel: BrokerChannel | None = None
        self._in_use: Counter[BrokerChannel] = Counter()

    async def publish(self, messages: Sequence[Addressed]) -> None:
        """Send all; returns when all are stored. Raises as ``BrokerChannel``; then any of them may be stored or not."""
        for start in range(0, len(messages), _AT_ONCE):
            await self._publish(messages[start : start + _AT_ONCE], self._declare)

    async def publish_to_declared(self, messages: Sequence[Outgoing]) -> None:
        """The same for queues that are there, while somebody declares others."""
        await self._publish([Addressed("", message) for message in messages], None)

    async def _publish(
        self, messages: Sequence[Addressed], declare: Callable[[Collection[str]], Awaitable[None]] | None
    ) -> None:
        delay_s = FIRST_DELAY_S
        for attempt in range(ATTEMPTS):
            try:
                returned = await self._sent(messages)
                refused: list[int] = []
            except RefusedError as error:
                if attempt == ATTEMPTS - 1:
                    raise
                returned, refused = error.returned, error.refused
            if not returned and not refused:
                return
            if returned and declare is not None:
                await declare({messages[place].queue for place in returned})
            messages = [messages[place] for place in sorted((*returned, *refused))]
            if refused or declare is None:
                await asyncio.sleep(delay_s)
                delay_s *= 2
        raise StoreUnavailableError(
            f"The queue '{messages[0].message.routing_key}' vanishes again and again.",
            remedy="Find out who deletes queues on the broker.",
        )

    async def _sent(self, messages: Sequence[Addressed]) -> list[int]:
        channel = await self._open_channel()
        self._in_use[channel] += 1
        try:
            return await channel.publish([each.message for each in messages])
        except RefusedError:
            if self._channel is channel:
                self._channel = None
            raise
        finally:
            self._in_use[channel] -= 1
            if not self._in_use[channel]:
                del self._in_use[channel]
                if self._channel is not channel:
                    channel.abandon()

    async def _open_channel(self) -> BrokerChannel:
        async with self._opening:
            if self._channel is None or not self._channel.is_open:
                self._channel = await self._link.channel(confirm=True)
            return self._channel
