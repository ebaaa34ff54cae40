"""The statements of ``recording`` for a database server, where each is a round trip: few, for however many changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select
from sqlalchemy.exc import IntegrityError

from airavata_adapters.registries.in_lists import chunks
from airavata_adapters.registries.present_state import PRESENT, PresentState
from airavata_adapters.registries.row_updates import update_rows
from airavata_adapters.registries.rows import ChangeKey, change_key, change_row
from airavata_adapters.registries.tables import experiments, state_changes
from airavata_workload.domain.change import StateChange

_INSERT_CHANGES = insert(state_changes)
# Source: PyMySQL 1.2, ``Cursor.max_stmt_length``: rows go into one INSERT until it has 1,024,000 bytes. A character has
# at most four bytes, or two when it is escaped, so this much text, and the names of columns, are one statement.
_STATEMENT_CHARACTERS = 100_000
_STATEMENT_ROWS = 500
_KEYS = select(
    state_changes.c.at_us,
    state_changes.c.subject_id,
    state_changes.c.subject,
    state_changes.c.state,
    state_changes.c.attempt,
).where(state_changes.c.at_us.in_(bindparam("instants", expanding=True)))
_PRESENT_STATES = (
    PRESENT.where(experiments.c.experiment_id.in_(bindparam("experiment_ids", expanding=True)))
    # All who need several rows lock them in the same order, and so never wait for one another in a circle.
    .order_by(experiments.c.experiment_id)
    # Others could change the rows between this and the update.
    .with_for_update()
)

_Rows = dict[ChangeKey, dict[str, Any]]


class ServerStatements:
    """For MySQL and MariaDB."""

    def insert_new(self, connection: Connection, changes: Sequence[StateChange]) -> list[bool]:
        """Insert the changes that are not stored; for each, whether it was inserted."""
        rows: _Rows = {}
        for change in changes:
            rows.setdefault(change_key(change), change_row(change))
        new: set[ChangeKey] = set()
        for part in _statements(rows):
            new.update(_inserted(connection, part))
        answers = []
        for change in changes:
            answers.append(change_key(change) in new)
            new.discard(change_key(change))
        return answers

    def present_states(self, connection: Connection, experiment_ids: Sequence[str]) -> dict[str, PresentState]:
        """The present states of those of these experiments that are stored, by id; nobody else changes them now."""
        return {
            row.experiment_id: PresentState.of_row(*row[1:])
            for chunk in chunks(sorted(experiment_ids))
            for row in connection.execute(_PRESENT_STATES, {"experiment_ids": chunk})
        }

    def set_present_states(self, connection: Connection, moved: Sequence[PresentState]) -> None:
        """Store new present states."""
        update_rows(connection, experiments, {one.number: one.changed_columns() for one in moved})


def _inserted(connection: Connection, rows: _Rows) -> Iterable[ChangeKey]:
    """Insert those rows that are not stored, and say which.

    Nearly always all are new, so that is tried first. If one is not, the
    server undoes this statement and nothing else.
    """
    try:
        connection.execute(_INSERT_CHANGES, list(rows.values()))
    except IntegrityError:
        known = stored(connection, rows)
        missing = {key: row for key, row in rows.items() if key not in known}
        if missing:
            # If one of them is there all the same, it was inserted just now: the transaction begins anew.
            connection.execute(_INSERT_CHANGES, list(missing.values()))
        return missing
    return rows


def stored(connection: Connection, keys: Iterable[ChangeKey]) -> set[ChangeKey]:
    """Those of the changes with these keys that are stored, and perhaps others."""
    return {
        (row.at_us, row.subject_id, row.subject, row.state, row.attempt)
        for instants in chunks(sorted({at_us for at_us, *_ in keys}))
        for row in connection.execute(_KEYS, {"instants": instants})
    }


def _statements(rows: Mapping[ChangeKey, dict[str, Any]]) -> Iterator[_Rows]:
    """The rows in parts that the driver sends as one statement each."""
    part: _Rows = {}
    size = 0
    for key, row in rows.items():
        length = sum(len(value) if isinstance(value, str) else 20 for value in row.values())
        if part and (size + length > _STATEMENT_CHARACTERS or len(part) >= _STATEMENT_ROWS):
            yield part
            part, size = {}, 0
        part[key] = row
        size += length
    if part:
        yield part
