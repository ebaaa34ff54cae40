"""Experiments, jobs and the audit trail, for people and clients to look at."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from airavata_workload.domain.change import StateChange
from airavata_workload.domain.experiment import Experiment, Standing
from airavata_workload.domain.job import Job
from airavata_workload.domain.states import ExperimentState, JobState


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRecord:
    """A job as last seen."""

    job: Job
    experiment_id: str
    task_id: str
    state: JobState
    exit_code: int | None = None
    native_state: str = ""
    reason: str = ""
    updated_at_us: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentRecord:
    """An experiment with all that a registry knows of it."""

    experiment: Experiment
    changes: Sequence[StateChange] = ()
    jobs: Sequence[JobRecord] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentFilter:
    """Which experiments ``Registry.experiments`` lists; ``None`` does not filter."""

    state: ExperimentState | None = None
    application_type: str | None = None
    compute_resource: str | None = None
    user: str | None = None
    gateway: str | None = None
    name_contains: str | None = None
    held: bool | None = None


class Registry(ABC):
    """Stores experiments and what happened to them. Writes are idempotent and durable when they return."""

    @abstractmethod
    def create_experiments(self, experiments: Sequence[Experiment]) -> set[str]:
        """Store new experiments; one whose id exists already is left as it is. Returns the ids of those stored now."""

    @abstractmethod
    def restore(self, records: Sequence[ExperimentRecord]) -> list[bool]:
        """Store experiments of another registry as they are, with audit trail and jobs, all in one transaction.

        Present states are those of the experiments; no change moves them. For
        each record: False, and no change, if an experiment of that id is there.
        """

    @abstractmethod
    def experiment(self, experiment_id: str) -> Experiment:
        """One experiment, by its id or an unambiguous beginning of it. Raises ``NotFoundError``."""

    @abstractmethod
    def several(self, experiment_ids: Sequence[str]) -> dict[str, Experiment]:
        """Those of these experiments that are there, by their (whole) ids."""

    @abstractmethod
    def standings(self, experiment_ids: Sequence[str]) -> dict[str, Standing]:
        """As ``several``, but only what may change of them: that is quicker to read."""

    @abstractmethod
    def experiments(self, which: ExperimentFilter, *, limit: int = 50, offset: int = 0) -> list[Experiment]:
        """Matching experiments, the newest first."""

    @abstractmethod
    def count(self, which: ExperimentFilter) -> int:
        """How many experiments match."""

    @abstractmethod
    def record(self, changes: Sequence[StateChange], *, durable: bool = True) -> list[bool]:
        """Write changes to the audit trail; for experiments and processes also set the present state.

        Without ``durable`` a loss of power may undo it until the next write of
        this process that is durable. For changes that can be rebuilt from the
        graph store.

        For each change: False if it was written before, or if the state
        machine does not let it follow the present state of the experiment or
        process (a late change); then nothing is written. An experiment that
        has ended begins again only with a new process (``start_process``).
        """

    @abstractmethod
    def unrecorded(self, changes: Sequence[StateChange]) -> list[StateChange]:
        """Those of the changes that the audit trail lacks, as far as reads see it (see ``record``)."""

    @abstractmethod
    def audit_trail(self, experiment_id: str) -> list[StateChange]:
        """All changes of the experiment, its process, tasks and jobs in order of time."""

    @abstractmethod
    def start_process(self, experiment_id: str, process_id: str) -> None:
        """Make a new process (state CREATED) the experiment's present one; the audit trail keeps the old one's."""

    @abstractmethod
    def place(self, experiment_id: str, compute_resource: str) -> str:
        """Make that the compute resource of an experiment that has none yet; returns the one that it has now.

        Raises ``NotFoundError``.
        """

    @abstractmethod
    def set_held(self, experiment_id: str, held: bool) -> None:
        """Mark an experiment as held or not."""

    @abstractmethod
    def save_jobs(self, records: Sequence[JobRecord], *, durable: bool = True) -> None:
        """Insert or update jobs, keyed by (cluster, job id, task id). ``durable`` as with ``record``."""

    @abstractmethod
    def jobs(self, experiment_id: str) -> list[JobRecord]:
        """The experiment's jobs in order of submission."""

    @abstractmethod
    def statistics(self) -> Mapping[str, Any]:
        """Number of experiments by state."""

    @abstractmethod
    def close(self) -> None:
        """Release connections."""
