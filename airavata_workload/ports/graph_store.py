"""Where abstract and loaded DAGs live. This is the truth about which task is done."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.job import Job
from airavata_workload.domain.task import LoadedDag, Task
from airavata_workload.domain.transition import Applied, Transition


class GraphStore(ABC):
    """Keeps DAGs; changes tasks only by compare-and-set on (task, state, attempt).

    Writes are durable when the method returns.
    """

    # -- abstract DAGs -------------------------------------------------------
    @abstractmethod
    def save_abstract(self, dag: AbstractDag) -> AbstractDag:
        """Store the DAG as the newest version of its application type and return it with that version.

        A DAG equal to the newest version (apart from the number) is not stored again.
        """

    @abstractmethod
    def abstract(self, application_type: str, version: int | None = None) -> AbstractDag:
        """The newest or the given version. Raises ``NotFoundError``, which names the nearest known type."""

    @abstractmethod
    def newest_version(self, application_type: str) -> int:
        """The number of the type's newest abstract DAG; 0 if it has none. None is ever removed or changed."""

    @abstractmethod
    def abstracts(self) -> list[AbstractDag]:
        """The newest version of every application type, sorted by name."""

    # -- loaded DAGs -----------------------------------------------------------
    @abstractmethod
    def create_loaded(self, dag: LoadedDag) -> bool:
        """Store all tasks in one transaction. False, and no change, if the experiment has a loaded DAG already.

        ``open_predecessors`` of each task is set from ``depends_on``; each task
        gets its first line of history (CREATED).
        """

    @abstractmethod
    def replace_loaded(self, dag: LoadedDag) -> bool:
        """Put the tasks of a new process in place of the experiment's ended ones, in one transaction.

        Used when a person retries an experiment. Tasks may come COMPLETED, with
        their outputs and history; counters are set from the states given. False,
        and no change, unless all tasks of the present loaded DAG have ended.
        """

    @abstractmethod
    def restore_loaded(self, dags: Sequence[LoadedDag], *, if_newest: bool = False) -> list[bool | None]:
        """Store loaded DAGs, new ones or those of another graph store, all in one transaction.

        Tasks come in whatever states, with attempts, owners, intents, jobs,
        outputs and history, and are stored as they are. Only counters are set,
        from the states, and the first line of a history that is empty. For each
        DAG: False, and no change, if its experiment has a loaded DAG already;
        ``None``, and no change, if that was asked for and the abstract DAG from
        which it was made is not the newest of its application type any more.
        """

    @abstractmethod
    def apply(self, transitions: Sequence[Transition]) -> list[Applied]:
        """Apply each transition by compare-and-set, in order, and say what became of each.

        All accepted ones are durable together. A transition into a final state
        lowers ``open_predecessors`` of the successors (and raises
        ``unsuccessful_predecessors`` unless it is COMPLETED) in the same
        transaction; one from a final state back to CREATED does the reverse.
        ``owner``, ``job`` and ``not_before_us`` are set as given; ``outputs``
        are stored if not empty; ``failures`` if not ``None``. A transition
        that its state table forbids raises ``ConflictError``.
        """

    @abstractmethod
    def record_intent(self, task_id: str, attempt: int, intent: Mapping[str, Any]) -> bool:
        """Store what a plugin is about to do, if the task is EXECUTING at that attempt; else return False."""

    @abstractmethod
    def note_waiting(self, notes: Mapping[str, str]) -> None:
        """Set ``waiting_for`` of tasks that have not ended, by task id. Informative only."""

    @abstractmethod
    def settle_job(self, task_id: str, job: Job) -> None:
        """Set ``job`` of a task that has COMPLETED: the job that it handed on was cancelled, or is over otherwise.

        That is no change of the task's state and adds no line to its history.
        A task that has not COMPLETED, or is not there, is left alone.
        """

    # -- reading ----------------------------------------------------------------
    @abstractmethod
    def task(self, task_id: str) -> Task:
        """One task. Raises ``NotFoundError``."""

    @abstractmethod
    def tasks(self, experiment_id: str) -> list[Task]:
        """The experiment's tasks in the order of its loaded DAG; empty if there is none."""

    @abstractmethod
    def loaded(self, experiment_ids: Iterable[str]) -> list[LoadedDag]:
        """The loaded DAGs of those of these experiments that have one, in the order of the ids.

        ``process_id`` is that of the tasks; '' if there are none.
        """

    @abstractmethod
    def outputs(self, experiment_id: str) -> dict[str, Mapping[str, Any]]:
        """Outputs of the experiment's completed tasks by task name."""

    @abstractmethod
    def parked(self, experiment_ids: Iterable[str]) -> list[Task]:
        """The tasks of these experiments that wait for a job."""

    @abstractmethod
    def executing(self) -> list[Task]:
        """All tasks in state EXECUTING, those that wait for a job included.

        For whoever takes over: a scheduler, a monitor, recovery. It does not
        cost more the more experiments have ended.
        """

    @abstractmethod
    def unfinished(self) -> list[str]:
        """Ids of all experiments that have tasks which have not ended."""

    @abstractmethod
    def delete_loaded(self, experiment_id: str) -> None:
        """Remove an experiment's tasks. Removing what is not there is not an error."""

    @abstractmethod
    def close(self) -> None:
        """Release connections."""
