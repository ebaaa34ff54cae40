"""The graph store in Neo4j 5.26 or newer: one server or a cluster."""

from __future__ import annotations

import contextlib
import time
import uuid
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, LiteralString, TypeVar

from airavata_adapters.graph_stores.unknown import unknown_abstract, unknown_task
from airavata_adapters.neo4j import dag_properties as properties
from airavata_adapters.neo4j import schema, statements
from airavata_adapters.neo4j.group_commit import MAX_ROWS, GroupCommit, Work
from airavata_adapters.neo4j.options import options_of
from airavata_adapters.neo4j.server import Call, CommitUncertain, Rows, Server
from airavata_adapters.neo4j.transactions import Transactions
from airavata_adapters.neo4j.type_budget import NEXT, TypeBudget
from airavata_adapters.sqlite.prepared import storable, to_text
from airavata_workload.domain.clock import MICROSECONDS_PER_SECOND, now_us
from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.errors import StoreUnavailableError, WorkloadError
from airavata_workload.domain.job import Job
from airavata_workload.domain.task import LoadedDag, Task
from airavata_workload.domain.transition import Applied, Transition
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.graph_store import GraphStore

T = TypeVar("T")

_READS_OF_WHAT_CHANGES = 200
_BETWEEN_READS_S = 0.005
"""A commit is applied in much less; a second of it is a node that somebody has damaged."""

_FORGET_WRITERS_AFTER_S = 7 * 24 * 3600
"""A process that was killed leaves its writer's node; by then nobody asks for it any more."""


class Neo4jGraphStore(GraphStore):
    """DAGs in Neo4j.

    Writes of concurrent threads share transactions. Every method may raise
    ``StoreUnavailableError`` when the server does not answer within the limits
    of the options, and ``DeniedError`` when it refuses the user.
    """

    def __init__(self, server: Server, session: str) -> None:
        options = server.options
        self._server = server
        self._session = session
        self._writer_id = f"{session} {uuid.uuid4().hex}"
        self._types = TypeBudget(server, self._writer_id)
        self._writer = GroupCommit(
            Transactions(server, self._writer_id).commit,
            f"The graph store at {options.url}",
            # One transaction may run when a caller comes, and one may go before its own.
            wait_limit_s=3 * (options.retry_time_limit_s + options.call_time_limit_s),
        )
        self._closed = False

    # -- abstract DAGs ---------------------------------------------------------
    def save_abstract(self, dag: AbstractDag) -> AbstractDag:
        """As ``GraphStore.save_abstract``."""
        row = properties.abstract_row(dag)
        row["relationship_type"] = self._type_of_application(dag.application_type)
        (answer,) = self._writer.submit(Work(statements.SAVE_ABSTRACT, [row]))
        return replace(dag, version=_value(answer, "version"))

    def _type_of_application(self, application_type: str) -> str:
        """A name that is in use already costs none."""
        found = self._server.read(statements.KNOWN_TYPE, application_type=application_type)
        return str(found[0]["relationship_type"]) if found else self._types.type_for(application_type)

    def abstract(self, application_type: str, version: int | None = None) -> AbstractDag:
        """As ``GraphStore.abstract``."""
        rows = self._server.read(statements.ABSTRACT, application_type=application_type, version=version)
        if not rows:
            newest = {row["application_type"]: row["version"] for row in self._server.read(statements.NEWEST_VERSIONS)}
            raise unknown_abstract(application_type, version, newest)
        return properties.abstract_dag(rows[0])

    def newest_version(self, application_type: str) -> int:
        """As ``GraphStore.newest_version``."""
        found = self._server.read(statements.KNOWN_TYPE, application_type=application_type)
        return int(found[0]["newest"]) if found else 0

    def abstracts(self) -> list[AbstractDag]:
        """As ``GraphStore.abstracts``."""
        return [properties.abstract_dag(row) for row in self._server.read(statements.ABSTRACTS)]

    # -- loaded DAGs -------------------------------------------------------------
    def create_loaded(self, dag: LoadedDag) -> bool:
        """As ``GraphStore.create_loaded``."""
        row = properties.loaded_row(dag, now_us(), self._session)
        own_type = self._types.type_for(dag.experiment_id) if row["edges"] else NEXT
        row["dag"]["relationship_type"] = own_type
        created = False
        try:
            (answer,) = self._writer.submit(
                Work(statements.CREATE_LOADED, [row], experiment_ids=[dag.experiment_id]),
            )
            created = bool(_value(answer, "created"))
        finally:
            if not created:
                self._types.give_back(own_type)
        return created

    def replace_loaded(self, dag: LoadedDag) -> bool:
        """As ``GraphStore.replace_loaded``."""
        row = properties.loaded_row(dag, now_us(), self._session)
        (answer,) = self._writer.submit(
            Work(statements.REPLACE_LOADED, [row], experiment_ids=[dag.experiment_id]),
        )
        return answer is not None

    def restore_loaded(self, dags: Sequence[LoadedDag], *, if_newest: bool = False) -> list[bool | None]:
        """As ``GraphStore.restore_loaded``.

        Relationships of what has ended are of type ``NEXT``: the names that
        are left are for what is still to run.
        """
        rows = [properties.loaded_row(dag, now_us(), self._session) for dag in dags]
        for row in rows:
            row["newest_of"] = row["dag"]["application_type"] if if_newest else None
            runs = row["edges"] and row["dag"]["open_tasks"]
            row["dag"]["relationship_type"] = self._types.type_for(row["dag"]["experiment_id"]) if runs else NEXT
        created: list[bool | None] = [False] * len(rows)
        try:
            if rows:
                ids = [dag.experiment_id for dag in dags]
                answers = self._writer.submit(Work(statements.CREATE_LOADED, rows, experiment_ids=ids))
                created = [None if answer is None else bool(answer["created"]) for answer in answers]
        finally:
            for row, stored in zip(rows, created, strict=True):
                if not stored:
                    self._types.give_back(row["dag"]["relationship_type"])
        return created

    def apply(self, transitions: Sequence[Transition]) -> list[Applied]:
        """As ``GraphStore.apply``."""
        rows = [properties.transition_row(transition) for transition in transitions]
        if not rows:
            return []
        answers = self._writer.submit(
            Work(statements.APPLY, rows, task_ids=[transition.task_id for transition in transitions]),
        )
        return [_applied(answer) for answer in answers]

    def record_intent(self, task_id: str, attempt: int, intent: Mapping[str, Any]) -> bool:
        """As ``GraphStore.record_intent``."""
        row = {"task_id": task_id, "attempt": attempt, "intent": to_text(intent)}
        (answer,) = self._writer.submit(Work(statements.RECORD_INTENT, [row], task_ids=[task_id]))
        return answer is not None

    def note_waiting(self, notes: Mapping[str, str]) -> None:
        """As ``GraphStore.note_waiting``."""
        rows = [{"task_id": task_id, "note": storable(note)} for task_id, note in notes.items()]
        for start in range(0, len(rows), MAX_ROWS):
            some = rows[start : start + MAX_ROWS]
            self._writer.submit(Work(statements.NOTE_WAITING, some, task_ids=[row["task_id"] for row in some]))

    def settle_job(self, task_id: str, job: Job) -> None:
        """As ``GraphStore.settle_job``."""
        row = {"task_id": task_id, "job": to_text(job.to_json())}
        self._writer.submit(Work(statements.SETTLE_JOB, [row], task_ids=[task_id]))

    # -- reading -----------------------------------------------------------------
    def task(self, task_id: str) -> Task:
        """As ``GraphStore.task``."""
        tasks = self._tasks(statements.TASK_BY_ID, task_id=task_id)
        if not tasks:
            raise unknown_task(task_id)
        return tasks[0]

    def tasks(self, experiment_id: str) -> list[Task]:
        """As ``GraphStore.tasks``."""
        return self._tasks(statements.TASKS_OF_EXPERIMENT, experiment_id=experiment_id)

    def loaded(self, experiment_ids: Iterable[str]) -> list[LoadedDag]:
        """As ``GraphStore.loaded``."""
        wanted = list(dict.fromkeys(experiment_ids))
        if not wanted:
            return []
        return self._whole(
            partial(self._server.read, statements.LOADED_DAGS, experiment_ids=wanted), properties.loaded_dag_of
        )

    def outputs(self, experiment_id: str) -> dict[str, Mapping[str, Any]]:
        """As ``GraphStore.outputs``."""
        rows = self._server.read(statements.COMPLETED_OUTPUTS, experiment_id=experiment_id)
        return properties.outputs_of([(row["name"], row["outputs"]) for row in rows])

    def parked(self, experiment_ids: Iterable[str]) -> list[Task]:
        """As ``GraphStore.parked``."""
        wanted = list(dict.fromkeys(experiment_ids))
        return self._tasks(statements.PARKED_TASKS, experiment_ids=wanted) if wanted else []

    def executing(self) -> list[Task]:
        """As ``GraphStore.executing``."""
        return self._tasks(statements.EXECUTING_TASKS)

    def _tasks(self, statement: LiteralString, **parameters: Any) -> list[Task]:
        return self._whole(
            partial(self._server.read, statement, **parameters), lambda row: properties.task_of(row["task"])
        )

    def _whole(self, read: Callable[[], Rows], made_of: Callable[[Mapping[str, Any]], T]) -> list[T]:
        """What a query finds, read again while it finds a task that is just being written.

        Neo4j isolates at "read committed": a query that takes no lock may see
        some properties of a node before a commit and others after it, or miss
        one that is moved (Source: Neo4j Operations Manual 5, "Concurrent data
        access").
        """
        for _ in range(_READS_OF_WHAT_CHANGES):
            try:
                return [made_of(row) for row in read()]
            except properties.TornTaskError as torn:
                found = torn
            time.sleep(_BETWEEN_READS_S)
        raise StoreUnavailableError(
            f"The graph store at {self._server.options.url} does not give a whole task: {found}.",
            remedy="It is not a matter of time any more: look at that node in the Neo4j browser.",
        )

    def unfinished(self) -> list[str]:
        """As ``GraphStore.unfinished``."""
        return [row["experiment_id"] for row in self._server.read(statements.UNFINISHED)]

    def delete_loaded(self, experiment_id: str) -> None:
        """As ``GraphStore.delete_loaded``."""
        self._writer.submit(
            Work(statements.DELETE_LOADED, [{"experiment_id": experiment_id}], experiment_ids=[experiment_id])
        )

    def close(self) -> None:
        """As ``GraphStore.close``."""
        if self._closed:
            return
        self._closed = True
        # What is left behind when the server does not answer costs a few names and a node for some days.
        with contextlib.suppress(WorkloadError, CommitUncertain):
            self._types.close()
            before_us = now_us() - _FORGET_WRITERS_AFTER_S * MICROSECONDS_PER_SECOND
            forget = Call(statements.FORGET_WRITERS, {"writer_id": self._writer_id, "before_us": before_us})
            self._server.transact([forget], patient=False)
        self._server.close()


def _value(answer: Mapping[str, Any] | None, name: str) -> Any:
    """A member of an answer to a statement that always gives one."""
    assert answer is not None  # noqa: S101 - narrows the type
    return answer[name]


def _applied(answer: Mapping[str, Any] | None) -> Applied:
    if answer is None:
        return Applied(accepted=False, task=None)
    return Applied(
        accepted=answer["accepted"],
        task=properties.task_of(answer["task"]),
        unblocked=tuple(properties.task_of(found) for found in answer["unblocked"]),
        upstream_outputs=properties.outputs_of(answer["outputs"]),
        open_tasks=answer["open_tasks"],
        unsuccessful_tasks=answer["unsuccessful_tasks"],
    )


def open_graph_store(context: BackingContext) -> GraphStore:
    """Entry point ``neo4j``.

    Raises ``SettingsError`` for options that cannot be used, ``AuthenticationError``
    for a wrong password and ``StoreUnavailableError`` when the server does not answer.
    """
    server = Server(options_of(context))
    try:
        server.require()
        schema.ensure(server)
    except BaseException:
        server.close()
        raise
    return Neo4jGraphStore(server, context.session)
