"""Random DAGs, claims, outcomes, late duplicates and retries, against a model in memory."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from airavata_workload.domain.states import TASK_ENDS, TASK_TRANSITIONS, TaskState
from airavata_workload.domain.task import Task
from airavata_workload.domain.transition import Applied, Transition
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.testing.samples import loaded_dag, transition


@st.composite
def shapes(draw: st.DrawFn) -> dict[str, list[str]]:
    """Up to seven tasks, each after any of those before it."""
    names = [f"t{number}" for number in range(draw(st.integers(1, 7)))]
    return {
        name: draw(st.lists(st.sampled_from(names[:place]), unique=True)) if place else []
        for place, name in enumerate(names)
    }


class Model:
    """The tasks of one experiment; every counter is computed anew from the states."""

    def __init__(self, tasks: tuple[Task, ...]) -> None:
        self.tasks = {task.task_id: task for task in tasks}

    def apply(self, request: Transition) -> bool:
        """Whether the compare succeeds; then the state is set."""
        task = self.tasks[request.task_id]
        if (task.state, task.attempt) != (request.expected, request.attempt):
            return False
        self.tasks[task.task_id] = replace(
            task,
            state=request.target,
            attempt=request.next_attempt or task.attempt,
            outputs=request.outputs or task.outputs,
            owner=request.owner,
        )
        return True

    def counters(self, task: Task) -> tuple[int, int]:
        """How many predecessors are open, and how many ended without success."""
        before = [self.tasks[name].state for name in task.depends_on]
        return sum(state not in TASK_ENDS for state in before), sum(_unsuccessful(state) for state in before)

    def unblocked_by(self, task_id: str) -> list[str]:
        """Successors that wait for nothing any more, if the task has ended."""
        if self.tasks[task_id].state not in TASK_ENDS:
            return []
        return [
            task.task_id
            for task in self.tasks.values()
            if task_id in task.depends_on and task.state is TaskState.CREATED and self.counters(task)[0] == 0
        ]

    def outputs(self) -> dict[str, Any]:
        """Outputs of the completed tasks."""
        return {task.name: task.outputs for task in self.tasks.values() if task.state is TaskState.COMPLETED}

    def open_and_unsuccessful(self) -> tuple[int, int]:
        """The two counts of the experiment."""
        states = [task.state for task in self.tasks.values()]
        return sum(state not in TASK_ENDS for state in states), sum(map(_unsuccessful, states))


def _unsuccessful(state: TaskState) -> bool:
    return state in TASK_ENDS and state is not TaskState.COMPLETED


class GraphStoreMachine(RuleBasedStateMachine):
    """One experiment; ``store`` is set in the subclass that ``machine_for`` makes."""

    store: GraphStore

    def __init__(self) -> None:
        super().__init__()
        self.model = Model(())
        self.experiment_id = ""
        self.sent: list[Transition] = []
        self.clock_us = 1

    @initialize(shape=shapes())
    def create(self, shape: dict[str, list[str]]) -> None:
        """Store a DAG of the shape."""
        dag = loaded_dag(shape)
        self.model = Model(dag.tasks)
        self.experiment_id = dag.experiment_id
        assert self.store.create_loaded(dag)

    @rule(data=st.data())
    def change_some(self, data: st.DataObject) -> None:
        """Send one to three allowed transitions of present states in one call."""
        requests = []
        for task in data.draw(st.lists(st.sampled_from(list(self.model.tasks.values())), min_size=1, max_size=3)):
            choices = sorted(TASK_TRANSITIONS[task.state] | {task.state})
            target = data.draw(st.sampled_from(choices))
            requests.append(self._request(task, target))
        self._send(requests)

    @precondition(lambda self: self.sent)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Send an earlier transition a second time."""
        self._send([data.draw(st.sampled_from(self.sent))])

    @rule(data=st.data())
    def come_late(self, data: st.DataObject) -> None:
        """Send the outcome of an attempt that was never, or is no longer, the present one."""
        task = data.draw(st.sampled_from(list(self.model.tasks.values())))
        attempt = task.attempt + data.draw(st.sampled_from([-1, 1]))
        self._send([self._request(replace(task, attempt=attempt, state=TaskState.EXECUTING), TaskState.COMPLETED)])

    def _request(self, task: Task, target: TaskState) -> Transition:
        self.clock_us += 1
        again = task.state is not TaskState.CREATED and target is TaskState.CREATED
        return transition(
            task,
            target,
            at_us=self.clock_us,
            owner=f"worker-{self.clock_us}",
            next_attempt=task.attempt + 1 if again else None,
            outputs={"at": self.clock_us} if target is TaskState.COMPLETED else {},
        )

    def _send(self, requests: list[Transition]) -> None:
        self.sent += requests
        for request, answer in zip(requests, self.store.apply(requests), strict=True):
            self._check(request, answer)

    def _check(self, request: Transition, answer: Applied) -> None:
        assert answer.accepted == self.model.apply(request)
        assert answer.task is not None
        self._check_task(answer.task)
        assert [task.task_id for task in answer.unblocked] == self.model.unblocked_by(request.task_id)
        for task in answer.unblocked:
            self._check_task(task)
        assert answer.upstream_outputs == (self.model.outputs() if answer.unblocked else {})
        assert (answer.open_tasks, answer.unsuccessful_tasks) == self.model.open_and_unsuccessful()

    def _check_task(self, task: Task) -> None:
        expected = self.model.tasks[task.task_id]
        assert (task.state, task.attempt, task.owner) == (expected.state, expected.attempt, expected.owner)
        assert task.outputs == expected.outputs
        assert (task.open_predecessors, task.unsuccessful_predecessors) == self.model.counters(expected)

    @invariant()
    def what_is_stored_is_what_the_model_says(self) -> None:
        """All tasks, outputs and the list of unfinished experiments."""
        if not self.experiment_id:
            return
        for task in self.store.tasks(self.experiment_id):
            self._check_task(task)
        assert self.store.outputs(self.experiment_id) == self.model.outputs()
        assert (self.experiment_id in self.store.unfinished()) == (self.model.open_and_unsuccessful()[0] > 0)

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.store.delete_loaded(self.experiment_id)


def machine_for(store: GraphStore) -> type[GraphStoreMachine]:
    """The machine's class for one store."""
    return type("GraphStoreMachineOfOneStore", (GraphStoreMachine,), {"store": store})
