"""What every graph store must do. Subclass it and give the fixture ``open_store``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from airavata_workload.domain.errors import ConflictError, DagError, NotFoundError
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import LoadedDag, Task, TaskChange
from airavata_workload.domain.transition import Applied
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.testing.abstract_dag_tests import AbstractDagTests
from airavata_workload.testing.graph_store_machine import machine_for
from airavata_workload.testing.restored_dag_tests import RestoredDagTests
from airavata_workload.testing.samples import (
    AWKWARD,
    CHAIN,
    DIAMOND,
    job,
    loaded_dag,
    named,
    rich_task,
    transition,
    unique,
)
from airavata_workload.testing.settled_job_tests import SettledJobTests

OpenStore = Callable[[], GraphStore]


def apply_one(store: GraphStore, task: Task, target: TaskState, **changes: object) -> Applied:
    """Apply one transition of the task as it was last seen."""
    (applied,) = store.apply([transition(task, target, **changes)])
    return applied


def run_to_end(store: GraphStore, task: Task, target: TaskState = TaskState.COMPLETED, **changes: object) -> Applied:
    """Claim a CREATED task and end it."""
    claimed = apply_one(store, task, TaskState.EXECUTING).task
    assert claimed is not None
    return apply_one(store, claimed, target, **changes)


class GraphStoreSuite(AbstractDagTests, RestoredDagTests, SettledJobTests):
    """Needs a fixture ``open_store``: each call opens the same storage once more; the suite closes what it opens.

    The storage may be shared with others. What the tests store stays there,
    unless the fixture sees to it. ``model_examples`` and ``model_steps`` say
    how long the test against the model takes.
    """

    model_examples = 40
    model_steps = 40

    @pytest.fixture
    def store(self, open_store: OpenStore) -> Iterator[GraphStore]:
        """The store under test."""
        store = open_store()
        yield store
        store.close()

    @pytest.fixture
    def other(self, open_store: OpenStore) -> Iterator[GraphStore]:
        """The same storage, opened a second time."""
        store = open_store()
        yield store
        store.close()

    @pytest.fixture
    def diamond(self, store: GraphStore) -> LoadedDag:
        """A stored DAG: top, then left and right, then bottom."""
        dag = loaded_dag(DIAMOND)
        assert store.create_loaded(dag)
        return dag

    # -- creating, replacing, deleting -----------------------------------------------
    def test_what_was_created_is_read_back_by_everyone(self, store: GraphStore, other: GraphStore) -> None:
        plain = loaded_dag(CHAIN)
        rich = rich_task(plain.experiment_id, plain.process_id)
        last = replace(plain.tasks[2], depends_on=(plain.tasks[1].task_id, rich.task_id))
        dag = replace(plain, tasks=(*plain.tasks[:2], rich, last))
        assert store.create_loaded(dag)
        found = other.tasks(dag.experiment_id)
        without_counters = [replace(task, open_predecessors=0, history=()) for task in found]
        assert without_counters == list(dag.tasks)
        assert [task.open_predecessors for task in found] == [0, 1, 0, 2]
        assert all(task == other.task(task.task_id) for task in found)

    def test_each_new_task_has_one_line_of_history(self, store: GraphStore, diamond: LoadedDag) -> None:
        lines = [task.history for task in store.tasks(diamond.experiment_id)]
        assert [(len(line), line[0].state, line[0].attempt) for line in lines] == [(1, TaskState.CREATED, 1)] * 4
        assert all(line[0].at_us > 0 for line in lines)

    def test_a_second_loaded_dag_of_an_experiment_changes_nothing(self, store: GraphStore, diamond: LoadedDag) -> None:
        before = store.tasks(diamond.experiment_id)
        assert not store.create_loaded(loaded_dag(CHAIN, diamond.experiment_id))
        assert store.tasks(diamond.experiment_id) == before

    def test_a_task_after_an_unknown_one_is_refused_and_nothing_stored(self, store: GraphStore) -> None:
        dag = loaded_dag({"only": ()})
        broken = replace(dag, tasks=(replace(dag.tasks[0], depends_on=("TASK_nowhere",)),))
        with pytest.raises(DagError, match="TASK_nowhere"):
            store.create_loaded(broken)
        assert store.tasks(dag.experiment_id) == []

    def test_a_loaded_dag_is_replaced_only_when_all_its_tasks_have_ended(self, store: GraphStore) -> None:
        dag = loaded_dag({"first": (), "second": ("first",)})
        assert not store.replace_loaded(dag)
        store.create_loaded(dag)
        assert not store.replace_loaded(loaded_dag(CHAIN, dag.experiment_id))
        assert [task.name for task in store.tasks(dag.experiment_id)] == ["first", "second"]

    def test_a_replaced_dag_keeps_completed_tasks_and_counts_from_their_states(self, store: GraphStore) -> None:
        dag = loaded_dag(CHAIN)
        store.create_loaded(dag)
        run_to_end(store, store.tasks(dag.experiment_id)[0], outputs={"answer": 42})
        run_to_end(store, store.tasks(dag.experiment_id)[1], TaskState.FAILED)
        apply_one(store, store.tasks(dag.experiment_id)[2], TaskState.CANCELED)
        kept = store.tasks(dag.experiment_id)[0]
        fresh = loaded_dag({"second": (), "third": ("second",)}, dag.experiment_id)
        second, third = (replace(task, process_id="PROCESS_new") for task in fresh.tasks)
        kept = replace(kept, process_id="PROCESS_new")
        renewed = replace(fresh, tasks=(kept, replace(second, depends_on=(kept.task_id,)), third))
        assert store.replace_loaded(renewed)
        found = store.tasks(dag.experiment_id)
        assert found[0] == kept
        assert [task.open_predecessors for task in found] == [0, 0, 1]
        assert [task.unsuccessful_predecessors for task in found] == [0, 0, 0]
        assert dag.experiment_id in store.unfinished()
        assert run_to_end(store, found[1]).upstream_outputs == {"first": {"answer": 42}, "second": {}}
        assert run_to_end(store, store.tasks(dag.experiment_id)[2]).open_tasks == 0

    def test_deleted_tasks_are_gone_and_may_be_deleted_again(self, store: GraphStore, diamond: LoadedDag) -> None:
        store.delete_loaded(diamond.experiment_id)
        store.delete_loaded(diamond.experiment_id)
        assert store.tasks(diamond.experiment_id) == []
        assert diamond.experiment_id not in store.unfinished()
        with pytest.raises(NotFoundError, match=diamond.tasks[0].task_id):
            store.task(diamond.tasks[0].task_id)
        assert store.create_loaded(diamond)

    # -- compare-and-set ---------------------------------------------------------------
    def test_nothing_is_applied_to_nothing(self, store: GraphStore) -> None:
        assert store.apply([]) == []

    def test_an_accepted_transition_sets_what_it_gives(self, store: GraphStore, diamond: LoadedDag) -> None:
        top = store.task(diamond.tasks[0].task_id)
        given: dict[str, Any] = {
            "owner": "worker-1",
            "not_before_us": 5,
            "waiting_for": AWKWARD,
            "reason": AWKWARD,
            "user_message": "x",
        }
        applied = apply_one(store, top, TaskState.EXECUTING, failures=2, next_attempt=4, at_us=77, **given)
        assert applied.accepted
        line = TaskChange(state=TaskState.EXECUTING, attempt=4, at_us=77, by="tester", reason=AWKWARD)
        expected = replace(top, state=TaskState.EXECUTING, failures=2, attempt=4, history=(*top.history, line), **given)
        assert applied.task == expected == store.task(top.task_id)
        assert (applied.open_tasks, applied.unsuccessful_tasks, applied.unblocked) == (4, 0, ())

    def test_a_refused_transition_changes_nothing(self, store: GraphStore, diamond: LoadedDag) -> None:
        created = store.task(diamond.tasks[0].task_id)
        claimed = apply_one(store, created, TaskState.EXECUTING, owner="first").task
        assert claimed is not None
        late = apply_one(store, created, TaskState.EXECUTING, owner="second")
        of_other_attempt = apply_one(store, replace(claimed, attempt=2), TaskState.COMPLETED)
        assert [late.accepted, of_other_attempt.accepted] == [False, False]
        assert late.task == of_other_attempt.task == claimed == store.task(created.task_id)
        assert late.open_tasks == 4

    def test_an_unknown_task_is_no_error(self, store: GraphStore) -> None:
        task = loaded_dag({"unknown": ()}).tasks[0]
        assert apply_one(store, task, TaskState.EXECUTING) == Applied(accepted=False, task=None)

    def test_a_forbidden_transition_raises_and_nothing_of_the_call_is_stored(
        self, store: GraphStore, diamond: LoadedDag
    ) -> None:
        top, left = diamond.tasks[:2]
        with pytest.raises(ConflictError, match=left.task_id):
            store.apply([transition(top, TaskState.EXECUTING), transition(left, TaskState.COMPLETED)])
        assert store.task(top.task_id).state is TaskState.CREATED

    def test_a_new_attempt_fences_the_outcomes_of_the_old_one_off(self, store: GraphStore, diamond: LoadedDag) -> None:
        claimed = apply_one(store, diamond.tasks[0], TaskState.EXECUTING).task
        assert claimed is not None
        again = apply_one(store, claimed, TaskState.CREATED, next_attempt=2, failures=1).task
        assert again is not None
        assert (again.state, again.attempt, again.failures) == (TaskState.CREATED, 2, 1)
        assert not apply_one(store, claimed, TaskState.COMPLETED).accepted
        assert run_to_end(store, again).accepted

    def test_outputs_and_failures_are_kept_unless_given(self, store: GraphStore, diamond: LoadedDag) -> None:
        top = apply_one(store, diamond.tasks[0], TaskState.EXECUTING, failures=3, outputs={"a": [AWKWARD]}).task
        assert top is not None
        done = apply_one(store, top, TaskState.COMPLETED).task
        assert done is not None
        assert (done.failures, done.outputs) == (3, {"a": [AWKWARD]})

    def test_a_job_parks_a_task_and_leaves_with_the_next_transition(
        self, store: GraphStore, diamond: LoadedDag
    ) -> None:
        top = apply_one(store, diamond.tasks[0], TaskState.EXECUTING).task
        assert top is not None
        submitted = job()
        parked = apply_one(store, top, TaskState.EXECUTING, job=submitted).task
        assert parked is not None
        assert parked.job == submitted
        assert parked.parked
        assert store.parked([diamond.experiment_id, "no such experiment"]) == [parked]
        assert store.parked([]) == []
        assert apply_one(store, parked, TaskState.COMPLETED).task == replace(
            store.task(top.task_id), state=TaskState.COMPLETED, job=None
        )
        assert store.parked([diamond.experiment_id]) == []

    def test_transitions_of_one_call_are_applied_in_order(self, store: GraphStore) -> None:
        dag = loaded_dag(CHAIN)
        store.create_loaded(dag)
        first, second = dag.tasks[:2]
        executing = replace(first, state=TaskState.EXECUTING)
        answers = store.apply(
            [
                transition(first, TaskState.EXECUTING),
                transition(executing, TaskState.COMPLETED, outputs={"n": 1}),
                transition(executing, TaskState.FAILED),
                transition(second, TaskState.EXECUTING),
            ]
        )
        assert [one.accepted for one in answers] == [True, True, False, True]
        assert [one.task and one.task.state for one in answers] == [
            TaskState.EXECUTING,
            TaskState.COMPLETED,
            TaskState.COMPLETED,
            TaskState.EXECUTING,
        ]
        assert [[task.name for task in one.unblocked] for one in answers] == [[], ["second"], ["second"], []]

    def test_history_grows_by_a_line_for_each_accepted_transition(self, store: GraphStore, diamond: LoadedDag) -> None:
        run_to_end(store, diamond.tasks[0], reason="done")
        apply_one(store, diamond.tasks[0], TaskState.EXECUTING)
        history = store.task(diamond.tasks[0].task_id).history
        assert [line.state for line in history] == [TaskState.CREATED, TaskState.EXECUTING, TaskState.COMPLETED]
        assert (history[2].by, history[2].reason) == ("tester", "done")

    # -- successors and counters ---------------------------------------------------------
    def test_the_end_of_a_task_unblocks_its_successors(self, store: GraphStore, diamond: LoadedDag) -> None:
        applied = run_to_end(store, diamond.tasks[0], outputs={"n": 1})
        assert [task.name for task in applied.unblocked] == ["left", "right"]
        assert applied.unblocked == tuple(store.task(task.task_id) for task in diamond.tasks[1:3])
        assert applied.upstream_outputs == {"top": {"n": 1}} == store.outputs(diamond.experiment_id)
        assert (applied.open_tasks, applied.unsuccessful_tasks) == (3, 0)

    def test_a_join_waits_for_its_last_predecessor(self, store: GraphStore, diamond: LoadedDag) -> None:
        run_to_end(store, diamond.tasks[0])
        after_left = run_to_end(store, store.task(diamond.tasks[1].task_id))
        assert (after_left.unblocked, after_left.upstream_outputs) == ((), {})
        after_right = run_to_end(store, store.task(diamond.tasks[2].task_id), TaskState.FAILED)
        (bottom,) = after_right.unblocked
        assert (bottom.open_predecessors, bottom.unsuccessful_predecessors) == (0, 1)
        assert after_right.upstream_outputs == {"top": {}, "left": {}}
        assert (after_right.open_tasks, after_right.unsuccessful_tasks) == (1, 1)

    def test_a_repeated_transition_tells_again_what_it_unblocked(self, store: GraphStore, diamond: LoadedDag) -> None:
        claimed = apply_one(store, diamond.tasks[0], TaskState.EXECUTING).task
        assert claimed is not None
        first = apply_one(store, claimed, TaskState.COMPLETED)
        apply_one(store, store.task(diamond.tasks[1].task_id), TaskState.EXECUTING)
        again = apply_one(store, claimed, TaskState.COMPLETED)
        assert not again.accepted
        assert [task.name for task in first.unblocked] == ["left", "right"]
        assert [task.name for task in again.unblocked] == ["right"]  # left has been claimed meanwhile
        assert (again.open_tasks, again.upstream_outputs) == (3, {"top": {}})

    def test_a_cancelled_task_unblocks_like_a_failed_one(self, store: GraphStore, diamond: LoadedDag) -> None:
        applied = apply_one(store, diamond.tasks[0], TaskState.CANCELED)
        assert [task.unsuccessful_predecessors for task in applied.unblocked] == [1, 1]
        assert (applied.open_tasks, applied.unsuccessful_tasks) == (3, 1)

    @pytest.mark.parametrize("end", [TaskState.FAILED, TaskState.CANCELED])
    def test_trying_again_reverses_the_counters(self, store: GraphStore, diamond: LoadedDag, end: TaskState) -> None:
        before = store.tasks(diamond.experiment_id)
        ended = run_to_end(store, diamond.tasks[0], end).task
        assert ended is not None
        again = apply_one(store, ended, TaskState.CREATED, next_attempt=2)
        assert (again.unblocked, again.open_tasks, again.unsuccessful_tasks) == ((), 4, 0)
        assert store.tasks(diamond.experiment_id)[1:] == before[1:]
        assert again.task is not None
        assert len(run_to_end(store, again.task).unblocked) == 2

    def test_unfinished_lists_experiments_with_open_tasks(self, store: GraphStore, diamond: LoadedDag) -> None:
        single = loaded_dag({"only": ()})
        store.create_loaded(single)
        assert {diamond.experiment_id, single.experiment_id} <= set(store.unfinished())
        run_to_end(store, single.tasks[0], TaskState.FAILED)
        assert diamond.experiment_id in store.unfinished()
        assert single.experiment_id not in store.unfinished()

    def test_executing_lists_what_runs_and_what_waits_for_a_job(self, store: GraphStore, other: GraphStore) -> None:
        dag = loaded_dag({"runs": (), "parked": (), "waits": (), "ended": ()})
        ended_dag = loaded_dag({"only": ()})
        assert store.create_loaded(dag)
        assert store.create_loaded(ended_dag)
        runs = apply_one(store, dag.tasks[0], TaskState.EXECUTING, owner="worker-1").task
        claimed = apply_one(store, dag.tasks[1], TaskState.EXECUTING).task
        assert runs is not None
        assert claimed is not None
        parked = apply_one(store, claimed, TaskState.EXECUTING, job=job()).task
        run_to_end(store, dag.tasks[3])
        run_to_end(store, ended_dag.tasks[0])
        ours = {dag.experiment_id, ended_dag.experiment_id}
        assert [task for task in other.executing() if task.experiment_id in ours] == [runs, parked]
        apply_one(store, runs, TaskState.CREATED, next_attempt=2)
        assert [task for task in other.executing() if task.experiment_id in ours] == [parked]

    # -- intent and notes ----------------------------------------------------------------
    def test_an_intent_is_stored_only_for_the_running_attempt(self, store: GraphStore, diamond: LoadedDag) -> None:
        task = diamond.tasks[0]
        assert not store.record_intent(task.task_id, 1, {"n": 0})
        claimed = apply_one(store, task, TaskState.EXECUTING).task
        assert claimed is not None
        assert not store.record_intent(task.task_id, 2, {"n": 1})
        assert not store.record_intent("TASK_nowhere", 1, {"n": 1})
        assert store.record_intent(task.task_id, 1, {"job_name": AWKWARD})
        assert store.task(task.task_id).intent == {"job_name": AWKWARD}
        kept = apply_one(store, claimed, TaskState.CREATED, next_attempt=2).task
        assert kept is not None
        assert kept.intent == {"job_name": AWKWARD}
        cleared = apply_one(store, kept, TaskState.EXECUTING, clear_intent=True).task
        assert cleared is not None
        assert cleared.intent is None

    def test_waiting_is_noted_for_tasks_that_have_not_ended(self, store: GraphStore, diamond: LoadedDag) -> None:
        top, left = diamond.tasks[:2]
        run_to_end(store, top)
        store.note_waiting({top.task_id: "too late", left.task_id: AWKWARD, "TASK_nowhere": "x"})
        store.note_waiting({})
        assert store.task(top.task_id).waiting_for == ""
        assert store.task(left.task_id).waiting_for == AWKWARD

    def test_reading_what_is_not_there(self, store: GraphStore) -> None:
        nowhere = unique("experiment")
        assert (store.tasks(nowhere), store.outputs(nowhere), store.parked([nowhere])) == ([], {}, [])
        with pytest.raises(NotFoundError, match="TASK_nowhere"):
            store.task("TASK_nowhere")

    # -- many at once ----------------------------------------------------------------------
    def test_of_many_claims_exactly_one_wins(self, store: GraphStore, other: GraphStore, diamond: LoadedDag) -> None:
        start = Barrier(8)

        def claim(number: int) -> bool:
            start.wait(10)
            handle = store if number % 2 else other
            return apply_one(handle, diamond.tasks[0], TaskState.EXECUTING, owner=str(number)).accepted

        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(claim, range(8))) == 1

    def test_a_join_is_unblocked_once_however_its_predecessors_end(self, store: GraphStore) -> None:
        names = [f"part {number}" for number in range(8)]
        dag = loaded_dag({**dict.fromkeys(names, ()), "join": names})
        store.create_loaded(dag)
        start = Barrier(8)

        def finish(task: Task) -> int:
            start.wait(10)
            return len(run_to_end(store, task).unblocked)

        with ThreadPoolExecutor(8) as threads:
            assert sum(threads.map(finish, dag.tasks[:8])) == 1
        assert named(store.tasks(dag.experiment_id))["join"].open_predecessors == 0

    def test_it_behaves_like_the_model(self, store: GraphStore) -> None:
        run_state_machine_as_test(
            machine_for(store),
            settings=settings(
                max_examples=self.model_examples,
                stateful_step_count=self.model_steps,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
