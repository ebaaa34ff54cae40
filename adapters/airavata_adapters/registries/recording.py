"""Writes state changes, and moves the present states that they change; within one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sqlalchemy import Connection, bindparam, insert, select, update
from sqlalchemy.dialects import sqlite

from airavata_adapters.registries.rows import ChangeKey, change_key, change_row
from airavata_adapters.registries.tables import experiments, state_changes
from airavata_adapters.sqlite.prepared import Prepared, storable
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
_PRESENT = select(
    experiments.c.experiment_id,
    experiments.c.state,
    experiments.c.process_id,
    experiments.c.process_state,
    experiments.c.updated_at_us,
    experiments.c.reason,
    experiments.c.user_message,
)
_PRESENT_STATES = (
    _PRESENT.where(experiments.c.experiment_id.in_(bindparam("experiment_ids", expanding=True)))
    # A database server lets others change the rows between this and the update; SQLite has one writer anyway.
    .with_for_update()
)
_PRESENT_STATE = Prepared(_PRESENT.where(experiments.c.experiment_id == bindparam("of_experiment")))
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
_SET_PREPARED = Prepared(_SET_PRESENT_STATE)
_INSERT_IF_NEW = Prepared(
    sqlite.insert(state_changes)
    .values({column.name: bindparam(column.name) for column in state_changes.columns if column.name != "number"})
    .on_conflict_do_nothing()
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
    dialect: _Dialect = _SqliteDialect() if connection.dialect.name == "sqlite" else _AnyDialect()
    fresh = dialect.insert_new(connection, changes)
    about = dict.fromkeys(change.experiment_id for change in changes if change.subject in _WITH_PRESENT_STATE)
    present = dialect.present_states(connection, list(about))
    answers: list[bool] = []
    for change, new in zip(changes, fresh, strict=True):
        subject = present.get(change.experiment_id) if change.subject in _WITH_PRESENT_STATE else None
        answers.append(new and (subject is None or subject.follow(change)))
    moved = [_new_values(experiment_id, one) for experiment_id, one in present.items() if one.changed]
    if moved:
        dialect.set_present_states(connection, moved)
    return answers


_WITH_PRESENT_STATE = frozenset({Subject.EXPERIMENT, Subject.PROCESS})


def _new_values(experiment_id: str, one: _Present) -> dict[str, Any]:
    return {
        "of_experiment": experiment_id,
        "new_state": str(one.state),
        "new_process_state": str(one.process_state),
        "new_updated_at_us": one.updated_at_us,
        "new_reason": storable(one.reason),
        "new_user_message": storable(one.user_message),
    }


class _Dialect(Protocol):
    """The three statements of ``record``."""

    def insert_new(self, connection: Connection, changes: Sequence[StateChange]) -> list[bool]:
        """Insert the changes that are not stored; for each, whether it was inserted."""

    def present_states(self, connection: Connection, experiment_ids: Sequence[str]) -> dict[str, _Present]:
        """The present states of these experiments, by id."""

    def set_present_states(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        """Store new present states."""


class _AnyDialect(_Dialect):
    """For a database server: few statements, because each is a round trip."""

    def insert_new(self, connection: Connection, changes: Sequence[StateChange]) -> list[bool]:
        written: set[ChangeKey] = set()
        for instants in chunks(dict.fromkeys(change.at_us for change in changes)):
            for row in connection.execute(_KEYS, {"instants": instants}):
                written.add((row.at_us, row.subject_id, row.subject, row.state, row.attempt))
        fresh: list[bool] = []
        for change in changes:
            fresh.append(change_key(change) not in written)
            written.add(change_key(change))
        rows = [change_row(change) for change, new in zip(changes, fresh, strict=True) if new]
        if rows:
            connection.execute(_INSERT_CHANGES, rows)
        return fresh

    def present_states(self, connection: Connection, experiment_ids: Sequence[str]) -> dict[str, _Present]:
        return {
            row.experiment_id: _present(*row[1:])
            for chunk in chunks(experiment_ids)
            for row in connection.execute(_PRESENT_STATES, {"experiment_ids": chunk})
        }

    def set_present_states(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        connection.execute(_SET_PRESENT_STATE, list(rows))


class _SqliteDialect(_Dialect):
    """For SQLite: a statement costs some microseconds if it is compiled beforehand, and a list none less."""

    def insert_new(self, connection: Connection, changes: Sequence[StateChange]) -> list[bool]:
        return [_INSERT_IF_NEW.run(connection, **change_row(change)).rowcount == 1 for change in changes]

    def present_states(self, connection: Connection, experiment_ids: Sequence[str]) -> dict[str, _Present]:
        found = {}
        for experiment_id in experiment_ids:
            row = _PRESENT_STATE.run(connection, of_experiment=experiment_id).fetchone()
            if row is not None:
                found[experiment_id] = _present(*row[1:])
        return found

    def set_present_states(self, connection: Connection, rows: Sequence[Mapping[str, Any]]) -> None:
        _SET_PREPARED.run_many(connection, rows)


def _present(
    state: str, process_id: str, process_state: str, updated_at_us: int, reason: str, user_message: str
) -> _Present:
    return _Present(
        ExperimentState(state), process_id, ProcessState(process_state), updated_at_us, reason, user_message
    )


def chunks(values: Iterable[Any]) -> Iterable[list[Any]]:
    """The values in lists that are short enough for one IN."""
    rest = list(values)
    return (rest[start : start + IN_CHUNK] for start in range(0, len(rest), IN_CHUNK))
