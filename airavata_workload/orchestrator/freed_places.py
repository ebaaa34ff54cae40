"""The places that a batch of outcomes gives free, and the tasks to which they go on at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from airavata_workload.domain.following import may_follow
from airavata_workload.domain.message import (
    SCHEDULER_QUEUE,
    OutcomeMessage,
    SlotReleased,
    SlotsReleased,
    TaskMessage,
    Verdict,
    task_queue,
)
from airavata_workload.domain.place_reuse import PlaceReuse
from airavata_workload.ports.task_queue import Message

_Attempt = tuple[str, int]


class FreedPlaces:
    """Made of one batch.

    A task that follows another in its place goes straight to the workers: one
    message, and one process, less between the two. Since it is the same
    experiment on the same resource, every limit counts it as it counted the
    one before; that nobody else waits is what ``PlaceReuse`` says.
    """

    def __init__(self, outcomes: Sequence[OutcomeMessage], now_us: int) -> None:
        self._now_us = now_us
        self._slots = [_slot(each) for each in outcomes]
        self._reusable: dict[_Attempt, tuple[int, PlaceReuse]] = {
            (each.task_id, each.attempt): (number, each.reuse)
            for number, each in enumerate(outcomes)
            if each.reuse is not None and each.verdict is Verdict.COMPLETED and not each.resource_unavailable
        }

    def handed_on(self, task_id: str, attempt: int, follower: TaskMessage) -> Message | None:
        """The message to the workers if the follower has the place of that attempt; ``None`` if it has to ask for one.

        A place goes to one task only.
        """
        number, reuse = self._reusable.get((task_id, attempt), (0, None))
        if reuse is None or not may_follow(follower, self._slots[number].resource, reuse, self._now_us):
            return None
        del self._reusable[task_id, attempt]
        self._slots[number] = replace(self._slots[number], successor=replace(follower, parameters={}))
        task = replace(follower, reuse=reuse.used())
        return Message(queue=task_queue(task.kind), body=task.to_body(), priority=task.priority)

    def message(self) -> Message:
        """Tells the scheduler."""
        released = SlotsReleased(slots=tuple(self._slots))
        return Message(queue=SCHEDULER_QUEUE, body=released.to_body(), priority=100)


def _slot(outcome: OutcomeMessage) -> SlotReleased:
    return SlotReleased(
        task_id=outcome.task_id,
        resource=outcome.resource,
        attempt=outcome.attempt,
        resource_unavailable=outcome.resource_unavailable,
        performed=outcome.verdict is not Verdict.HANDED_BACK,
        reason=outcome.reason,
        action=outcome.action,
    )
