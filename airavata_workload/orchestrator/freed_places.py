"""Tells the scheduler of the places that outcomes give free."""

from __future__ import annotations

from collections.abc import Sequence

from airavata_workload.domain.message import SCHEDULER_QUEUE, OutcomeMessage, SlotReleased, SlotsReleased, Verdict
from airavata_workload.ports.task_queue import Message


def freed_places(outcomes: Sequence[OutcomeMessage]) -> Message:
    """The message for a batch of outcomes."""
    slots = tuple(
        SlotReleased(
            task_id=outcome.task_id,
            resource=outcome.resource,
            attempt=outcome.attempt,
            resource_unavailable=outcome.resource_unavailable,
            performed=outcome.verdict is not Verdict.HANDED_BACK,
            reason=outcome.reason,
            action=outcome.action,
        )
        for outcome in outcomes
    )
    return Message(queue=SCHEDULER_QUEUE, body=SlotsReleased(slots=slots).to_body(), priority=100)
