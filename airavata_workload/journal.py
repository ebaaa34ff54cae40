"""Writes state changes to the audit trail and, those that are new, to the event stream."""

from __future__ import annotations

from collections.abc import Sequence

from airavata_workload.domain.change import Event, StateChange, Subject
from airavata_workload.domain.task import Task
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.ports.registry import Registry


class Journal:
    """The one way in which a stage makes a state change known. Writing a change twice writes it once."""

    def __init__(self, registry: Registry, bus: EventBus) -> None:
        self._registry = registry
        self._bus = bus

    def write(self, changes: Sequence[StateChange], *, durable: bool = True) -> None:
        """Audit trail first, then an event for each change that was not there before.

        ``durable`` as in ``Registry.record``.
        """
        self.tell(self.record(changes, durable=durable))

    def record(self, changes: Sequence[StateChange], *, durable: bool = True) -> list[Event]:
        """Write the audit trail alone; the events of what is new are for ``tell``."""
        if not changes:
            return []
        fresh = self._registry.record(changes, durable=durable)
        return [event_of(change) for change, new in zip(changes, fresh, strict=True) if new]

    def tell(self, events: Sequence[Event]) -> None:
        """Publish what ``record`` gave."""
        if events:
            self._bus.publish(events)


def event_of(change: StateChange) -> Event:
    """The event that tells of a state change."""
    return Event(topic="state", experiment_id=change.experiment_id, body=change.to_json(), at_us=change.at_us)


def history_of(task: Task) -> list[StateChange]:
    """The changes of a task, from the history that the graph store keeps: the audit trail can be rebuilt from it.

    Not that it was made: that is told with its experiment's launch, and would be no news later.
    """
    return [
        StateChange(
            subject=Subject.TASK,
            subject_id=task.task_id,
            experiment_id=task.experiment_id,
            state=line.state,
            at_us=line.at_us,
            by=line.by,
            attempt=line.attempt,
            name=task.name,
            reason=line.reason,
            user_message=task.user_message if line is task.history[-1] else "",
        )
        for line in task.history[1:]
    ]
