"""Taking messages: asked for while there are any, pushed while there are none. Lives on the thread of one link.

A worker must not hold messages that it has no slot for, and it must not ask
an empty queue again and again. RabbitMQ offers to push up to a fixed number
of unanswered messages for each queue, or to be asked for a single one. With
eight kinds of four levels, pushing alone hands a worker with one free slot
32 messages, and asking alone costs 32 round trips for none. So:

* As long as messages wait, they are asked for: first how many there are in
  each queue (all at once; the broker answers that without its log), then just
  as many as are wanted, the most urgent first.
* Once nothing waits, the queues are listened to with a small prefetch, and a
  message comes as soon as it is published. A queue whose prefetch is used up
  is asked again.
* What was pushed and not taken within ``LINGER_S``, because the process has
  become busy, is given back, and that queue is not listened to until it is
  found empty again.

The consumer of a single queue, a stage of the engine, takes many messages at
once; from ``MANY`` on they are pushed, with its limit as prefetch.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection, Iterable, Sequence

from airavata_adapters.rabbitmq.channel import BrokerChannel
from airavata_adapters.rabbitmq.link import BrokerLink
from airavata_adapters.task_queues.rabbitmq_names import Level, QueueNames
from airavata_adapters.task_queues.rabbitmq_plan import shares
from airavata_adapters.task_queues.rabbitmq_source import Held, Source, Tag
from airavata_workload.domain.errors import NotFoundError, StoreUnavailableError, WorkloadError

LINGER_S = 0.25
MANY = 8
_LANES = 4
_PROBES = 8
_log = logging.getLogger(__name__)


class _Lane:
    """A channel that is opened when it is needed, and whether somebody does something in several steps on it."""

    def __init__(self, on_lost: Callable[[BrokerChannel], None]) -> None:
        self.turn = asyncio.Lock()
        self._opening = asyncio.Lock()
        self._on_lost = on_lost
        self._channel: BrokerChannel | None = None

    async def channel(self, link: BrokerLink) -> BrokerChannel:
        """The channel. Raises as ``BrokerLink.channel``."""
        async with self._opening:
            if self._channel is None or not self._channel.is_open:
                channel = await link.channel()
                channel.on_lost = lambda: self._on_lost(channel)
                self._channel = channel
            return self._channel

    async def close(self) -> None:
        """Close; the broker has back what was not answered."""
        if self._channel is not None:
            await self._channel.close()


class Waiter:
    """One ``take`` that goes on."""

    def __init__(self, queues: Collection[str]) -> None:
        self.queues = queues
        self.news = asyncio.Event()
        self.woken = False


class Consumer:
    """All that this process has taken, or may take, of one partition."""

    def __init__(
        self,
        link: BrokerLink,
        names: QueueNames,
        *,
        ensure: Callable[[Collection[str]], Awaitable[None]],
        knows: Callable[[str], bool],
        forget: Callable[[str], None],
    ) -> None:
        """``ensure`` declares queues, ``knows`` which are declared, ``forget`` is told of one that is gone."""
        self._link = link
        self._names = names
        self._ensure = ensure
        self._knows = knows
        self._forget = forget
        self._sources: dict[tuple[str, Level], Source] = {}
        self._held: dict[Tag, Held] = {}
        self._waiters: set[Waiter] = set()
        self._turns = 0
        # Pushed and pulled messages are held on channels on which nothing can fail but what concerns them all.
        self._push_lanes = [_Lane(self._lost) for _ in range(_LANES)]
        self._pull_lanes = [_Lane(self._lost) for _ in range(_LANES)]
        self._probe_lanes = [_Lane(lambda _channel: None) for _ in range(_PROBES)]
        self._aging: asyncio.TimerHandle | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    # -- taking -----------------------------------------------------------------------
    async def take(self, queues: Sequence[str], limit: int, wait_s: float) -> list[Held]:
        """Up to ``limit`` messages, as ``TaskQueue.consume``. Raises as ``BrokerChannel``."""
        deadline_s = time.monotonic() + wait_s
        waiter = Waiter(frozenset(queues))
        self._waiters.add(waiter)
        try:
            while True:
                waiter.news.clear()
                await self._link.wait_connected(deadline_s - time.monotonic())
                try:
                    found = await self._take_or_listen(queues, limit, waiter, deadline_s)
                except StoreUnavailableError:
                    if self._link.connected or waiter.woken:
                        raise
                    continue  # the connection was lost: there may be time for the next
                if found or waiter.woken or time.monotonic() >= deadline_s:
                    return found
        finally:
            self._waiters.discard(waiter)

    async def _take_or_listen(self, queues: Sequence[str], limit: int, waiter: Waiter, deadline_s: float) -> list[Held]:
        """What is there; if nothing is, listen and wait for news, whatever they are."""
        await self._ensure_all(queues)
        sources = self._in_order(queues)
        at_once = time.monotonic() >= deadline_s
        found = [] if at_once else await self._take_now(sources, limit, lambda source: source.estimate())
        if not found:
            # Before anything is pushed, or nobody waits for it, the broker itself must have said that nothing is there.
            found = await self._take_now(sources, limit, lambda _source: None, also_listening=at_once)
        if found or waiter.woken or time.monotonic() >= deadline_s:
            return found
        await self._ensure_all(queues)  # one may have turned out to be gone
        await self._listen_to_all(sources, max(1, limit // len(set(queues))))
        if not any(source.buffer for source in sources):
            await self._news(waiter, deadline_s)
        return []

    async def _ensure_all(self, queues: Sequence[str]) -> None:
        if not all(map(self._knows, queues)):
            await self._ensure(queues)

    @staticmethod
    async def _news(waiter: Waiter, deadline_s: float) -> None:
        try:
            async with asyncio.timeout(max(0.0, deadline_s - time.monotonic())):
                await waiter.news.wait()
        except TimeoutError:
            return

    def _in_order(self, queues: Sequence[str]) -> list[Source]:
        """The levels of the queues, urgent ones first, each time beginning with another queue."""
        names = list(dict.fromkeys(queues))
        self._turns += 1
        start = self._turns % len(names)
        rotated = names[start:] + names[:start]
        return [self._source(queue, level) for level in Level for queue in rotated]

    def _source(self, queue: str, level: Level) -> Source:
        key = (queue, level)
        if key not in self._sources:
            self._sources[key] = Source(queue, level, self._names.of(queue, level), self._on_message)
        return self._sources[key]

    async def _take_now(
        self,
        sources: Sequence[Source],
        limit: int,
        estimate: Callable[[Source], int | None],
        *,
        also_listening: bool = False,
    ) -> list[Held]:
        """The most urgent of what waits here and on the broker; of that as much as ``estimate`` says, or the broker."""
        counts = await self._counts(sources, limit, estimate, also_listening)
        plan = shares(
            sources, lambda source: len(source.buffer) + counts.get(source, 0), lambda source: source.level, limit
        )
        # Buffers first and without a pause, so that nobody else takes from them in between.
        taken = {source: self._from_buffer(source, count) for source, count in plan}
        pulls = [
            asyncio.ensure_future(self._pull(source, count - len(taken[source])))
            for source, count in plan
            if count > len(taken[source])
        ]
        try:
            await asyncio.gather(*pulls, return_exceptions=True)
        except BaseException:  # given up
            self._give_back(held for part in taken.values() for held in part)
            for pull in pulls:
                pull.add_done_callback(self._give_back_pulled)
            raise
        failures = [error for pull in pulls if (error := pull.exception()) is not None]
        for pull in pulls:
            if pull.exception() is None:
                for held in pull.result():
                    taken[held.source].append(held)
        # What came on a channel that has ended meanwhile is delivered again.
        found = [held for source, _ in plan for held in taken[source] if held.channel.is_open]
        if failures and not found:
            raise failures[0]
        self._held.update((held.tag, held) for held in found)
        return found

    def _give_back_pulled(self, pull: asyncio.Future[list[Held]]) -> None:
        if not pull.cancelled() and pull.exception() is None:
            self._give_back(pull.result())

    async def _counts(
        self,
        sources: Sequence[Source],
        limit: int,
        estimate: Callable[[Source], int | None],
        also_listening: bool,
    ) -> dict[Source, int]:
        """How many messages wait on the broker, for the sources whose turn may come."""
        counts: dict[Source, int] = {}
        unknown = []
        for source in sources:
            if limit <= 0:
                break
            limit -= len(source.buffer)
            if source.listens and not also_listening:
                continue
            count = estimate(source)
            if count is None:
                unknown.append(source)
            else:
                counts[source] = count
                limit -= count
        numbers = await asyncio.gather(*(self._count(place, source) for place, source in enumerate(unknown)))
        return counts | dict(zip(unknown, numbers, strict=True))

    async def _count(self, place: int, source: Source) -> int:
        channel = await self._probe_lanes[place % _PROBES].channel(self._link)
        try:
            source.estimated(await channel.count(source.name))
        except NotFoundError:
            self._forget(source.queue)
            source.estimated(0)
        return source.estimate() or 0

    @staticmethod
    def _from_buffer(source: Source, count: int) -> list[Held]:
        return [source.buffer.popleft() for _ in range(min(count, len(source.buffer)))]

    async def _pull(self, source: Source, count: int) -> list[Held]:
        """Up to ``count`` messages that wait on the broker."""
        lane = hash(source.name) % _LANES
        if source.listens:
            count = min(count, MANY - 1)  # the rest is on its way
        if count >= MANY:
            await self._listen(source, count)
            # The answer to one more question comes after everything that was there to be pushed.
            await (await self._push_lanes[lane].channel(self._link)).set_prefetch(count)
            return self._from_buffer(source, count)
        pulled: list[Held] = []
        channel = await self._pull_lanes[lane].channel(self._link)
        try:
            while len(pulled) < count:
                received = await channel.get(source.name)
                if received is None:
                    source.estimated(0)
                    break
                pulled.append(source.pulled(channel, received))
        except BaseException as error:
            self._give_back(pulled)
            if isinstance(error, NotFoundError):
                self._forget(source.queue)
            raise
        return pulled

    # -- listening --------------------------------------------------------------------
    async def _listen_to_all(self, sources: Sequence[Source], prefetch: int) -> None:
        await asyncio.gather(*(self._listen(source, prefetch) for source in sources if not source.listens))

    async def _listen(self, source: Source, prefetch: int) -> None:
        lane = self._push_lanes[hash(source.name) % _LANES]
        async with lane.turn:
            if not source.listens:
                await source.listen(await lane.channel(self._link), prefetch)

    def _on_message(self, source: Source) -> None:
        for waiter in self._waiters:
            if source.queue in waiter.queues:
                waiter.news.set()
        if self._aging is None and source.buffer:
            self._aging = asyncio.get_running_loop().call_later(LINGER_S, self._age)

    def _age(self) -> None:
        """Give back what nobody has taken; look again while there is something."""
        self._aging = None
        limit_s = time.monotonic() - LINGER_S
        waiting = [source for source in self._sources.values() if source.buffer]
        old = [source for source in waiting if source.buffer[0].since_s <= limit_s]
        if old:
            task = asyncio.get_running_loop().create_task(self._refuse(old))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        if len(old) < len(waiting):
            self._aging = asyncio.get_running_loop().call_later(LINGER_S / 4, self._age)

    async def _refuse(self, sources: Sequence[Source]) -> None:
        """No longer listen to these, and give back what they have."""
        for source in sources:
            try:
                async with self._push_lanes[hash(source.name) % _LANES].turn:
                    await source.be_deaf()
            except WorkloadError as error:
                _log.debug("could not cancel a consumer, so its channel has ended: %s", error)
            source.give_back()

    # -- answering ----------------------------------------------------------------------
    def acknowledge(self, tags: Iterable[Tag]) -> None:
        """These are dealt with."""
        for held in self.released(tags):
            held.acknowledge()

    def released(self, tags: Iterable[Tag]) -> list[Held]:
        """Those of the deliveries that are still held here; the caller answers them now."""
        return [self._held.pop(tag) for tag in dict.fromkeys(tags) if tag in self._held]

    def hold(self, deliveries: Iterable[Held]) -> None:
        """The caller could not answer these after all."""
        self._held.update((held.tag, held) for held in deliveries if held.channel.is_open)

    @staticmethod
    def _give_back(deliveries: Iterable[Held]) -> None:
        for held in deliveries:
            held.give_back()

    def published(self, queues: Collection[str]) -> None:
        """Something was put into these queues by this process."""
        for source in self._sources.values():
            if source.queue in queues:
                source.unsure()

    async def depths(self, queues: Collection[str]) -> dict[str, int]:
        """How many messages of each queue wait on the broker or are here and not taken."""
        sources = [self._source(queue, level) for queue in queues for level in Level]
        counts = await asyncio.gather(*(self._count(place, source) for place, source in enumerate(sources)))
        depths = dict.fromkeys(queues, 0)
        for source, count in zip(sources, counts, strict=True):
            depths[source.queue] += count + len(source.buffer)
        return {queue: depth for queue, depth in depths.items() if depth}

    # -- ending ---------------------------------------------------------------------------
    def wake(self) -> None:
        """End every ``take``."""
        for waiter in self._waiters:
            waiter.woken = True
            waiter.news.set()

    def _lost(self, channel: BrokerChannel) -> None:
        """What was received on the channel comes again, to whomever."""
        for source in self._sources.values():
            source.lost(channel)
        self._held = {tag: held for tag, held in self._held.items() if held.channel is not channel}
        for waiter in self._waiters:
            waiter.news.set()

    async def close(self) -> None:
        """Give back everything."""
        self.wake()
        if self._aging is not None:
            self._aging.cancel()
        await asyncio.gather(
            *(lane.close() for lane in (*self._push_lanes, *self._pull_lanes, *self._probe_lanes)),
            return_exceptions=True,
        )
