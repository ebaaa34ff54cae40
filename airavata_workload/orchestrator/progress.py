"""Applies transitions and everything that follows from them: the heart of the orchestrator.

The order of writes is what makes a kill at any point harmless. The graph
store first, because it is the truth; then the messages that make others act,
for which a worker waits; then the audit trail with its events; at last the
recovery node. A message that caused the transitions is acknowledged only after
all of that, so whatever was cut off is done again, and each of these writes
may be done again.
"""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import replace

import structlog

from airavata_workload.domain.change import StateChange
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import DagError
from airavata_workload.domain.message import (
    MONITOR_QUEUE,
    SCHEDULER_QUEUE,
    ProcessCancelled,
    TaskAction,
    TaskMessage,
    WatchJob,
)
from airavata_workload.domain.states import (
    ExperimentState,
    TaskState,
)
from airavata_workload.domain.task import Task
from airavata_workload.domain.task_parameters import resolved_parameters
from airavata_workload.domain.transition import Applied, Transition
from airavata_workload.journal import Journal, history_of
from airavata_workload.orchestrator import decision, job_record, stopping
from airavata_workload.orchestrator.ends import Ended, Ends
from airavata_workload.orchestrator.stopping import with_job
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import JobRecord, Registry
from airavata_workload.ports.task_queue import Message, TaskQueue

log = structlog.get_logger("airavata_workload.orchestrator")


class Progress:
    """Moves experiments forward. Stateless: all it knows is in the stores."""

    def __init__(
        self,
        *,
        graph: GraphStore,
        registry: Registry,
        journal: Journal,
        queue: TaskQueue,
        nodes: RecoveryNodes,
        clock: Clock,
    ) -> None:
        self._graph = graph
        self._registry = registry
        self._journal = journal
        self._queue = queue
        self._nodes = nodes
        self._clock = clock
        self._by = nodes.session
        self._ends = Ends(graph, registry, nodes.session, clock)
        self._clerk = ThreadPoolExecutor(max_workers=1, thread_name_prefix="orchestrator-journal")

    def apply(self, transitions: Sequence[Transition], messages: Sequence[Message] = ()) -> None:
        """Apply the transitions, release or skip what they unblock, and end experiments that have no open task.

        ``messages`` are published together with those that follow from the transitions.
        """
        self._write_down(self._apply(transitions, messages))

    def apply_at_once(self, transitions: Sequence[Transition], freed: Message) -> Future[None]:
        """As ``apply``, for whom the next transitions wait already: all is written down when the future is done.

        What several calls have to write down is written in their order.
        ``freed`` is published after all that follows from the transitions.
        """
        return self._clerk.submit(self._write_down, self._apply(transitions, (), [freed]))

    def release(self, tasks: Sequence[Task], outputs: dict[str, object]) -> None:
        """Make the tasks, whose predecessors have all ended, run or be skipped (at launch and after a crash)."""
        effects = _Effects(messages=[])
        result = Applied(accepted=True, task=None, unblocked=tuple(tasks), upstream_outputs=outputs, open_tasks=1)  # type: ignore[arg-type]
        skipped = self._release(result, effects)
        self._publish(effects)
        self._write_down(effects)
        if skipped:
            self.apply(skipped)

    def _apply(
        self, transitions: Sequence[Transition], messages: Sequence[Message], at_last: Sequence[Message] = ()
    ) -> _Effects:
        """Store the transitions and publish what follows; the rest is to be written down."""
        effects = _Effects(messages=list(messages), at_last=at_last)
        waiting = list(transitions)
        while waiting:
            applied = self._graph.apply(waiting)
            following: list[Transition] = []
            for transition, result in zip(waiting, applied, strict=True):
                self._note(transition, result, effects)
                if self._stops(transition, result):
                    following += self._stop(result, effects)
                    continue
                following += self._release(result, effects)
                if result.task is not None and _is_tried_again(transition, result.task):
                    # Its predecessors have ended long ago, so nothing else will release it. Also when the outcome comes
                    # a second time: whoever had stored this may not have been able to tell the scheduler.
                    effects.again.append(result.task)
            waiting = following
        self._publish(effects)
        return effects

    # -- one transition -----------------------------------------------------------
    def _note(self, transition: Transition, result: Applied, effects: _Effects) -> None:
        task = result.task
        if task is None:
            return
        if result.accepted:
            effects.changes.append(transition.change(task.name))
        else:
            # It may have been applied just before a crash that kept the audit trail from hearing of it.
            effects.changes += history_of(task)
        if task.parked and task.attempt == transition.attempt and transition.job is not None:
            self._watch(task, transition, effects)
        if result.open_tasks == 0:
            effects.ended[task.experiment_id] = result.unsuccessful_tasks

    def _stops(self, transition: Transition, result: Applied) -> bool:
        """Whether the task ended, in an experiment that is being cancelled, so that a job may belong to nobody now.

        Or whether it would run once more there, because its worker is gone.
        """
        task = result.task
        if task is None or transition.expected is not TaskState.EXECUTING:
            return False
        stopped = task.state is TaskState.CANCELED and (result.unblocked or not result.open_tasks)
        matters = stopped or with_job(task) or _is_tried_again(transition, task)
        return bool(matters) and self._canceling(task.experiment_id)

    def _stop(self, result: Applied, effects: _Effects) -> list[Transition]:
        """Messages that cancel the jobs, which the experiment outlives; transitions for what will not run."""
        assert result.task is not None  # noqa: S101 - narrows the type
        stop = stopping.stop(self._graph.tasks(result.task.experiment_id))
        effects.messages += [cancel_message(task) for task in stop.cancel]
        return [decision.not_run(task, self._by, self._clock(), "the experiment is cancelled") for task in stop.end]

    def _watch(self, task: Task, transition: Transition, effects: _Effects) -> None:
        job = task.job
        if job is None:
            return
        record, change = job_record.submitted(task, job, transition.by, transition.at_us)
        effects.jobs.append(record)
        effects.changes.append(change)
        effects.messages.append(watch_message(task))
        if self._canceling(task.experiment_id):
            effects.messages.append(cancel_message(task))

    def _canceling(self, experiment_id: str) -> bool:
        return self._registry.experiment(experiment_id).state is ExperimentState.CANCELING

    def _release(self, result: Applied, effects: _Effects) -> list[Transition]:
        """Messages for the unblocked tasks that are to run; transitions for those that are not."""
        refused: list[Transition] = []
        for task in result.unblocked:
            if task.when.fires(task.unsuccessful_predecessors):
                refused += self._ready(task, result.upstream_outputs, effects)
            elif task.unsuccessful_predecessors:
                refused.append(decision.not_run(task, self._by, self._clock(), "a task before it did not complete"))
            else:
                refused.append(decision.not_run(task, self._by, self._clock(), "not needed: nothing before it failed"))
        return refused

    def _ready(self, task: Task, outputs: object, effects: _Effects) -> list[Transition]:
        try:
            parameters = resolved_parameters(task, outputs)  # type: ignore[arg-type]
        except DagError as error:
            failed = decision.not_run(task, self._by, self._clock(), error.message)
            return [replace(failed, target=TaskState.FAILED, user_message=error.message)]
        message = TaskMessage.of(task, parameters)
        effects.messages.append(Message(queue=SCHEDULER_QUEUE, body=message.to_body(), priority=message.priority))
        return []

    # -- effects ---------------------------------------------------------------------
    def _publish(self, effects: _Effects) -> None:
        for task in effects.again:
            refused = self._ready(task, self._graph.outputs(task.experiment_id), effects)
            if refused:
                self.apply(refused)
        messages = [*effects.messages, *effects.at_last]
        if messages:
            self._queue.publish(messages, durable=False)

    def _write_down(self, effects: _Effects) -> None:
        """What a crash keeps from being written is rebuilt from the tasks' history."""
        ended = self._ends.of(effects.ended) if effects.ended else Ended()
        self._cancel(ended.unwatched)
        self._journal.write([*effects.changes, *ended.changes], durable=False)
        if effects.jobs:
            self._registry.save_jobs(effects.jobs, durable=False)
        if ended.experiment_ids:
            self._nodes.remove(*ended.experiment_ids)

    def end(self, experiment_id: str, unsuccessful_tasks: int) -> None:
        """Write the end of an experiment that has no open task, unless a job has to be cancelled before.

        Writing it again changes nothing.
        """
        ended = self._ends.of({experiment_id: unsuccessful_tasks})
        self._cancel(ended.unwatched)
        self._journal.write(ended.changes)
        if ended.experiment_ids:
            self._nodes.remove(*ended.experiment_ids)

    def _cancel(self, unwatched: Sequence[Task]) -> None:
        """Ask for the cancellation of jobs that no task waits for, and that keep their experiments open."""
        if unwatched:
            log.warning(
                "jobs that no task will wait for are cancelled before their experiments end",
                jobs=[(task.experiment_id, task.name, task.job.job_id if task.job else "") for task in unwatched],
            )
            self._queue.publish([cancel_message(task) for task in unwatched])


def _is_tried_again(transition: Transition, task: Task) -> bool:
    """Whether this transition has made the task ready for another attempt."""
    return task.state is TaskState.CREATED and task.attempt > transition.attempt


class _Effects:
    """What is to be made known once the graph store has been written."""

    def __init__(self, messages: list[Message], at_last: Sequence[Message] = ()) -> None:
        self.messages = messages
        self.at_last = at_last
        self.changes: list[StateChange] = []
        self.jobs: list[JobRecord] = []
        self.again: list[Task] = []
        self.ended: dict[str, int] = {}


def watch_message(task: Task) -> Message:
    """Tells the monitor to watch the job of a parked task."""
    return Message(queue=MONITOR_QUEUE, body=WatchJob.of(task).to_body())


def cancel_message(task: Task, now_us: int = 0, delay_us: int = 0) -> Message:
    """Tells a worker, by way of the scheduler and after a delay, to cancel the job of a parked task."""
    message = TaskMessage.of(task, {}, action=TaskAction.CANCEL)
    message = replace(message, not_before_us=now_us + delay_us if delay_us else 0, delay_us=delay_us)
    return Message(queue=SCHEDULER_QUEUE, body=message.to_body(), priority=int(task.priority))


def forget_message(experiment_id: str, process_id: str) -> Message:
    """Tells the scheduler to drop what it keeps of a process that is cancelled."""
    cancelled = ProcessCancelled(experiment_id=experiment_id, process_id=process_id)
    return Message(queue=SCHEDULER_QUEUE, body=cancelled.to_body())
