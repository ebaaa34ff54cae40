"""A sign and a colour for every state; the sign alone says enough where there are no colours."""

from __future__ import annotations

from dataclasses import dataclass

from rich.text import Text

from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import ExperimentState, JobState, ProcessState, State, TaskState
from airavata_workload.domain.task import Task


@dataclass(frozen=True, slots=True)
class Mark:
    """One character (and its like in ASCII) and a style of rich."""

    sign: str
    ascii_sign: str
    style: str

    def text(self, *, ascii_only: bool = False) -> Text:
        """The sign in its colour."""
        return Text(self.ascii_sign if ascii_only else self.sign, style=self.style)


WAITING = Mark("○", ".", "dim")
RUNNING = Mark("●", ">", "cyan")
IN_QUEUE = Mark("◷", "~", "blue")
DONE = Mark("✓", "+", "green")
FAILED = Mark("✗", "x", "bold red")
CANCELED = Mark("⊘", "-", "yellow")
HELD = Mark("‖", "=", "magenta")
UNKNOWN = Mark("?", "?", "yellow")

_TASKS = {
    TaskState.CREATED: WAITING,
    TaskState.EXECUTING: RUNNING,
    TaskState.COMPLETED: DONE,
    TaskState.FAILED: FAILED,
    TaskState.CANCELED: CANCELED,
}
_EXPERIMENTS = {
    ExperimentState.CREATED: WAITING,
    ExperimentState.VALIDATED: WAITING,
    ExperimentState.SCHEDULED: WAITING,
    ExperimentState.LAUNCHED: RUNNING,
    ExperimentState.EXECUTING: RUNNING,
    ExperimentState.CANCELING: CANCELED,
    ExperimentState.CANCELED: CANCELED,
    ExperimentState.COMPLETED: DONE,
    ExperimentState.FAILED: FAILED,
}
_PROCESSES: dict[State, Mark] = {
    ProcessState.COMPLETED: DONE,
    ProcessState.FAILED: FAILED,
    ProcessState.CANCELLING: CANCELED,
    ProcessState.CANCELED: CANCELED,
}
_JOBS = {
    JobState.SUBMITTED: IN_QUEUE,
    JobState.QUEUED: IN_QUEUE,
    JobState.ACTIVE: RUNNING,
    JobState.COMPLETE: DONE,
    JobState.CANCELED: CANCELED,
    JobState.FAILED: FAILED,
    JobState.SUSPENDED: HELD,
    JobState.UNKNOWN: UNKNOWN,
    JobState.NON_CRITICAL_FAIL: UNKNOWN,
}


def mark_of_state(state: State) -> Mark:
    """The mark of a state of an experiment, a process, a task or a job."""
    if isinstance(state, TaskState):
        return _TASKS[state]
    if isinstance(state, ExperimentState):
        return _EXPERIMENTS[state]
    if isinstance(state, JobState):
        return _JOBS[state]
    return _PROCESSES.get(state, RUNNING)


def mark_of_task(task: Task, job_state: JobState | None = None) -> Mark:
    """The mark of a task; one that waits for a job has the mark of the job."""
    if task.parked:
        return _JOBS[job_state] if job_state in (JobState.ACTIVE, JobState.SUSPENDED, JobState.UNKNOWN) else IN_QUEUE
    return _TASKS[task.state]


def mark_of_experiment(experiment: Experiment) -> Mark:
    """The mark of an experiment; one that is held and has not ended shows that."""
    mark = _EXPERIMENTS[experiment.state]
    return HELD if experiment.held and mark in (WAITING, RUNNING) else mark


def word(state: State) -> str:
    """The state as it is written in a sentence or a table."""
    return state.lower().replace("_", " ")
