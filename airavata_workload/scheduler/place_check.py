"""Finds places that nobody needs any more: those of tasks whose end the scheduler was not told of.

It is told of the end of every attempt; but a worker may be killed between
the two writes that a refused message takes, and a message may be set aside. A
place that was lost so would be missing for as long as the scheduler lives.
"""

from __future__ import annotations

from collections.abc import Iterable

from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.message import SlotReleased, TaskAction
from airavata_workload.domain.states import TASK_ENDS
from airavata_workload.domain.task import Task
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.scheduler.resource import Place

CHECK_INTERVAL_S = 60.0
"""How long a place is trusted."""
MAX_CHECKED = 64
"""How many places are looked at in one go."""


def needless(graph: GraphStore, places: Iterable[Place], now_us: int) -> list[SlotReleased]:
    """Releases of the places whose task has ended or gone on; the others are noted as looked at.

    Raises ``StoreUnavailableError``.
    """
    released = []
    for place in places:
        place.looked_at_us = now_us
        try:
            task = graph.task(place.task_id)
        except NotFoundError:
            task = None
        if task is None or _over(place, task):
            released.append(
                SlotReleased(
                    task_id=place.task_id,
                    resource=place.resource,
                    attempt=place.attempt,
                    performed=False,
                    action=place.action,
                )
            )
    return released


def _over(place: Place, task: Task) -> bool:
    if task.state in TASK_ENDS or task.attempt > place.attempt:
        return True
    # A task that waits for its job has no attempt running; a cancellation of it may have.
    return task.parked and place.action is TaskAction.EXECUTE
