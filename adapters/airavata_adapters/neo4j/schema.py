"""Constraints and indexes, made when a store is opened and they are missing."""

from __future__ import annotations

from typing import LiteralString

from airavata_adapters.neo4j.server import Call, CommitUncertain, Server
from airavata_workload.domain.errors import ConflictError, StoreUnavailableError, WorkloadError

_STATEMENTS: dict[str, LiteralString] = {
    "workload_task": """
        CREATE CONSTRAINT workload_task IF NOT EXISTS
        FOR (task:Task) REQUIRE task.task_id IS UNIQUE""",
    "workload_task_experiment": """
        CREATE INDEX workload_task_experiment IF NOT EXISTS
        FOR (task:Task) ON (task.experiment_id)""",
    "workload_task_state": """
        CREATE INDEX workload_task_state IF NOT EXISTS
        FOR (task:Task) ON (task.state)""",
    "workload_loaded_dag": """
        CREATE CONSTRAINT workload_loaded_dag IF NOT EXISTS
        FOR (dag:LoadedDag) REQUIRE dag.experiment_id IS UNIQUE""",
    "workload_loaded_dag_open": """
        CREATE INDEX workload_loaded_dag_open IF NOT EXISTS
        FOR (dag:LoadedDag) ON (dag.open_tasks)""",
    "workload_application_type": """
        CREATE CONSTRAINT workload_application_type IF NOT EXISTS
        FOR (type:ApplicationType) REQUIRE type.application_type IS UNIQUE""",
    "workload_abstract_dag": """
        CREATE CONSTRAINT workload_abstract_dag IF NOT EXISTS
        FOR (dag:AbstractDag) REQUIRE (dag.application_type, dag.version) IS UNIQUE""",
    "workload_abstract_task": """
        CREATE INDEX workload_abstract_task IF NOT EXISTS
        FOR (task:AbstractTask) ON (task.application_type, task.version)""",
    "workload_store_writer": """
        CREATE CONSTRAINT workload_store_writer IF NOT EXISTS
        FOR (writer:StoreWriter) REQUIRE writer.writer_id IS UNIQUE""",
    "workload_type_budget": """
        CREATE CONSTRAINT workload_type_budget IF NOT EXISTS
        FOR (budget:TypeBudget) REQUIRE budget.name IS UNIQUE""",
}
_ONLINE: LiteralString = """
SHOW INDEXES YIELD name, state
WHERE name IN $names AND state = 'ONLINE'
RETURN collect(name) AS names
"""
_AWAIT: LiteralString = "CALL db.awaitIndexes($limit_s)"
_INDEX_LIMIT_S = 15
_ATTEMPTS = 5


def ensure(server: Server) -> None:
    """Make what is missing. Services that start at the same time may all do so.

    Raises what ``Server`` raises; ``DeniedError`` if the user may not make constraints.
    """
    for attempt in range(1, _ATTEMPTS + 1):
        missing = _missing(server)
        if not missing:
            return
        for name in missing:
            try:
                server.transact([Call(_STATEMENTS[name], {})])
            except CommitUncertain:
                pass  # the next look tells
            except (ConflictError, WorkloadError):
                # Another service makes the same at this moment; "IF NOT EXISTS" looks before it locks.
                if attempt == _ATTEMPTS or name in _missing(server):
                    raise
        server.read(_AWAIT, limit_s=_INDEX_LIMIT_S)
    raise StoreUnavailableError(
        f"The graph store at {server.options.url} has indexes that do not come online: {', '.join(_missing(server))}.",
        remedy="'SHOW INDEXES' tells their state.",
    )


def _missing(server: Server) -> list[str]:
    (row,) = server.read(_ONLINE, names=list(_STATEMENTS))
    return [name for name in _STATEMENTS if name not in row["names"]]
