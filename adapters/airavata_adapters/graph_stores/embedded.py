"""The graph store of the one-process mode, in the shared SQLite file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection

from airavata_adapters.graph_stores.unknown import unknown_abstract, unknown_task
from airavata_adapters.sqlite import graph_statements as statements
from airavata_adapters.sqlite import graph_transitions
from airavata_adapters.sqlite.database import Database, open_database
from airavata_adapters.sqlite.graph_rows import DagRows, StoredTask, loaded_dag_of, rows_of
from airavata_adapters.sqlite.prepared import from_text, storable, to_text
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.job import Job
from airavata_workload.domain.task import LoadedDag, Task
from airavata_workload.domain.transition import Applied, Transition
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.graph_store import GraphStore


class EmbeddedGraphStore(GraphStore):
    """DAGs in SQLite. Every method may raise what ``Database`` raises."""

    def __init__(self, database: Database, session: str) -> None:
        self._database = database
        self._session = session
        self._closed = False

    # -- abstract DAGs ---------------------------------------------------------
    def save_abstract(self, dag: AbstractDag) -> AbstractDag:
        """As ``GraphStore.save_abstract``."""
        content = {name: value for name, value in dag.to_json().items() if name != "version"}
        body = to_text(content)

        def save(connection: Connection) -> int:
            newest = statements.NEWEST_ABSTRACT.run(connection, application_type=dag.application_type).fetchone()
            if newest is not None and from_text(newest[1]) == from_text(body):
                return int(newest[0])
            version = 1 if newest is None else int(newest[0]) + 1
            statements.INSERT_ABSTRACT.run(
                connection, application_type=dag.application_type, version=version, body=body
            )
            return version

        return replace(dag, version=self._database.write(save))

    def abstract(self, application_type: str, version: int | None = None) -> AbstractDag:
        """As ``GraphStore.abstract``."""

        def find(connection: Connection) -> tuple[int, str] | None:
            if version is None:
                cursor = statements.NEWEST_ABSTRACT.run(connection, application_type=application_type)
            else:
                cursor = statements.ABSTRACT_VERSION.run(connection, application_type=application_type, version=version)
            row: tuple[int, str] | None = cursor.fetchone()
            return row

        found = self._database.read(find)
        if found is None:
            raise self._unknown_abstract(application_type, version)
        return _abstract_dag(*found)

    def _unknown_abstract(self, application_type: str, version: int | None) -> NotFoundError:
        newest = dict(self._database.read(lambda connection: statements.ABSTRACT_VERSIONS.run(connection).fetchall()))
        return unknown_abstract(application_type, version, newest)

    def newest_version(self, application_type: str) -> int:
        """As ``GraphStore.newest_version``."""
        found = self._database.read(
            lambda connection: statements.NEWEST_ABSTRACT.run(connection, application_type=application_type).fetchone()
        )
        return 0 if found is None else int(found[0])

    def abstracts(self) -> list[AbstractDag]:
        """As ``GraphStore.abstracts``."""

        def find(connection: Connection) -> list[tuple[int, str]]:
            types = statements.ABSTRACT_VERSIONS.run(connection).fetchall()
            return [
                statements.ABSTRACT_VERSION.run(connection, application_type=name, version=version).fetchone()
                for name, version in types
            ]

        return [_abstract_dag(*row) for row in self._database.read(find)]

    # -- loaded DAGs -------------------------------------------------------------
    def create_loaded(self, dag: LoadedDag) -> bool:
        """As ``GraphStore.create_loaded``."""
        rows = rows_of(dag, now_us(), self._session)
        return self._database.write(lambda connection: _insert_dag(connection, dag, rows))

    def restore_loaded(self, dags: Sequence[LoadedDag], *, if_newest: bool = False) -> list[bool | None]:
        """As ``GraphStore.restore_loaded``."""
        made = [(dag, rows_of(dag, now_us(), self._session)) for dag in dags]
        if not made:
            return []

        def insert(connection: Connection) -> list[bool | None]:
            return [
                None if if_newest and not _is_newest(connection, dag) else _insert_dag(connection, dag, rows)
                for dag, rows in made
            ]

        return self._database.write(insert)

    def replace_loaded(self, dag: LoadedDag) -> bool:
        """As ``GraphStore.replace_loaded``."""
        rows = rows_of(dag, now_us(), self._session)

        def put_in_place(connection: Connection) -> bool:
            found = statements.FIND_DAG.run(connection, experiment_id=dag.experiment_id).fetchone()
            if found is None or found[1] > 0:
                return False
            statements.DELETE_TASKS.run(connection, of_dag=found[0])
            statements.SET_DAG_COUNTS.run(
                connection,
                of_dag=found[0],
                open_tasks=rows.open_tasks,
                unsuccessful_tasks=rows.unsuccessful_tasks,
            )
            _insert_tasks(connection, found[0], rows)
            return True

        return self._database.write(put_in_place)

    def apply(self, transitions: Sequence[Transition]) -> list[Applied]:
        """As ``GraphStore.apply``."""
        requests = [graph_transitions.request_of(transition) for transition in transitions]
        if not requests:
            return []
        effects = self._database.write(lambda connection: graph_transitions.perform(connection, requests))
        return [effect.applied() for effect in effects]

    def record_intent(self, task_id: str, attempt: int, intent: Mapping[str, Any]) -> bool:
        """As ``GraphStore.record_intent``."""
        text = to_text(intent)

        def record(connection: Connection) -> bool:
            changed = statements.RECORD_INTENT.run(connection, task_id=task_id, at_attempt=attempt, new_intent=text)
            return changed.rowcount == 1

        return self._database.write(record)

    def note_waiting(self, notes: Mapping[str, str]) -> None:
        """As ``GraphStore.note_waiting``."""
        rows = [{"task_id": task_id, "note": storable(note)} for task_id, note in notes.items()]
        if rows:
            self._database.write(lambda connection: statements.NOTE_WAITING.run_many(connection, rows))

    def settle_job(self, task_id: str, job: Job) -> None:
        """As ``GraphStore.settle_job``."""
        text = to_text(job.to_json())
        self._database.write(
            lambda connection: statements.SETTLE_JOB.run(connection, task_id=task_id, settled_job=text)
        )

    # -- reading -----------------------------------------------------------------
    def task(self, task_id: str) -> Task:
        """As ``GraphStore.task``."""

        def find(connection: Connection) -> StoredTask | None:
            row = statements.TASK_BY_ID.run(connection, task_id=task_id).fetchone()
            return None if row is None else graph_transitions.with_history(connection, row)

        found = self._database.read(find)
        if found is None:
            raise unknown_task(task_id)
        return found.task()

    def tasks(self, experiment_id: str) -> list[Task]:
        """As ``GraphStore.tasks``."""

        def find(connection: Connection) -> list[StoredTask]:
            rows = statements.TASKS_OF_EXPERIMENT.run(connection, experiment_id=experiment_id).fetchall()
            return [graph_transitions.with_history(connection, row) for row in rows]

        return [stored.task() for stored in self._database.read(find)]

    def loaded(self, experiment_ids: Iterable[str]) -> list[LoadedDag]:
        """As ``GraphStore.loaded``."""
        wanted = list(dict.fromkeys(experiment_ids))

        def find(connection: Connection) -> list[tuple[tuple[str, str, int], list[StoredTask]]]:
            found = []
            for experiment_id in wanted:
                head = statements.DAG_HEAD.run(connection, experiment_id=experiment_id).fetchone()
                if head is not None:
                    rows = statements.TASKS_OF_EXPERIMENT.run(connection, experiment_id=experiment_id).fetchall()
                    found.append((head, [graph_transitions.with_history(connection, row) for row in rows]))
            return found

        return [loaded_dag_of(head, stored) for head, stored in self._database.read(find)]

    def outputs(self, experiment_id: str) -> dict[str, Mapping[str, Any]]:
        """As ``GraphStore.outputs``."""

        def find(connection: Connection) -> list[tuple[str, str]]:
            dag = statements.FIND_DAG.run(connection, experiment_id=experiment_id).fetchone()
            return [] if dag is None else statements.COMPLETED_OUTPUTS.run(connection, of_dag=dag[0]).fetchall()

        return {name: from_text(text) for name, text in self._database.read(find)}

    def parked(self, experiment_ids: Iterable[str]) -> list[Task]:
        """As ``GraphStore.parked``."""
        wanted = list(dict.fromkeys(experiment_ids))

        def find(connection: Connection) -> list[StoredTask]:
            return [
                graph_transitions.with_history(connection, row)
                for experiment_id in wanted
                for row in statements.PARKED_TASKS.run(connection, experiment_id=experiment_id).fetchall()
            ]

        return [stored.task() for stored in self._database.read(find)]

    def executing(self) -> list[Task]:
        """As ``GraphStore.executing``."""

        def find(connection: Connection) -> list[StoredTask]:
            rows = statements.EXECUTING_TASKS.run(connection).fetchall()
            return [graph_transitions.with_history(connection, row) for row in rows]

        return [stored.task() for stored in self._database.read(find)]

    def unfinished(self) -> list[str]:
        """As ``GraphStore.unfinished``."""
        rows = self._database.read(lambda connection: statements.UNFINISHED.run(connection).fetchall())
        return [experiment_id for (experiment_id,) in rows]

    def delete_loaded(self, experiment_id: str) -> None:
        """As ``GraphStore.delete_loaded``."""

        def remove(connection: Connection) -> None:
            found = statements.FIND_DAG.run(connection, experiment_id=experiment_id).fetchone()
            if found is not None:
                statements.DELETE_DAG.run(connection, of_dag=found[0])

        self._database.write(remove)

    def close(self) -> None:
        """As ``GraphStore.close``."""
        if not self._closed:
            self._closed = True
            self._database.close()


def _abstract_dag(version: int, body: str) -> AbstractDag:
    return AbstractDag.from_json({**from_text(body), "version": version})


def _is_newest(connection: Connection, dag: LoadedDag) -> bool:
    """Whether the DAG was made from the newest abstract DAG of its type."""
    found = statements.NEWEST_ABSTRACT.run(connection, application_type=dag.application_type).fetchone()
    return found is not None and found[0] == dag.dag_version


def _insert_dag(connection: Connection, dag: LoadedDag, rows: DagRows) -> bool:
    """Whether the DAG is stored now; not if its experiment had one."""
    if statements.FIND_DAG.run(connection, experiment_id=dag.experiment_id).fetchone() is not None:
        return False
    (number,) = statements.NEXT_DAG_NUMBER.run(connection).fetchone()
    statements.INSERT_DAG.run(
        connection,
        number=number,
        experiment_id=dag.experiment_id,
        application_type=dag.application_type,
        dag_version=dag.dag_version,
        open_tasks=rows.open_tasks,
        unsuccessful_tasks=rows.unsuccessful_tasks,
    )
    _insert_tasks(connection, number, rows)
    return True


def _insert_tasks(connection: Connection, dag_number: int, rows: DagRows) -> None:
    (first_task,) = statements.NEXT_TASK_NUMBER.run(connection).fetchone()
    placed = rows.at(dag_number, first_task)
    statements.INSERT_TASK.run_many(connection, placed.tasks)
    statements.INSERT_TASK_STATE.run_many(connection, placed.states)
    statements.INSERT_EDGE.run_many(
        connection, [{"predecessor": before, "successor": after} for before, after in placed.edges]
    )
    statements.INSERT_HISTORY.run_many(connection, placed.history)


def open_graph_store(context: BackingContext) -> GraphStore:
    """Entry point ``embedded``. Raises ``DeniedError``, ``StoreUnavailableError`` and ``DocumentError``."""
    context.settled_options()
    return EmbeddedGraphStore(open_database(context.home), context.session)
