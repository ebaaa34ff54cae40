"""The part of the graph store's suite that is about loaded DAGs of another store."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import DagError
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import LoadedDag, Task, TaskChange
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.testing.samples import (
    AWKWARD,
    CHAIN,
    abstract_dag,
    job,
    loaded_dag,
    rich_task,
    transition,
    unique,
)


def in_state(task: Task, *states: TaskState, **members: object) -> Task:
    """The task with a history of these states, in the last of which it is."""
    began_us = now_us()
    history = tuple(
        TaskChange(state=state, attempt=3, at_us=began_us + place, by="old worker", reason=AWKWARD)
        for place, state in enumerate((TaskState.CREATED, *states))
    )
    values: dict[str, object] = {"state": history[-1].state, "attempt": 3, "history": history, **members}
    return replace(task, **values)  # type: ignore[arg-type]


def half_done() -> LoadedDag:
    """A DAG of a task that has completed, one that waits for its job, one that has failed, and one after these."""
    plain = loaded_dag({"done": (), "runs": ("done",), "failed": ("done",), "last": ("runs", "failed")})
    done, runs, failed, last = plain.tasks
    rich = replace(rich_task(plain.experiment_id, plain.process_id), task_id=runs.task_id, depends_on=runs.depends_on)
    tasks = (
        in_state(done, TaskState.EXECUTING, TaskState.COMPLETED, outputs={"n": [AWKWARD]}),
        in_state(
            rich, TaskState.EXECUTING, owner="old worker", intent={"job_name": AWKWARD}, job=job(), open_predecessors=0
        ),
        in_state(failed, TaskState.EXECUTING, TaskState.FAILED, failures=2, reason=AWKWARD, user_message="sorry"),
        in_state(last, waiting_for=AWKWARD, not_before_us=5, open_predecessors=1, unsuccessful_predecessors=1),
    )
    return replace(plain, dag_version=7, tasks=tasks)


class RestoredDagTests:
    """Needs the fixtures ``store`` and ``other``, which ``GraphStoreSuite`` has."""

    def test_a_restored_dag_is_read_back_as_it_was(self, store: GraphStore, other: GraphStore) -> None:
        dag = half_done()
        empty = replace(loaded_dag({}), process_id="")
        assert store.restore_loaded([dag, empty]) == [True, True]
        assert other.tasks(dag.experiment_id) == list(dag.tasks)
        ids = [empty.experiment_id, "no such experiment", dag.experiment_id]
        assert other.loaded(ids) == [empty, dag]
        assert dag.experiment_id in other.unfinished()
        assert empty.experiment_id not in other.unfinished()
        assert other.parked([dag.experiment_id]) == [dag.tasks[1]]
        assert other.outputs(dag.experiment_id) == {"done": {"n": [AWKWARD]}}
        assert (store.restore_loaded([]), store.loaded([])) == ([], [])

    def test_a_restored_dag_goes_on_where_it_was(self, store: GraphStore) -> None:
        dag = half_done()
        store.restore_loaded([dag])
        (ended,) = store.apply([transition(dag.tasks[1], TaskState.COMPLETED)])
        assert ended.accepted
        assert [task.name for task in ended.unblocked] == ["last"]
        assert (ended.open_tasks, ended.unsuccessful_tasks) == (1, 1)
        (bottom,) = ended.unblocked
        assert (bottom.open_predecessors, bottom.unsuccessful_predecessors) == (0, 1)

    def test_what_has_ended_is_restored_as_ended(self, store: GraphStore) -> None:
        plain = loaded_dag(CHAIN)
        ended = replace(
            plain, tasks=tuple(in_state(task, TaskState.EXECUTING, TaskState.COMPLETED) for task in plain.tasks)
        )
        assert store.restore_loaded([ended]) == [True]
        assert store.loaded([ended.experiment_id]) == [ended]
        assert ended.experiment_id not in store.unfinished()
        assert store.replace_loaded(loaded_dag(CHAIN, ended.experiment_id))

    def test_a_restored_dag_does_not_replace_one_that_is_there(self, store: GraphStore, other: GraphStore) -> None:
        there, missing = loaded_dag(CHAIN), half_done()
        store.create_loaded(there)
        before = store.tasks(there.experiment_id)
        assert other.restore_loaded([loaded_dag(CHAIN, there.experiment_id), missing]) == [False, True]
        assert other.restore_loaded([missing]) == [False]
        assert store.tasks(there.experiment_id) == before
        assert store.loaded([missing.experiment_id]) == [missing]

    def test_of_those_made_for_a_launch_only_what_follows_the_newest_is_stored(
        self, store: GraphStore, other: GraphStore
    ) -> None:
        kinds = [store.save_abstract(abstract_dag(unique("type"), "one")) for _ in range(2)]
        old, new = (replace(loaded_dag(CHAIN), application_type=kind.application_type, dag_version=1) for kind in kinds)
        other.save_abstract(replace(kinds[0], description="changed"))
        assert store.restore_loaded([old, new], if_newest=True) == [None, True]
        assert other.tasks(old.experiment_id) == []
        assert [dag.dag_version for dag in other.loaded([old.experiment_id, new.experiment_id])] == [1]
        assert other.restore_loaded([new, replace(old, dag_version=2)], if_newest=True) == [False, True]
        assert store.restore_loaded([replace(new, dag_version=3)], if_newest=True) == [None]
        unknown = replace(loaded_dag(CHAIN), application_type=unique("never saved"))
        assert store.restore_loaded([unknown], if_newest=True) == [None]
        assert store.restore_loaded([unknown, old]) == [True, False]

    def test_with_one_dag_that_cannot_be_none_is_restored(self, store: GraphStore) -> None:
        good, bad = half_done(), half_done()
        bad = replace(bad, tasks=bad.tasks[1:])
        with pytest.raises(DagError, match=bad.tasks[0].depends_on[0]):
            store.restore_loaded([good, bad])
        assert store.loaded([good.experiment_id, bad.experiment_id]) == []
