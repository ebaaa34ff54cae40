"""Which queues there are on the broker, and making those that are not. Lives on the thread of one ``BrokerLink``."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from airavata_adapters.rabbitmq.channel import BrokerChannel, Outgoing, Received, persistent
from airavata_adapters.rabbitmq.link import BrokerLink
from airavata_adapters.task_queues.rabbitmq_names import Level, QueueNames
from airavata_workload.domain.errors import ConflictError, NotFoundError, StoreUnavailableError

_NO_LIMIT = 2_000_000_000
"""Deliveries that stand for no limit: -1 is refused before RabbitMQ 4, and leaving it out means 20 from there on."""
_DIRECTORY_AGE_S = 2.0
_RETRY_S = 0.02
_RETURN_WAIT_S = 2.0
_AT_ONCE = 8
_Item = TypeVar("_Item")
_log = logging.getLogger(__name__)


class Topology:
    """Declares what is needed and remembers it.

    Before a queue of the engine is used, its name is put into the directory, a
    queue that everybody only looks into, and its four levels are declared.
    ``expiry_s`` removes queues that nobody has used for that long.

    RabbitMQ 3.10 forgets a quorum queue, and what is in it, that was made less
    than half a second before the last broker that has it is killed (source:
    ra 2.2.0, ``ra_directory``, ``auto_save``; seen). What is left of it has no
    leader, calls that concern it are not answered, and it must be deleted by
    hand. It cannot be told from a queue that only waits for its other members,
    so nothing is done about it here.
    """

    def __init__(
        self,
        link: BrokerLink,
        names: QueueNames,
        *,
        publish: Callable[[Sequence[Outgoing]], Awaitable[None]],
        delivery_limit: int,
        expiry_s: int | None,
    ) -> None:
        """``link`` must not publish, so that a broker that takes no messages can still be consumed from."""
        self._link = link
        self._publish = publish
        self.names = names
        expires = {} if expiry_s is None else {"x-expires": expiry_s * 1000}
        self._own_arguments = {"x-queue-type": "quorum", "x-delivery-limit": _NO_LIMIT, **expires}
        self._arguments = {
            "x-queue-type": "quorum",
            "x-delivery-limit": delivery_limit,
            "x-dead-letter-exchange": "",
            "x-dead-letter-routing-key": names.dead_letters,
            # The broker's own dead letters are confirmed before they leave their queue.
            # Source: RabbitMQ 3.10, "Quorum Queues", at-least-once dead lettering; it demands this overflow.
            "x-dead-letter-strategy": "at-least-once",
            "x-overflow": "reject-publish",
            **expires,
        }
        self._declaring = asyncio.Lock()
        self._looking = asyncio.Lock()
        self._declared: set[str] = set()
        self._directory: set[str] = set()
        self._read_at_s = float("-inf")

    def knows(self, queue: str) -> bool:
        """Whether the queue has been declared; from any thread."""
        return queue in self._declared

    def forget(self, queue: str) -> None:
        """The queue has turned out not to be there any more."""
        self._declared.discard(queue)

    async def ensure(self, queues: Iterable[str]) -> None:
        """Declare those that are not yet. Raises as ``BrokerChannel``."""
        async with self._declaring:
            missing = [queue for queue in dict.fromkeys(queues) if queue not in self._declared]
            if not missing:
                return
            await self._declare(
                [(name, self._own_arguments) for name in (self.names.dead_letters, self.names.directory)]
            )
            # Announced first: a queue that only its maker knew would be neither counted nor deleted.
            await self._announce(missing)
            await self._declare(
                [(self.names.of(queue, level), self._arguments) for queue in missing for level in Level]
            )
            self._declared.update(missing)

    async def _declare(self, wanted: Sequence[tuple[str, Mapping[str, Any]]]) -> None:
        await self._each(wanted, lambda channel, each: channel.declare_queue(each[0], arguments=each[1]))

    async def _each(
        self, items: Sequence[_Item], work: Callable[[BrokerChannel, _Item], Coroutine[Any, Any, object]]
    ) -> None:
        """Do the work for each item, a few at a time: the broker takes milliseconds for a queue."""

        async def on_a_channel(share: Sequence[_Item]) -> None:
            async with self._channel() as channel:
                for item in share:
                    await work(channel, item)

        await asyncio.gather(*(on_a_channel(items[start::_AT_ONCE]) for start in range(min(_AT_ONCE, len(items)))))

    async def _announce(self, queues: Sequence[str]) -> None:
        """Put names into the directory that are not in it. Two at once put a name twice; ``_read`` mends that."""
        if not self._directory.issuperset(queues):
            async with self._channel() as channel:
                await self._read(channel)
        new = [queue for queue in queues if queue not in self._directory]
        if new:
            await self._publish(
                [Outgoing("", self.names.directory, name.encode(), persistent({}, "text/plain")) for name in new]
            )
        self._directory.update(new)

    async def queues(self) -> set[str]:
        """The names of all queues of the partition; those made elsewhere may come two seconds late."""
        if time.monotonic() - self._read_at_s > _DIRECTORY_AGE_S:
            with contextlib.suppress(NotFoundError):  # nothing has been published yet
                async with self._channel() as channel:
                    await self._read(channel)
        return set(self._directory)

    async def _read(self, channel: BrokerChannel) -> None:
        async with self._looked_into(channel, self.names.directory) as entries:
            first = {entry.body: entry for entry in reversed(entries)}
            channel.acknowledge([entry.tag for entry in entries if first[entry.body] is not entry])
            entries[:] = first.values()
        self._directory |= {name.decode("utf-8", "replace") for name in first}
        self._read_at_s = time.monotonic()

    async def dead_letters(self) -> list[Received]:
        """What is in the dead letters, which stay there.

        An exclusive queue keeps others from looking at the same time, because
        who looks holds the letters meanwhile. Raises ``StoreUnavailableError``
        if somebody else looks for longer than an answer may take.
        """
        try:
            async with (
                self._looking_alone(),
                self._channel() as channel,
                self._looked_into(channel, self.names.dead_letters) as letters,
            ):
                return letters
        except NotFoundError:
            return []

    @asynccontextmanager
    async def _looked_into(self, channel: BrokerChannel, queue: str) -> AsyncIterator[list[Received]]:
        """All messages of the queue. What is in the list at the end is given back, and then seen by others."""
        found: list[Received] = []
        while (received := await channel.get(queue)) is not None:
            found.append(received)
        yield found
        channel.give_back(sorted(received.tag for received in found))
        deadline_s = time.monotonic() + _RETURN_WAIT_S
        while found and await channel.count(queue) < len(found) and time.monotonic() < deadline_s:
            await asyncio.sleep(_RETRY_S)

    @asynccontextmanager
    async def _looking_alone(self) -> AsyncIterator[None]:
        """Alone in this process by a lock, alone in the world by a queue that only one connection can have."""
        name = f"{self.names.dead_letters}/looking"
        deadline_s = time.monotonic() + self._link.options.answer_timeout_s
        async with self._looking:
            while not await self._declared_exclusively(name):
                if time.monotonic() > deadline_s:
                    raise StoreUnavailableError("The dead letters are being looked at by somebody else all the time.")
                await asyncio.sleep(_RETRY_S)
            try:
                yield
            finally:
                async with self._channel() as channel:
                    await channel.delete_queue(name)

    async def _declared_exclusively(self, name: str) -> bool:
        async with self._channel() as channel:
            try:
                await channel.declare_queue(name, durable=False, exclusive=True)
            except ConflictError:
                return False
            return True

    async def delete(self) -> None:
        """Delete all queues of the partition with what is in them."""
        self._read_at_s = float("-inf")
        everything = [self.names.of(queue, level) for queue in await self.queues() for level in Level]
        everything += [self.names.dead_letters, self.names.directory]
        await self._each(everything, lambda channel, name: channel.delete_queue(name))
        self._declared.clear()
        self._directory.clear()

    def sources(self) -> Mapping[str, str]:
        """The engine's queue of each of the broker's."""
        return {self.names.of(queue, level): queue for queue in self._directory for level in Level}

    @asynccontextmanager
    async def _channel(self) -> AsyncIterator[BrokerChannel]:
        channel = await self._link.channel()
        try:
            yield channel
        finally:
            await channel.close()
