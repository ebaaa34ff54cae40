"""One of the broker's queues as this process consumes from it. Lives on the thread of one ``BrokerLink``."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

from airavata_adapters.rabbitmq.channel import BrokerChannel, Received
from airavata_adapters.task_queues.rabbitmq_names import Level

ESTIMATE_AGE_S = 0.2
"""So long a busy worker may overlook a queue that was empty, and takes what it knows of first."""


class Tag(NamedTuple):
    """One delivery: a number means something on its own channel only, and a channel's number never comes again."""

    channel: int
    number: int


@dataclass(slots=True)
class _Subscription:
    """What the broker pushes: at most ``prefetch`` messages that are ``open``, that is, not answered."""

    channel: BrokerChannel
    consumer: str
    prefetch: int
    open: int = 0


@dataclass(slots=True)
class Held:
    """A delivery that is not answered yet."""

    source: Source
    channel: BrokerChannel
    received: Received
    subscription: _Subscription | None
    since_s: float

    @property
    def tag(self) -> Tag:
        """What identifies it."""
        return Tag(self.received.channel, self.received.tag)

    def acknowledge(self) -> None:
        """It is dealt with."""
        self._settled()
        self.channel.acknowledge([self.received.tag])

    def give_back(self) -> None:
        """Back to the head of its queue."""
        self._settled()
        self.channel.give_back([self.received.tag])

    def _settled(self) -> None:
        if self.subscription is not None:
            self.subscription.open -= 1


class Source:
    """One level of one queue.

    It *listens* while the broker may push another message; then what waits is
    in the buffer, or will be in a moment. When it does not, only the broker
    knows, and must be asked; its answer is good for ``ESTIMATE_AGE_S``.
    """

    def __init__(self, queue: str, level: Level, name: str, on_message: Callable[[Source], None]) -> None:
        self.queue = queue
        self.level = level
        self.name = name
        """The broker's name of it."""
        self.buffer: deque[Held] = deque()
        self._on_message = on_message
        self._estimate = 0
        self._estimated_at_s = float("-inf")
        self._subscription: _Subscription | None = None

    @property
    def listens(self) -> bool:
        """Whether the broker would push a message now."""
        subscription = self._subscription
        return subscription is not None and subscription.channel.is_open and subscription.open < subscription.prefetch

    def estimate(self) -> int | None:
        """How many messages wait on the broker as far as is known, if that is new enough."""
        return self._estimate if time.monotonic() - self._estimated_at_s < ESTIMATE_AGE_S else None

    def estimated(self, count: int) -> None:
        """The broker has said how many messages wait."""
        self._estimate = count
        self._estimated_at_s = time.monotonic()

    def unsure(self) -> None:
        """What the broker has said is no longer true."""
        self._estimated_at_s = float("-inf")

    def pulled(self, channel: BrokerChannel, received: Received) -> Held:
        """A message that was asked for."""
        if received.left is not None:
            self.estimated(received.left)
        return Held(self, channel, received, None, time.monotonic())

    async def listen(self, channel: BrokerChannel, prefetch: int) -> None:
        """Have up to ``prefetch`` messages pushed into the buffer. Raises as ``BrokerChannel``.

        A subscription has room again when its messages are answered. One
        that has none is replaced, because its prefetch cannot be changed.
        """
        await self.be_deaf()
        subscription = _Subscription(channel, "", prefetch)

        def on_message(received: Received) -> None:
            subscription.open += 1
            self.buffer.append(Held(self, channel, received, subscription, time.monotonic()))
            self._on_message(self)

        def on_cancelled() -> None:
            if self._subscription is subscription:
                self._subscription = None
            self._on_message(self)

        await channel.set_prefetch(prefetch)
        subscription.consumer = await channel.consume(self.name, on_message, on_cancelled=on_cancelled)
        self._subscription = subscription

    async def be_deaf(self) -> None:
        """Have nothing more pushed; the buffer stays."""
        subscription, self._subscription = self._subscription, None
        if subscription is not None:
            await subscription.channel.cancel(subscription.consumer)

    def give_back(self) -> None:
        """Give back what is in the buffer, in its order."""
        while self.buffer:
            self.buffer.popleft().give_back()

    def lost(self, channel: BrokerChannel) -> None:
        """The channel is gone: the broker delivers again what came by it."""
        self.buffer = deque(held for held in self.buffer if held.channel is not channel)
        if self._subscription is not None and self._subscription.channel is channel:
            self._subscription = None
