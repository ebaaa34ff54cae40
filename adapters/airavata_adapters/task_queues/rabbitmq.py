"""The task queue on RabbitMQ (3.10 or newer): see ``rabbitmq_names`` and ``rabbitmq_consuming`` for how.

Two connections: a broker that is short of memory or disk stops reading from
those that publish, and acknowledgements, which would relieve it, must not
wait behind a message.

What is promised of a message that was published: it is on the disks of the
majority of a quorum queue's members, and it leaves its queue only when it is
acknowledged or has been confirmed in another queue. The broker counts how
often a message was delivered to somebody who then died or lost the
connection, and sets it aside after ``delivery_limit`` times; what is handed
back is published anew instead, at the end of its queue, so that waiting for
another backing system never counts.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
import time
from collections.abc import Collection, Coroutine, Mapping, Sequence
from typing import Any, TypeVar

from airavata_adapters.rabbitmq.channel import Outgoing
from airavata_adapters.rabbitmq.link import BrokerLink
from airavata_adapters.rabbitmq.options import CONNECTION_DEFAULTS, BrokerOptions
from airavata_adapters.task_queues import rabbitmq_messages as codec
from airavata_adapters.task_queues.rabbitmq_consuming import Consumer
from airavata_adapters.task_queues.rabbitmq_names import DEFAULT_PREFIX, QueueNames, level_of
from airavata_adapters.task_queues.rabbitmq_publishing import Addressed, Publisher
from airavata_adapters.task_queues.rabbitmq_source import Held
from airavata_adapters.task_queues.rabbitmq_topology import Topology
from airavata_workload.domain.errors import SettingsError, StoreUnavailableError, WorkloadError
from airavata_workload.ports.backing import SESSION_PARTITION, BackingContext
from airavata_workload.ports.task_queue import Delivery, Message, TaskQueue

DEFAULT_DELIVERY_LIMIT = 20
SESSION_EXPIRY_S = 7 * 24 * 3600
"""A session's own queues vanish when nobody has consumed from them for this long: longer than any task runs alone."""
_Result = TypeVar("_Result")
_log = logging.getLogger(__name__)


class RabbitTaskQueue(TaskQueue):
    """Queues of one partition. Every method may raise what ``BrokerChannel`` and ``BrokerLink`` raise."""

    def __init__(
        self, options: BrokerOptions, names: QueueNames, *, session: str, delivery_limit: int, owns_partition: bool
    ) -> None:
        self._names = names
        self._owns_partition = owns_partition
        self._closing = threading.Lock()
        self._closed = False
        self._out = BrokerLink(options, name=f"{session} publishing")
        self._in = BrokerLink(options, name=f"{session} consuming")
        expiry_s = SESSION_EXPIRY_S if names.partition.startswith(SESSION_PARTITION) else None
        self._publisher = Publisher(self._out, self._declare_anew)
        self._topology = Topology(
            self._in, names, publish=self._announce, delivery_limit=delivery_limit, expiry_s=expiry_s
        )
        self._consumer = Consumer(
            self._in, names, ensure=self._topology.ensure, knows=self._topology.knows, forget=self._topology.forget
        )
        self._out.open()
        try:
            self._in.open()
        except BaseException:
            self._out.close()
            raise

    def publish(self, messages: Sequence[Message], *, durable: bool = True) -> None:
        """As ``TaskQueue.publish``; the broker confirms what is on its disks, and nothing less."""
        addressed = [
            Addressed(
                message.queue,
                codec.outgoing(self._names.of(message.queue, level_of(message.priority)), message.body),
            )
            for message in messages
        ]
        if addressed:
            self._publish(addressed)

    def consume(self, queues: Sequence[str], limit: int, wait_s: float) -> list[Delivery]:
        """As ``TaskQueue.consume``. What cannot be decoded is set aside at once."""
        if limit <= 0 or not queues or self._closed:
            return []
        try:
            deliveries = self._on(self._in, self._deliveries(queues, limit, wait_s), wait_s)
        except StoreUnavailableError:
            if not self._closed:
                raise
            deliveries = []
        # What was taken while another thread closed has gone back to the broker.
        return [] if self._closed else deliveries

    async def _deliveries(self, queues: Sequence[str], limit: int, wait_s: float) -> list[Delivery]:
        deadline_s = time.monotonic() + wait_s
        while True:
            taken = await self._consumer.take(queues, limit, max(0.0, deadline_s - time.monotonic()))
            try:
                deliveries = [delivery for held in taken if (delivery := await self._delivery(held)) is not None]
            except BaseException:
                _give_back_all(self._consumer.released([held.tag for held in taken]))
                raise
            if deliveries or not taken:
                return deliveries

    async def _delivery(self, held: Held) -> Delivery | None:
        queue = held.source.queue
        try:
            body = codec.decode(held.received.body)
        except codec.UndecodableError as error:
            _log.error("a message in queue '%s' was set aside: %s", queue, error)
            letter = codec.dead_letter(self._names.dead_letters, queue, str(error), held.received)
            await self._over(self._out, self._publisher.publish([Addressed(queue, letter)]))
            self._consumer.acknowledge([held.tag])
            return None
        return Delivery(queue=queue, body=body, tag=held.tag, redelivered=codec.was_delivered_before(held.received))

    def acknowledge(self, deliveries: Sequence[Delivery]) -> None:
        """As ``TaskQueue.acknowledge``. Does not wait: should it get lost, the message is delivered again."""
        if deliveries:
            self._refuse_if_closed()
            self._in.post(self._consumer.acknowledge, [delivery.tag for delivery in deliveries])

    def hand_back(self, deliveries: Sequence[Delivery]) -> None:
        """As ``TaskQueue.hand_back``: published anew, at the end of the queue.

        If that fails, the broker is told to take them back, which it counts.
        """
        held = self._released(deliveries)
        if not held:
            return
        messages = [Addressed(each.source.queue, codec.handed_back(each.source.name, each.received)) for each in held]
        try:
            self._publish(messages)
        except WorkloadError as error:
            _log.warning("messages are returned to the broker instead of published anew: %s", error)
            self._in.post(_give_back_all, held)
        else:
            self._in.post(_acknowledge_all, held)

    def dead_letter(self, delivery: Delivery, reason: str) -> None:
        """As ``TaskQueue.dead_letter``."""
        for held in self._released([delivery]):
            letter = codec.dead_letter(self._names.dead_letters, held.source.queue, reason, held.received)
            try:
                self._publish([Addressed(held.source.queue, letter)])
            except BaseException:
                self._in.post(self._consumer.hold, [held])
                raise
            self._in.post(held.acknowledge)

    def depths(self) -> dict[str, int]:
        """As ``TaskQueue.depths``. A queue that another process made may show up two seconds late."""
        return self._on(self._in, self._depths())

    async def _depths(self) -> dict[str, int]:
        return await self._consumer.depths(sorted(await self._topology.queues()))

    def dead_letters(self) -> list[tuple[str, Mapping[str, Any], str]]:
        """As ``TaskQueue.dead_letters``."""
        letters = self._on(self._in, self._topology.dead_letters())
        sources = self._topology.sources()
        return [codec.letter_of(letter, sources) for letter in letters]

    def wake(self) -> None:
        """As ``TaskQueue.wake``, for what waits on this object."""
        self._in.post(self._consumer.wake)

    def close(self) -> None:
        """As ``TaskQueue.close``; removes the queues of a partition that belongs to this session."""
        with self._closing:
            if self._closed:
                return
            self._closed = True
        with contextlib.suppress(WorkloadError):  # without a connection the broker has everything back already
            self._in.run(self._consumer.close())
        if self._owns_partition:
            try:
                self._in.run(self._topology.delete())
            except WorkloadError as error:
                _log.warning("the queues of partition '%s' are left to expire: %s", self._names.partition, error)
        self._in.close()
        self._out.close()

    def delete_partition(self) -> None:
        """Delete all queues of the partition with everything in them."""
        self._on(self._in, self._topology.delete())

    # -- between threads -------------------------------------------------------------------
    def _publish(self, messages: Sequence[Addressed]) -> None:
        try:
            self._on(self._out, self._publisher.publish(messages))
        finally:
            self._in.post(self._consumer.published, {message.queue for message in messages})

    def _released(self, deliveries: Sequence[Delivery]) -> list[Held]:
        if not deliveries:
            return []
        tags = [delivery.tag for delivery in deliveries]

        async def release() -> list[Held]:
            return self._consumer.released(tags)

        return self._on(self._in, release())

    async def _declare_anew(self, queues: Collection[str]) -> None:
        """On the publishing thread: have the consuming one declare what is not there, whatever it remembers."""
        for queue in queues:
            self._topology.forget(queue)
        await self._over(self._in, self._topology.ensure(queues))

    async def _announce(self, names: Sequence[Outgoing]) -> None:
        """On the consuming thread: have the publishing one put names into the directory."""
        await self._over(self._out, self._publisher.publish_to_declared(names))

    @staticmethod
    async def _over(link: BrokerLink, work: Coroutine[Any, Any, _Result]) -> _Result:
        """Await on this thread what is done on that of the link."""
        return await asyncio.wrap_future(link.submit(work))

    def _on(self, link: BrokerLink, work: Coroutine[Any, Any, _Result], extra_s: float = 0.0) -> _Result:
        if self._closed:
            work.close()
            self._refuse_if_closed()
        return link.run(work, timeout_s=extra_s + 3 * link.options.answer_timeout_s)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise StoreUnavailableError("This task queue has been closed.", remedy="Open it again.")


def _acknowledge_all(deliveries: Sequence[Held]) -> None:
    for held in deliveries:
        held.acknowledge()


def _give_back_all(deliveries: Sequence[Held]) -> None:
    for held in deliveries:
        held.give_back()


def open_task_queue(context: BackingContext) -> RabbitTaskQueue:
    """Entry point ``rabbitmq``.

    Options: those of ``BrokerOptions`` with ``urls``; ``prefix`` of all names
    on the broker; ``delivery_limit``, see above. A queue keeps the limit with
    which it was made. Raises ``SettingsError``, ``AuthenticationError``,
    ``DeniedError``, ``StoreUnavailableError``.
    """
    options = context.settled_options(
        **CONNECTION_DEFAULTS, prefix=DEFAULT_PREFIX, delivery_limit=DEFAULT_DELIVERY_LIMIT
    )
    if options["delivery_limit"] < 1:
        raise SettingsError("option 'delivery_limit' must be 1 or more.", key="delivery_limit")
    return RabbitTaskQueue(
        BrokerOptions.of(options),
        QueueNames(options["prefix"], context.partition),
        session=context.session,
        delivery_limit=options["delivery_limit"],
        owns_partition=context.partition == SESSION_PARTITION + context.session,
    )
