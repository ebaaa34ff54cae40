"""The stream of RabbitMQ on which events travel: made, written to, followed at its end, read from any place."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from airavata_adapters.event_buses.rabbitmq_message import Incoming, Unsent
from airavata_adapters.event_buses.rabbitmq_window import Window
from airavata_adapters.rabbitmq.channel import BrokerChannel, Outgoing, Received, persistent
from airavata_adapters.rabbitmq.link import BrokerLink
from airavata_adapters.rabbitmq.options import BrokerOptions
from airavata_workload.domain.errors import (
    ConflictError,
    NotFoundError,
    SettingsError,
    StoreUnavailableError,
    WorkloadError,
)

OFFSET = "x-stream-offset"
_PREFETCH = 512
_ACKNOWLEDGE_EVERY = 64
_AGAIN_S = 0.2
_PEEK_S = 2.0
"""A message that is there comes at once, and none ever comes to say that there is none."""
_GIVE_UP_S = 1.0
"""How much longer the calling thread waits than the work that it has ordered, which ends by itself."""
_log = logging.getLogger(__name__)


class EventStream:
    """One stream queue over one ``BrokerLink``.

    Source: RabbitMQ, "Streams": a consumer names in ``x-stream-offset`` where
    it begins, needs a prefetch and acknowledges to get more; each delivery
    tells its offset in the header of the same name; an offset that is no
    longer, or not yet, there is moved to the start or the end.

    All calls raise ``StoreUnavailableError`` when the broker is away or does
    not answer, and ``DeniedError`` where the user may not do that.
    """

    def __init__(
        self, options: BrokerOptions, name: str, retention: Mapping[str, Any], window: Window, *, client_name: str
    ) -> None:
        self.name = name
        self._retention = dict(retention)
        self._window = window
        self._limit_s = float(options.answer_timeout_s)
        self._link = BrokerLink(options, name=client_name, on_connect=self._begin, on_disconnect=window.wake)
        self._publisher: BrokerChannel | None = None
        self._tail: BrokerChannel | None = None
        self._following = False
        self._turn = asyncio.Lock()
        self._tasks: set[asyncio.Task[None]] = set()

    # -- for any thread ------------------------------------------------------------
    def open(self) -> None:
        """Connect, and make the stream if it is not there. Raises ``SettingsError`` and ``AuthenticationError`` too."""
        self._link.open()

    def publish(self, messages: Sequence[Unsent], deadline: float) -> None:
        """Send all and wait for the confirmations, up to a moment of ``time.monotonic``."""
        outgoing = [Outgoing("", self.name, one.body, persistent(one.headers)) for one in messages]
        self._link.run(self._publish(outgoing, deadline), timeout_s=_left_s(deadline) + _GIVE_UP_S)

    def follow(self, deadline: float) -> None:
        """See to it that what is published from now on comes into the window."""
        self._link.run(self._follow(deadline), timeout_s=_left_s(deadline) + _GIVE_UP_S)

    def check(self) -> None:
        """Raises ``StoreUnavailableError`` if nothing can come into the window now."""
        self.follow(time.monotonic() + _AGAIN_S)

    def read(self, begin: int, end: int) -> Iterator[Incoming]:
        """The messages from offset ``begin`` to ``end`` (exclusive); that at ``end - 1`` must have been seen.

        Those that the stream keeps no longer are left out.
        """
        arrived: queue.SimpleQueue[Received | None] = queue.SimpleQueue()
        channel = self._link.run(self._reader(begin, arrived), timeout_s=2 * self._limit_s)
        try:
            for number in range(1, end - begin + 1):
                received = _next(arrived, self._limit_s)
                if received is None:
                    raise StoreUnavailableError(f"the connection was lost while '{self.name}' was read.")
                message = _incoming(received)
                if message.offset < end:
                    yield message
                if message.offset + 1 >= end:
                    return
                if number % _ACKNOWLEDGE_EVERY == 0:
                    self._link.post(channel.acknowledge_through, received.tag)
        finally:
            with contextlib.suppress(WorkloadError):
                self._link.run(channel.close(), timeout_s=self._limit_s + _GIVE_UP_S)

    def close(self) -> None:
        """Close the connection."""
        self._link.close()

    # -- making --------------------------------------------------------------------
    async def _begin(self) -> None:
        """What every new connection begins with."""
        self._publisher = self._tail = None
        await self._declare()
        if self._following:
            await self._attach()

    async def _declare(self) -> None:
        deadline = time.monotonic() + self._limit_s
        while True:
            try:
                return await self._declare_once()
            except NotFoundError as error:
                # Source: RabbitMQ 3.10, seen: "home node ... is down" in the first second after the broker has
                # started; and for good if it was killed within a second after it had made the stream.
                if _left_s(deadline) <= _AGAIN_S:
                    raise StoreUnavailableError(
                        f"the event stream '{self.name}' is down: {error}",
                        remedy=f"If that stays so, 'rabbitmqctl delete_queue {self.name}' lets it be made anew, empty.",
                    ) from None
                await asyncio.sleep(_AGAIN_S)

    async def _declare_once(self) -> None:
        channel = await self._link.channel(wait_s=0)
        try:
            await channel.declare_queue(self.name, arguments={"x-queue-type": "stream", **self._retention})
        except ConflictError as error:
            if not await self._is_stream():
                raise SettingsError(
                    f"'{self.name}' is a queue and not a stream: {error}", key="stream", remedy="Name another one."
                ) from None
            _log.warning(
                "the event stream '%s' keeps the retention with which it was made; change it by a policy of RabbitMQ "
                "(max-age, max-length-bytes) or set the options max_age_h and max_size_mib back",
                self.name,
            )
        else:
            await channel.close()

    async def _is_stream(self) -> bool:
        """Whether what has the stream's name is one: the broker names the first argument that differs."""
        channel = await self._link.channel(wait_s=0)
        try:
            await channel.declare_queue(self.name, arguments={"x-queue-type": "stream"})
        except ConflictError as error:
            return "'x-queue-type'" not in error.message
        await channel.close()
        return True

    # -- writing -------------------------------------------------------------------
    async def _publish(self, outgoing: Sequence[Outgoing], deadline: float) -> None:
        while True:
            try:
                # The broker's answer is awaited by the channel, which knows why none comes.
                await self._link.wait_connected(_left_s(deadline))
                if not await (await self._publishing_channel()).publish(outgoing):
                    return
                _log.warning("the event stream '%s' has been deleted; it is made anew", self.name)
                await self._declare()
            except StoreUnavailableError:
                if _left_s(deadline) <= _AGAIN_S:
                    raise
                await asyncio.sleep(_AGAIN_S)

    async def _publishing_channel(self) -> BrokerChannel:
        async with self._turn:
            if self._publisher is None or not self._publisher.is_open:
                self._publisher = await self._link.channel(confirm=True, wait_s=0)
            return self._publisher

    # -- following -----------------------------------------------------------------
    async def _follow(self, deadline: float) -> None:
        self._following = True
        while self._tail is None or not self._tail.is_open:
            await self._link.wait_connected(_left_s(deadline))
            try:
                async with self._turn:
                    if self._tail is None or not self._tail.is_open:
                        await self._attach()
            except StoreUnavailableError:
                if _left_s(deadline) <= _AGAIN_S:
                    raise
                await asyncio.sleep(_AGAIN_S)

    async def _attach(self) -> None:
        """Consume from where the window ends; in the first place from the last chunk of messages."""
        if self._window.end is None:
            place: int | str = "last"
        elif await self._is_known():
            place = self._window.end
        else:
            _log.warning("the event stream '%s' was deleted and made anew; sequences begin again", self.name)
            self._window.reset()
            place = "first"
        channel = await self._consuming(place, self._arrived)
        # Answered after the consumer has got its place in the stream, which the answer to ``consume`` does not wait
        # for. Source: RabbitMQ, rabbit_stream_queue.erl, ``consume``: the reply is sent before the stream begins.
        await channel.set_prefetch(_PREFETCH)
        if not channel.is_open:
            raise StoreUnavailableError(f"the event stream '{self.name}' ended while it was opened.")
        channel.on_lost = self._tail_lost
        self._tail = channel
        self._window.wake()

    def _arrived(self, channel: BrokerChannel, received: Received) -> None:
        self._window.add(_incoming(received))
        if received.tag % _ACKNOWLEDGE_EVERY == 0:
            channel.acknowledge_through(received.tag)

    def _tail_lost(self) -> None:
        """The channel has ended and the connection may still be there: begin again."""
        self._tail = None
        self._window.wake()
        task = asyncio.get_running_loop().create_task(self._follow_again())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _follow_again(self) -> None:
        # A lost connection shows itself by its channels first; what then follows is the business of ``_begin``.
        await asyncio.sleep(_AGAIN_S)
        while self._link.connected and self._tail is None:
            try:
                await self._declare()
                await self._follow(time.monotonic())
            except WorkloadError as error:
                _log.warning("the event stream '%s' cannot be followed now: %s", self.name, error)
                await asyncio.sleep(1.0)

    async def _is_known(self) -> bool:
        """Whether this is the stream that the window has seen, and not one made anew: then other messages are in it."""
        last = self._window.last
        if last is None:
            return True
        # The other look is for a stream that is shorter than what was seen of it.
        found = await self._peek(last.offset) or await self._peek("last")
        if found is None:
            return False
        seen = self._window.at(found.offset)
        return found.offset >= last.offset if seen is None else found.message_id == seen.message_id

    async def _peek(self, place: int | str) -> Incoming | None:
        """The first message from there on; None if there is none."""
        first: asyncio.Future[Received] = asyncio.get_running_loop().create_future()

        def arrived(_channel: BrokerChannel, received: Received) -> None:
            if not first.done():
                first.set_result(received)

        channel = await self._consuming(place, arrived)
        try:
            async with asyncio.timeout(_PEEK_S):
                return _incoming(await first)
        except TimeoutError:
            return None
        finally:
            await channel.close()

    # -- consuming -----------------------------------------------------------------
    async def _reader(self, begin: int, arrived: queue.SimpleQueue[Received | None]) -> BrokerChannel:
        await self._link.wait_connected(self._limit_s)
        channel = await self._consuming(begin, lambda _channel, received: arrived.put(received))
        channel.on_lost = lambda: arrived.put(None)
        if not channel.is_open:
            arrived.put(None)
        return channel

    async def _consuming(self, place: int | str, arrived: Callable[[BrokerChannel, Received], None]) -> BrokerChannel:
        channel = await self._link.channel(prefetch=_PREFETCH, wait_s=0)
        try:
            await channel.consume(
                self.name,
                lambda received: arrived(channel, received),
                on_cancelled=channel.abandon,
                arguments={OFFSET: place},
            )
        except (NotFoundError, ConflictError) as error:
            # Among others: the node to which we are connected has no replica that runs.
            raise StoreUnavailableError(f"the event stream '{self.name}' cannot be read now: {error}") from None
        return channel


def _left_s(deadline: float) -> float:
    return max(0.0, deadline - time.monotonic())


def _next(arrived: queue.SimpleQueue[Received | None], limit_s: float) -> Received | None:
    try:
        return arrived.get(timeout=limit_s)
    except queue.Empty:
        raise StoreUnavailableError(f"the broker has delivered no event for {limit_s:g} s.") from None


def _incoming(received: Received) -> Incoming:
    headers = received.properties.headers or {}
    return Incoming(int(headers[OFFSET]), received.body, headers, received.properties.message_id or "")
