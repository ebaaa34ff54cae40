"""Whoever only follows what the graph store calls unblocked runs every task of any DAG once and in order."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airavata_adapters.graph_stores.embedded import open_graph_store
from airavata_workload.domain.states import TASK_ENDS, TaskState
from airavata_workload.domain.task import Task
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.testing.graph_store_machine import shapes
from airavata_workload.testing.samples import loaded_dag, transition


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GraphStore]:
    home: Path = tmp_path_factory.mktemp("home")
    store = open_graph_store(BackingContext(home=home, session="engine-1"))
    yield store
    store.close()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(shape=shapes(), data=st.data())
def test_following_unblocked_runs_every_task_once_and_in_order(
    store: GraphStore, shape: dict[str, list[str]], data: st.DataObject
) -> None:
    dag = loaded_dag(shape)
    store.create_loaded(dag)
    ready = [task for task in store.tasks(dag.experiment_id) if task.open_predecessors == 0]
    order: list[Task] = []
    counts = [len(dag.tasks)]
    while ready:
        task = ready.pop(data.draw(st.integers(0, len(ready) - 1)))
        (claimed,) = store.apply([transition(task, TaskState.EXECUTING)])
        assert claimed.task is not None
        end = data.draw(st.sampled_from(sorted(TASK_ENDS)))
        outcome = transition(claimed.task, end)
        # An outcome may come twice, in one call or in two; only the first time may its successors be started.
        first, *again = store.apply([outcome] * data.draw(st.integers(1, 2)))
        assert first.accepted
        assert [(one.accepted, one.unblocked) for one in again] == [(False, first.unblocked)] * len(again)
        order.append(task)
        ready += first.unblocked
        counts.append(first.open_tasks)
    assert sorted(task.task_id for task in order) == sorted(task.task_id for task in dag.tasks)
    places = {task.task_id: place for place, task in enumerate(order)}
    assert all(places[before] < places[task.task_id] for task in dag.tasks for before in task.depends_on)
    assert all(later == earlier - 1 for earlier, later in itertools.pairwise(counts))
    assert counts[-1] == 0
    assert dag.experiment_id not in store.unfinished()
    store.delete_loaded(dag.experiment_id)
