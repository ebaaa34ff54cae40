"""Writes state changes, and moves the present states that they change; within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select, update

from airavata_adapters.registries.rows import ChangeKey, change_key, change_row
from airavata_adapters.registries.tables import experiments, state_changes
from airavata_adapters.sqlite.prepared import storable
from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.states import ExperimentState, ProcessState, may_follow

_KEYS = select(
    state_changes.c.at_us,
    state_changes.c.subject_id,
    state_changes.c.subject,
    state_changes.c.state,
    state_changes.c.attempt,
).where(state_changes.c.at_us.in_(bindparam("instants", expanding=True)))
_INSERT_CHANGES = insert(state_changes)
_PRESENT_STATES = (
    select(
        experiments.c.experiment_id,
        experiments.c.state,
        experiments.c.process_id,
        experiments.c.process_state,
        experiments.c.updated_at_us,
        experiments.c.reason,
        experiments.c.user_message,
    )
    .where(experiments.c.experiment_id.in_(bindparam("experiment_ids", expanding=True)))
    # A database server lets others change the rows between this and the update; SQLite has one writer anyway.
    .with_for_update()
)
_SET_PRESENT_STATE = (
    update(experiments)
    .where(experiments.c.experiment_id == bindparam("of_experiment"))
    .values(
        state=bindparam("new_state"),
        process_state=bindparam("new_process_state"),
        updated_at_us=bindparam("new_updated_at_us"),
        reason=bindparam("new_reason"),
        user_message=bindparam("new_user_message"),
    )
)
IN_CHUNK = 500
"""How many values one IN list gets."""


@dataclass(slots=True)
class _Present:
    """The present state of an experiment and of its process."""

    state: ExperimentState
    process_id: str
    process_state: ProcessState
    updated_at_us: int
    reason: str
    user_message: str
    changed: bool = False

    def follow(self, change: StateChange) -> bool:
        """Take the change's state over if the state machine lets it follow; whether it did."""
        if change.subject is Subject.EXPERIMENT:
            state = ExperimentState(change.state)
            if not may_follow(self.state, state):
                return False
            self.state, self.reason, self.user_message = state, change.reason, change.user_message
        else:
            process_state = ProcessState(change.state)
            if change.subject_id != self.process_id or not may_follow(self.process_state, process_state):
                return False
            self.process_state = process_state
        self.updated_at_us = max(self.updated_at_us, change.at_us)
        self.changed = True
        return True


def record(connection: Connection, changes: Sequence[StateChange]) -> list[bool]:
    """Write the changes that are new and say for each whether it is new and not late."""
    written = _written(connection, changes)
    present = _present_states(connection, changes)
    fresh: list[StateChange] = []
    answers: list[bool] = []
    for change in changes:
        key = change_key(change)
        if key in written:
            answers.append(False)
            continue
        written.add(key)
        fresh.append(change)
        subject = present.get(change.experiment_id) if change.subject in _WITH_PRESENT_STATE else None
        answers.append(subject is None or subject.follow(change))
    if fresh:
        connection.execute(_INSERT_CHANGES, [change_row(change) for change in fresh])
    _store_present_states(connection, present)
    return answers


_WITH_PRESENT_STATE = frozenset({Subject.EXPERIMENT, Subject.PROCESS})


def _written(connection: Connection, changes: Sequence[StateChange]) -> set[ChangeKey]:
    """Which of these changes, and perhaps some others of the same instants, are stored."""
    found: set[ChangeKey] = set()
    for instants in chunks(dict.fromkeys(change.at_us for change in changes)):
        for row in connection.execute(_KEYS, {"instants": instants}):
            found.add((row.at_us, row.subject_id, row.subject, row.state, row.attempt))
    return found


def _present_states(connection: Connection, changes: Sequence[StateChange]) -> dict[str, _Present]:
    ids = dict.fromkeys(change.experiment_id for change in changes if change.subject in _WITH_PRESENT_STATE)
    return {
        row.experiment_id: _Present(
            ExperimentState(row.state),
            row.process_id,
            ProcessState(row.process_state),
            row.updated_at_us,
            row.reason,
            row.user_message,
        )
        for chunk in chunks(ids)
        for row in connection.execute(_PRESENT_STATES, {"experiment_ids": chunk})
    }


def _store_present_states(connection: Connection, present: Mapping[str, _Present]) -> None:
    rows = [
        {
            "of_experiment": experiment_id,
            "new_state": str(one.state),
            "new_process_state": str(one.process_state),
            "new_updated_at_us": one.updated_at_us,
            "new_reason": storable(one.reason),
            "new_user_message": storable(one.user_message),
        }
        for experiment_id, one in present.items()
        if one.changed
    ]
    if rows:
        connection.execute(_SET_PRESENT_STATE, rows)


def chunks(values: Iterable[Any]) -> Iterable[list[Any]]:
    """The values in lists that are short enough for one IN."""
    rest = list(values)
    return (rest[start : start + IN_CHUNK] for start in range(0, len(rest), IN_CHUNK))
