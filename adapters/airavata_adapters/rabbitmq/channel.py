"""A channel whose calls are awaited. Used on the thread of its ``BrokerLink`` only."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import pika
from pika import exceptions, spec

from airavata_adapters.rabbitmq.confirms import Batch, Confirms, RefusedError
from airavata_adapters.rabbitmq.failures import channel_error, reason_of
from airavata_adapters.rabbitmq.pika_classes import PikaConnection
from airavata_workload.domain.errors import StoreUnavailableError

_numbers = itertools.count(1)


class Received(NamedTuple):
    """A message that came, by push or by ``get``. ``tag`` is valid on the channel with the number ``channel`` only."""

    channel: int
    tag: int
    redelivered: bool
    properties: Any
    body: bytes
    exchange: str
    routing_key: str
    left: int | None = None
    """How many messages waited behind it, if it was asked for."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to publish. Its properties get a ``message_id`` of the channel."""

    exchange: str
    routing_key: str
    body: bytes
    properties: Any


class BrokerChannel:
    """One AMQP channel.

    Its awaited calls raise ``StoreUnavailableError`` when the broker does not
    answer in time or the channel or connection is lost, ``NotFoundError`` for
    a queue or exchange that is not there, ``ConflictError`` for one that is
    there with other settings or is locked, ``DeniedError``. A call that timed
    out or was abandoned closes the channel, because its answer may still come.
    The broker gives back whatever was not acknowledged on a closed channel.
    """

    def __init__(self, connection: PikaConnection, broker_name: str, answer_timeout_s: float) -> None:
        self.number = next(_numbers)
        """Unique in this process: a channel of a later connection never has the same."""
        self.on_lost: Callable[[], None] | None = None
        """Called once when the channel ends in any way but ``close``."""
        self._connection = connection
        self._broker_name = broker_name
        self._timeout_s = answer_timeout_s
        self._turn = asyncio.Lock()
        self._answer: asyncio.Future[Any] | None = None
        self._end: BaseException | None = None
        self._confirms = Confirms()
        self._consumer_prefix = secrets.token_hex(8)
        self._cancel_listeners: dict[str, Callable[[], None]] = {}
        self._channel: Any = None

    @classmethod
    async def open(
        cls,
        connection: PikaConnection,
        broker_name: str,
        *,
        answer_timeout_s: float,
        confirm: bool = False,
        prefetch: int = 0,
    ) -> Self:
        """A new channel; with ``confirm`` for ``publish``, with at most ``prefetch`` pushed and unacknowledged."""
        channel = cls(connection, broker_name, answer_timeout_s)
        await channel._ask("open a channel", channel._begin)
        if confirm:
            await channel._ask(
                "confirm messages", lambda done: channel._channel.confirm_delivery(channel._on_confirm, done)
            )
            channel._channel.add_on_return_callback(channel._on_return)
        if prefetch:
            await channel.set_prefetch(prefetch)
        return channel

    def _begin(self, done: Callable[[Any], None]) -> None:
        self._channel = self._connection.channel(on_open_callback=done)
        self._channel.add_on_close_callback(self._on_closed)
        self._channel.add_on_cancel_callback(lambda frame: self._on_cancelled(frame.method.consumer_tag))
        self._channel.add_callback(lambda _frame: self._answered(None), [spec.Basic.GetEmpty], one_shot=False)

    @property
    def is_open(self) -> bool:
        """Whether the channel can be used."""
        return self._end is None and self._channel is not None and bool(self._channel.is_open)

    # -- asking ---------------------------------------------------------------------
    async def declare_queue(
        self,
        name: str,
        *,
        durable: bool = True,
        exclusive: bool = False,
        auto_delete: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> tuple[str, int]:
        """Make the queue if it is not there; its name (the broker's choice for '') and how many messages wait in it."""
        options = {"durable": durable, "exclusive": exclusive, "auto_delete": auto_delete}
        frame = await self._ask(
            f"declare the queue '{name}'",
            lambda done: self._channel.queue_declare(name, arguments=dict(arguments or {}), callback=done, **options),
        )
        return frame.method.queue, frame.method.message_count

    async def count(self, queue: str) -> int:
        """How many messages wait in the queue."""
        frame = await self._ask(
            f"find the queue '{queue}'", lambda done: self._channel.queue_declare(queue, passive=True, callback=done)
        )
        return int(frame.method.message_count)

    async def delete_queue(self, name: str) -> None:
        """Delete the queue and what is in it; not an error if it is not there."""
        await self._ask(f"delete the queue '{name}'", lambda done: self._channel.queue_delete(name, callback=done))

    async def declare_exchange(self, name: str, kind: str, *, durable: bool = True) -> None:
        """Make the exchange if it is not there; ``kind`` is "topic", "fanout", "direct" or "headers"."""
        await self._ask(
            f"declare the exchange '{name}'",
            lambda done: self._channel.exchange_declare(name, kind, durable=durable, callback=done),
        )

    async def bind(self, queue: str, exchange: str, routing_key: str) -> None:
        """Let the queue have what the exchange gets for this routing key."""
        await self._ask(
            f"bind the queue '{queue}' to the exchange '{exchange}'",
            lambda done: self._channel.queue_bind(queue, exchange, routing_key, callback=done),
        )

    async def set_prefetch(self, count: int) -> None:
        """How many messages may be pushed to, and not acknowledged by, each consumer that begins after this."""
        await self._ask("set the prefetch", lambda done: self._channel.basic_qos(prefetch_count=count, callback=done))

    async def consume(
        self,
        queue: str,
        on_message: Callable[[Received], None],
        *,
        on_cancelled: Callable[[], None] | None = None,
        no_acknowledgement: bool = False,
        exclusive: bool = False,
        arguments: Mapping[str, Any] | None = None,
    ) -> str:
        """Have the queue's messages pushed; the consumer's tag. ``on_message`` must be quick and not raise.

        ``on_cancelled`` is called if the broker ends the consumer, because the queue is gone.
        """
        tag = f"{self._consumer_prefix}.{next(_numbers)}"
        if on_cancelled is not None:
            self._cancel_listeners[tag] = on_cancelled

        def received(_channel: Any, method: Any, properties: Any, body: bytes) -> None:
            on_message(self._received(method, properties, body))

        await self._ask(
            f"consume from the queue '{queue}'",
            lambda done: self._channel.basic_consume(
                queue,
                received,
                auto_ack=no_acknowledgement,
                exclusive=exclusive,
                consumer_tag=tag,
                arguments=dict(arguments or {}),
                callback=done,
            ),
        )
        return tag

    async def cancel(self, consumer_tag: str) -> None:
        """No more messages for this consumer. What crosses the call is given back to the queue."""
        self._cancel_listeners.pop(consumer_tag, None)
        if self.is_open and consumer_tag in self._channel.consumer_tags:
            await self._ask("cancel a consumer", lambda done: self._channel.basic_cancel(consumer_tag, callback=done))

    def _on_cancelled(self, consumer_tag: str) -> None:
        listener = self._cancel_listeners.pop(consumer_tag, None)
        if listener is not None:
            listener()

    async def get(self, queue: str) -> Received | None:
        """The queue's first message, or nothing."""

        def ask(done: Callable[[Any], None]) -> None:
            self._channel.basic_get(
                queue, lambda _channel, method, properties, body: done(self._received(method, properties, body))
            )

        received: Received | None = await self._ask(f"get from the queue '{queue}'", ask)
        return received

    def _received(self, method: Any, properties: Any, body: bytes) -> Received:
        return Received(
            self.number,
            method.delivery_tag,
            method.redelivered,
            properties,
            body,
            method.exchange,
            method.routing_key,
            getattr(method, "message_count", None),
        )

    async def _ask(self, what: str, start: Callable[[Callable[[Any], None]], None]) -> Any:
        """One synchronous method at a time, as AMQP wants it; its answer."""
        async with self._turn:
            if self._end is not None:
                raise channel_error(self._broker_name, what, self._end)
            self._answer = asyncio.get_running_loop().create_future()
            try:
                start(self._answered)
                async with asyncio.timeout(self._timeout_s):
                    return await self._answer
            except asyncio.CancelledError:
                self.abandon()
                raise
            except (exceptions.AMQPError, TimeoutError, OSError) as error:
                if isinstance(error, TimeoutError):
                    self.abandon()
                raise channel_error(self._broker_name, what, error) from None
            finally:
                self._answer = None

    def _answered(self, reply: Any) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(reply)

    # -- answering what was delivered -------------------------------------------------
    def acknowledge(self, tags: Sequence[int]) -> None:
        """These are dealt with. On a channel that is lost nothing happens: the broker delivers them again."""
        if self.is_open:
            for tag in tags:
                self._channel.basic_ack(tag)

    def acknowledge_through(self, tag: int) -> None:
        """The message, and all that came before it on the channel, are dealt with; otherwise as ``acknowledge``."""
        if self.is_open:
            self._channel.basic_ack(tag, multiple=True)

    def give_back(self, tags: Sequence[int]) -> None:
        """Put these back to the head of their queue. The broker counts that against the delivery limit."""
        if self.is_open:
            for tag in tags:
                self._channel.basic_nack(tag, requeue=True)

    # -- publishing ---------------------------------------------------------------------
    async def publish(self, messages: Sequence[Outgoing]) -> list[int]:
        """Send all, then wait until the broker has confirmed all; the places of those that fit no queue.

        Needs ``confirm``. Raises ``RefusedError``, or as the class says; then it is not known which were stored.
        """
        what = f"confirm {len(messages)} message(s)"
        if not messages:
            return []
        if self._end is not None:
            raise channel_error(self._broker_name, what, self._end)
        batch = Batch(len(messages))
        try:
            for place, message in enumerate(messages):
                message.properties.message_id = self._confirms.expect(batch, place)
                self._channel.basic_publish(
                    message.exchange, message.routing_key, message.body, message.properties, mandatory=True
                )
            async with asyncio.timeout(self._timeout_s):
                await batch.confirmed
        except asyncio.CancelledError:
            self.abandon()
            raise
        except (exceptions.AMQPError, TimeoutError) as error:
            blocked = self._connection.blocked_because
            self.abandon()
            if blocked:
                raise StoreUnavailableError(
                    f"{self._broker_name} takes no messages now: {blocked}.",
                    remedy="Free memory or disk on the broker; it goes on by itself.",
                ) from None
            raise channel_error(self._broker_name, what, error) from None
        if batch.refused:
            raise RefusedError(self._broker_name, batch)
        return sorted(batch.returned)

    def _on_return(self, _channel: Any, _method: Any, properties: Any, _body: bytes) -> None:
        self._confirms.returned(properties.message_id)

    def _on_confirm(self, frame: Any) -> None:
        stored = isinstance(frame.method, spec.Basic.Ack)
        self._confirms.answered(frame.method.delivery_tag, multiple=frame.method.multiple, stored=stored)

    # -- ending ---------------------------------------------------------------------------
    async def close(self) -> None:
        """Close and wait for the broker's answer, so that everything sent before has been dealt with."""
        self.on_lost = None
        if not self.is_open:
            return
        self._answer = asyncio.get_running_loop().create_future()
        with contextlib.suppress(exceptions.AMQPError, TimeoutError):
            self._channel.close()
            async with asyncio.timeout(self._timeout_s):
                await self._answer

    def abandon(self) -> None:
        """Close without waiting."""
        if self._channel is not None and self._channel.is_open:
            with contextlib.suppress(exceptions.AMQPError):
                self._channel.close()
        self._finish(StoreUnavailableError(f"{self._broker_name}: the channel was given up after a call failed."))

    def _on_closed(self, _channel: Any, reason: BaseException) -> None:
        if self._answer is not None and isinstance(reason, exceptions.ChannelClosedByClient):
            self._answered(None)
        self._finish(reason)

    def _finish(self, reason: BaseException) -> None:
        if self._end is not None:
            return
        self._end = reason
        self._confirms.fail(reason)
        if self._answer is not None and not self._answer.done():
            self._answer.set_exception(reason)
            self._answer.exception()  # seen: whoever waited may have gone
        if self.on_lost is not None:
            lost, self.on_lost = self.on_lost, None
            lost()

    def __repr__(self) -> str:
        state = "open" if self.is_open else f"ended: {reason_of(self._end)}"
        return f"<BrokerChannel {self.number} of {self._broker_name}, {state}>"


def persistent(headers: Mapping[str, Any], content_type: str = "application/json") -> Any:
    """Properties of a message that survives a restart of the broker."""
    return pika.BasicProperties(
        content_type=content_type, delivery_mode=pika.DeliveryMode.Persistent, headers=dict(headers)
    )
