"""The dialect of a batch system: builds commands and parses what they print. Pure functions only."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence

from airavata_workload.domain.cluster import BatchLoad, Cluster
from airavata_workload.domain.errors import UnavailableError
from airavata_workload.domain.job import Job, JobDescription, JobReport
from airavata_workload.domain.states import JobState
from airavata_workload.ports.remote_shell import CommandResult

TRY_LATER = 75
"""Exit code of a script that found the batch system not answering (Source: sysexits(3), EX_TEMPFAIL)."""


class BatchSystem(ABC):
    """One dialect, for one cluster. Entry point of ``airavata_workload.batch_systems``: called with the cluster.

    Everything that is returned as a *script* is POSIX shell with every word
    quoted. No method talks to the machine: the engine runs the scripts.
    """

    name: str
    script_suffix: str = ".sh"
    min_poll_interval_s: float = 2.0
    """How soon after a submission, and how often at most, the queue may be asked."""
    max_poll_interval_s: float = 30.0
    submission_settle_s: float = 30.0
    """How long after a submission broke off its job may still appear in the queue, in seconds.

    0 is for a batch system that itself starts only one job of a name in a
    directory, however often and late a submission is carried out.
    """

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster

    # -- submitting -------------------------------------------------------------
    @abstractmethod
    def job_script(self, description: JobDescription) -> str:
        """The text of the job script. It must leave the exit-code file ``exit_code_file(job_name)``."""

    @abstractmethod
    def submit_script(self, job_name: str, script_path: str) -> str:
        """A script that submits ``script_path`` and prints what ``parse_job_id`` understands."""

    @abstractmethod
    def parse_job_id(self, result: CommandResult) -> str:
        """The id of the accepted job.

        Raises ``SubmissionRejectedError`` when the batch system surely refused
        it, ``UnavailableError`` when it surely did not get that far (server
        down) and ``SubmissionUncertainError`` when neither is sure.
        """

    @abstractmethod
    def find_script(self, job_name: str) -> str:
        """A script that looks for a job by its name in the queue and in accounting.

        It is run in the job's working directory, where it may find traces of the job.
        """

    @abstractmethod
    def parse_found(self, job_name: str, result: CommandResult) -> str | None:
        """The id of the job of that name, ``None`` if there surely is none.

        Raises ``SubmissionUncertainError`` when the answer does not allow to say.
        """

    # -- watching ------------------------------------------------------------------
    @abstractmethod
    def status_script(self, jobs: Sequence[Job]) -> str:
        """One script that asks about all these jobs at once."""

    @abstractmethod
    def parse_status(self, jobs: Sequence[Job], result: CommandResult) -> dict[str, JobReport]:
        """Reports by job id. A job that the answer does not list is left out: silence is not a result.

        Raises ``UnavailableError`` when the answer as a whole is no answer.
        """

    def accounting_script(self, jobs: Sequence[Job]) -> str | None:
        """A script that asks the second witness about jobs that the queue no longer lists; ``None`` if none exists."""
        return None

    def parse_accounting(self, jobs: Sequence[Job], result: CommandResult) -> dict[str, JobReport]:
        """As ``parse_status``, for the answer to ``accounting_script``."""
        return {}

    # -- acting --------------------------------------------------------------------
    @abstractmethod
    def cancel_script(self, jobs: Sequence[Job]) -> str:
        """A script that cancels the jobs. Cancelling a job that has ended is not an error.

        It exits with ``TRY_LATER`` when the batch system does not answer.
        """

    def hold_script(self, jobs: Sequence[Job]) -> str | None:
        """A script that holds pending jobs; ``None`` if the batch system cannot."""
        return None

    def release_script(self, jobs: Sequence[Job]) -> str | None:
        """A script that releases held jobs; ``None`` if the batch system cannot."""
        return None

    @abstractmethod
    def check_script(self) -> str:
        """A quick script that proves that the batch system answers (for ``doctor``); exit code 0 if it does."""

    @abstractmethod
    def job_state(self, native_state: str) -> JobState:
        """Airavata's job state for the batch system's own word; UNKNOWN for a word it does not know."""

    def load_script(self) -> str | None:
        """A quick script that asks how busy the machine is; ``None`` if the batch system cannot say."""
        return None

    def parse_load(self, result: CommandResult) -> BatchLoad:
        """What the answer to ``load_script`` says. Raises ``UnavailableError`` when it is no answer."""
        raise UnavailableError(f"the batch system of {self.cluster.name} does not say how busy it is")

    def script_variables(self, description: JobDescription) -> Mapping[str, object]:
        """More variables for the job script's template; none by default."""
        return {}


def exit_code_file(job_name: str) -> str:
    """Name, in the working directory, of the file in which the job script leaves its exit code."""
    return f".{job_name}.exit"
