"""How experiments end: what is written about it, for as many at once as end together.

An experiment that has no open task may still have a job that nobody waits for:
it was cancelled, or a task failed, before the task that was to wait had begun
to. Unless it COMPLETED (then its DAG wants the job to run on), it ends when the
job is known to be over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState, ProcessState, TaskState
from airavata_workload.domain.task import Task
from airavata_workload.journal import history_of
from airavata_workload.orchestrator import stopping
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.registry import Registry

_PROCESS_END = {
    ExperimentState.COMPLETED: ProcessState.COMPLETED,
    ExperimentState.FAILED: ProcessState.FAILED,
    ExperimentState.CANCELED: ProcessState.CANCELED,
}


@dataclass(frozen=True, slots=True)
class Ended:
    """``changes`` that are to be written; ``experiment_ids`` of those that have ended with them, or had before.

    ``unwatched``: tasks of the others, each with a job that is to be cancelled before its experiment ends, and that
    nobody has asked for yet.
    """

    changes: Sequence[StateChange] = ()
    experiment_ids: Sequence[str] = ()
    unwatched: Sequence[Task] = ()


class Ends:
    """Finds the changes with which experiments end, written by ``by``."""

    def __init__(self, graph: GraphStore, registry: Registry, by: str, clock: Clock) -> None:
        self._graph = graph
        self._registry = registry
        self._by = by
        self._clock = clock

    def of(self, unsuccessful_tasks: Mapping[str, int]) -> Ended:
        """For experiments without open tasks, by id: what is not written yet, which of them end, and what keeps others.

        There are no changes for one that has ended before. Whoever made a
        task's change may have died before it wrote the change down, and after
        this nobody looks again: so these are among them.
        """
        found = self._registry.several(list(unsuccessful_tasks))
        open_ones = [each for each in found.values() if each.state not in EXPERIMENT_ENDS]
        if not open_ones:
            return Ended(experiment_ids=list(unsuccessful_tasks))
        tasks = {dag.experiment_id: dag.tasks for dag in self._graph.loaded(each.experiment_id for each in open_ones)}
        lines = [change for some in tasks.values() for task in some for change in history_of(task)]
        changes = self._registry.unrecorded(lines)
        unwatched: list[Task] = []
        kept: set[str] = set()
        for experiment in open_ones:
            mine = tasks.get(experiment.experiment_id, ())
            tried = mine if unsuccessful_tasks[experiment.experiment_id] else ()
            state, reason, user_message = _end(experiment, tried)
            jobs = () if state is ExperimentState.COMPLETED else stopping.stop(mine).cancel
            if not jobs:
                changes += ending(experiment, state, self._by, self._clock(), reason, user_message)
                continue
            kept.add(experiment.experiment_id)
            if experiment.state is not ExperimentState.CANCELING:  # whoever cancels it asks for that itself
                unwatched += jobs
        return Ended(changes, [each for each in unsuccessful_tasks if each not in kept], unwatched)


def _end(experiment: Experiment, tasks: Sequence[Task]) -> tuple[ExperimentState, str, str]:
    """How an experiment ends, and the reasons for operator and user; ``tasks`` are given if some did not complete."""
    failed = next((task for task in tasks if task.state is TaskState.FAILED), None)
    if experiment.state is ExperimentState.CANCELING:
        return ExperimentState.CANCELED, "process cancelled", ""
    if failed is not None:
        return ExperimentState.FAILED, f"task {failed.name} failed: {failed.reason}", failed.user_message
    return ExperimentState.COMPLETED, "process completed", ""


def ending(
    experiment: Experiment, state: ExperimentState, by: str, at_us: int, reason: str, user_message: str
) -> list[StateChange]:
    """The changes with which an experiment and its process end."""
    process = StateChange(
        subject=Subject.PROCESS,
        subject_id=experiment.process_id,
        experiment_id=experiment.experiment_id,
        state=_PROCESS_END[state],
        at_us=at_us,
        by=by,
        reason=reason,
    )
    return [
        process,
        replace(
            process,
            subject=Subject.EXPERIMENT,
            subject_id=experiment.experiment_id,
            state=state,
            name=experiment.name,
            user_message=user_message,
        ),
    ]
