"""What is known of an experiment at one moment, for views to show."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypedDict

from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState
from airavata_workload.domain.task import Task
from airavata_workload.ports.registry import JobRecord


class OutputFile(TypedDict):
    """A file in the output directory: path relative to it, and size."""

    path: str
    size_bytes: int


@dataclass(frozen=True, slots=True)
class TaskProgress:
    """How far an attempt at a task is: units done and in all, and what is being done."""

    done: int
    total: int
    what: str


@dataclass
class Picture:
    """An experiment as last seen; ``progress`` is by task id."""

    experiment: Experiment
    tasks: list[Task] = field(default_factory=list)
    jobs: list[JobRecord] = field(default_factory=list)
    progress: dict[str, TaskProgress] = field(default_factory=dict)

    @property
    def ended(self) -> bool:
        """Whether the experiment has ended."""
        return self.experiment.state in EXPERIMENT_ENDS

    @property
    def completed(self) -> bool:
        """Whether the experiment has ended well."""
        return self.experiment.state is ExperimentState.COMPLETED
