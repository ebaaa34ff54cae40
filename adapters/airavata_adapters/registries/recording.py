"""Writes state changes, and moves the present states that they change; within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from sqlalchemy import Connection, bindparam, delete, update
from sqlalchemy.dialects import sqlite

from airavata_adapters.registries.present_state import PRESENT, PresentState
from airavata_adapters.registries.recording_on_server import ServerStatements
from airavata_adapters.registries.rows import change_row
from airavata_adapters.registries.tables import experiments, state_changes
from airavata_adapters.sqlite.prepared import Prepared
from airavata_workload.domain.change import StateChange, Subject

_WITH_PRESENT_STATE = frozenset({Subject.EXPERIMENT, Subject.PROCESS})
_PRESENT_STATE = Prepared(PRESENT.where(experiments.c.experiment_id == bindparam("of_experiment")))
_SET_PRESENT_STATE = Prepared(
    update(experiments)
    .where(experiments.c.number == bindparam("of_number"))
    .values(
        {
            name: bindparam(f"new_{name}")
            for name in ("state", "process_state", "updated_at_us", "reason", "user_message")
        }
    )
)
_INSERT_IF_NEW = Prepared(
    sqlite.insert(state_changes)
    .values({column.name: bindparam(column.name) for column in state_changes.columns if column.name != "number"})
    .on_conflict_do_nothing()
)

_REMOVE = delete(state_changes).where(
    *(state_changes.c[name] == bindparam(name) for name in ("at_us", "subject_id", "subject", "state", "attempt"))
)


def record(connection: Connection, changes: Sequence[StateChange]) -> list[bool]:
    """Write the changes that are new and not late, and say which these are."""
    statements = _statements_of(connection)
    fresh = statements.insert_new(connection, changes)
    about = dict.fromkeys(change.experiment_id for change in changes if change.subject in _WITH_PRESENT_STATE)
    present = statements.present_states(connection, list(about)) if about else {}
    answers: list[bool] = []
    for change, new in zip(changes, fresh, strict=True):
        subject = present.get(change.experiment_id) if change.subject in _WITH_PRESENT_STATE else None
        answers.append(new and (subject is None or subject.follow(change)))
    # Which changes are late is known only now that their experiments are locked; it is seldom that one is.
    for change, new, timely in zip(changes, fresh, answers, strict=True):
        if new and not timely:
            connection.execute(_REMOVE, change_row(change))
    moved = [one for one in present.values() if one.changed]
    if moved:
        statements.set_present_states(connection, moved)
    return answers


def insert_new(connection: Connection, changes: Sequence[StateChange]) -> list[bool]:
    """Write the changes that are new, without moving any present state; for each, whether it is new."""
    return _statements_of(connection).insert_new(connection, changes)


class _Statements(Protocol):
    """The three statements of ``record``."""

    def insert_new(self, connection: Connection, changes: Sequence[StateChange]) -> list[bool]:
        """Insert the changes that are not stored; for each, whether it was inserted."""

    def present_states(self, connection: Connection, experiment_ids: Sequence[str]) -> dict[str, PresentState]:
        """The present states of those of these experiments that are stored, by id."""

    def set_present_states(self, connection: Connection, moved: Sequence[PresentState]) -> None:
        """Store new present states."""


class _SqliteStatements(_Statements):
    """For SQLite: a statement costs some microseconds if it is compiled beforehand, and a list none less."""

    def insert_new(self, connection: Connection, changes: Sequence[StateChange]) -> list[bool]:
        return [_INSERT_IF_NEW.run(connection, **change_row(change)).rowcount == 1 for change in changes]

    def present_states(self, connection: Connection, experiment_ids: Sequence[str]) -> dict[str, PresentState]:
        found = {}
        for experiment_id in experiment_ids:
            row = _PRESENT_STATE.run(connection, of_experiment=experiment_id).fetchone()
            if row is not None:
                found[experiment_id] = PresentState.of_row(*row[1:])
        return found

    def set_present_states(self, connection: Connection, moved: Sequence[PresentState]) -> None:
        rows = [
            {"of_number": one.number, **{f"new_{name}": value for name, value in one.row().items()}} for one in moved
        ]
        _SET_PRESENT_STATE.run_many(connection, rows)


def _statements_of(connection: Connection) -> _Statements:
    return _SqliteStatements() if connection.dialect.name == "sqlite" else ServerStatements()
