"""Which published messages the broker has answered for."""

from __future__ import annotations

import asyncio
import itertools
import secrets

from airavata_workload.domain.errors import StoreUnavailableError


class RefusedError(StoreUnavailableError):
    """The broker did not store some messages of a list: ``refused`` and ``returned`` are their places.

    It refuses messages for a quorum queue that has no leader: one that is
    being made by somebody else, or has lost the majority of its members.
    """

    def __init__(self, broker_name: str, batch: Batch) -> None:
        super().__init__(
            f"{broker_name} could not store {len(batch.refused)} message(s).",
            remedy="See its log; a quorum queue needs the majority of its members.",
        )
        self.refused = sorted(batch.refused)
        self.returned = sorted(batch.returned)


class Batch:
    """Messages that one caller waits for; ``confirmed`` is done when all are answered. Made on the loop's thread."""

    def __init__(self, count: int) -> None:
        self.open = count
        self.returned: list[int] = []
        """Places of those that fit no queue."""
        self.refused: list[int] = []
        """Places of those that were not stored."""
        self.confirmed: asyncio.Future[None] = asyncio.get_running_loop().create_future()


class Confirms:
    """The messages of one channel on their way. The broker numbers them from 1 in the order of publishing.

    Source: RabbitMQ, "Consumer Acknowledgements and Publisher Confirms": an
    answer may stand for all numbers up to its own, and what fits no queue is
    returned before it is answered.
    """

    def __init__(self) -> None:
        self._prefix = secrets.token_hex(8)
        self._sent = 0
        self._open: dict[int, tuple[Batch, int]] = {}
        self._returned: set[str] = set()

    def expect(self, batch: Batch, place: int) -> str:
        """The next message that is published has this place in the batch; the ``message_id`` that it must have."""
        self._sent += 1
        self._open[self._sent] = (batch, place)
        return self._id(self._sent)

    def returned(self, message_id: str) -> None:
        """The message fits no queue."""
        self._returned.add(message_id)

    def answered(self, number: int, *, multiple: bool, stored: bool) -> None:
        """The broker has dealt with this message, or with all up to it."""
        numbers = [number]
        if multiple:
            numbers = list(itertools.takewhile(lambda each: each <= number, self._open))
        for each in numbers:
            if each not in self._open:
                continue  # given up meanwhile
            batch, place = self._open.pop(each)
            if self._id(each) in self._returned:
                self._returned.discard(self._id(each))
                batch.returned.append(place)
            elif not stored:
                batch.refused.append(place)
            batch.open -= 1
            if batch.open == 0 and not batch.confirmed.done():
                batch.confirmed.set_result(None)

    def fail(self, reason: BaseException) -> None:
        """No answer comes any more."""
        batches = {id(batch): batch for batch, _ in self._open.values()}
        self._open.clear()
        for batch in batches.values():
            if not batch.confirmed.done():
                batch.confirmed.set_exception(reason)
                batch.confirmed.exception()  # seen: whoever waited may have gone

    def _id(self, number: int) -> str:
        return f"{self._prefix}.{number}"
