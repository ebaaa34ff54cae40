"""Slurm: jobs go through sbatch, squeue, sacct, scancel and scontrol."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Mapping, Sequence

from airavata_adapters.batch_systems import (
    job_script,
    script_values,
    slurm_load,
    slurm_states,
    slurm_status,
    slurm_submission,
)
from airavata_workload.domain.cluster import BatchLoad
from airavata_workload.domain.errors import ParameterError
from airavata_workload.domain.job import Job, JobDescription, JobReport
from airavata_workload.domain.states import JobState
from airavata_workload.ports.batch_system import TRY_LATER, BatchSystem
from airavata_workload.ports.remote_shell import CommandResult

_IDS_PER_CALL = 5000
"""Keeps the arguments of one call far below what Linux takes (Source: execve(2), ARG_MAX)."""
# What is said of jobs on which there is nothing left to act. Source: slurm_errno.c of Slurm 22.05.
_IT_HAS_ENDED = (
    "-e 'Invalid job id' -e 'already completing or completed' -e 'already finished' -e 'Job is no longer pending'"
)


class Slurm(BatchSystem):
    """The dialect of Slurm 20.11 and later; tested against 22.05.

    The commands are looked for in the cluster's ``command_directory``, or on
    the PATH. Three witnesses say what became of a job: the queue, accounting
    and the exit-code file.
    """

    name = "slurm"
    script_suffix = ".slurm"
    min_poll_interval_s = 1.0
    max_poll_interval_s = 30.0
    submission_settle_s = 30.0

    def _command(self, name: str) -> str:
        directory = self.cluster.command_directory
        return shlex.quote(posixpath.join(directory, name)) if directory else name

    # -- submitting -------------------------------------------------------------
    def job_script(self, description: JobDescription) -> str:
        """The job script. Raises ``ParameterError`` that names a value which may not stand in it."""
        return job_script.render("slurm.sh.j2", self.cluster, description, self.script_variables(description))

    def script_variables(self, description: JobDescription) -> Mapping[str, object]:
        """Values of the directives, checked; the wall time in minutes, rounded up, because Slurm counts in minutes."""
        resources = description.resources
        words = {
            "queue": resources.queue,
            "allocation": resources.allocation,
            "quality_of_service": resources.quality_of_service,
            "reservation": resources.reservation,
        }
        stderr = "" if description.stderr == description.stdout else description.stderr
        return {
            "shell": "bash",
            "resources": {
                **{name: script_values.directive_word(name.replace("_", " "), value) for name, value in words.items()},
                "node_count": resources.node_count,
                "cpu_count": resources.cpu_count,
                "memory_mib": resources.memory_mib,
            },
            "wall_time_min": -(-resources.wall_time_s // 60) if resources.wall_time_s else None,
            "stdout_pattern": _file_pattern("standard output", description.stdout, description.working_directory),
            "stderr_pattern": _file_pattern("standard error", stderr, description.working_directory),
            "directives": tuple(_directive(line) for line in (*self.cluster.directives, *description.directives)),
            "job_id_file": _job_id_file(description.job_name),
        }

    def submit_script(self, job_name: str, script_path: str) -> str:
        """Submits with sbatch from the script's directory."""
        return slurm_submission.submit_script(self._command("sbatch"), job_name, script_path)

    def parse_job_id(self, result: CommandResult) -> str:
        """The id that sbatch has printed; errors as the port says."""
        return slurm_submission.parse_job_id(result)

    def find_script(self, job_name: str) -> str:
        """Looks in the working directory, in squeue and in sacct."""
        commands = (self._command("squeue"), self._command("sacct"))
        return slurm_submission.find_script(*commands, job_name, _job_id_file(job_name))

    def parse_found(self, job_name: str, result: CommandResult) -> str | None:
        """The id found, the first if there are several; errors as the port says."""
        return slurm_submission.parse_found(job_name, result)

    # -- watching ------------------------------------------------------------------
    def status_script(self, jobs: Sequence[Job]) -> str:
        """One squeue for all jobs, and the exit-code files of those that have left the queue."""
        return slurm_status.status_script(self._command("squeue"), self._command("sacct"), jobs)

    def parse_status(self, jobs: Sequence[Job], result: CommandResult) -> dict[str, JobReport]:
        """Reports of squeue and of exit-code files."""
        return slurm_status.parse_status(jobs, result)

    def accounting_script(self, jobs: Sequence[Job]) -> str | None:
        """Asks sacct about these jobs."""
        return slurm_status.accounting_script(self._command("sacct"), jobs)

    def parse_accounting(self, jobs: Sequence[Job], result: CommandResult) -> dict[str, JobReport]:
        """Reports of sacct and, where there are no accounts, of exit-code files."""
        return slurm_status.parse_accounting(jobs, result)

    def job_state(self, native_state: str) -> JobState:
        """Airavata's state for a long or compact state of Slurm."""
        return slurm_states.job_state(native_state)

    # -- acting --------------------------------------------------------------------
    def cancel_script(self, jobs: Sequence[Job]) -> str:
        """scancel; it succeeds for jobs that have ended and for jobs that Slurm has forgotten."""
        return self._for_each(jobs, f"{self._command('scancel')} --quiet")

    def hold_script(self, jobs: Sequence[Job]) -> str | None:
        """``scontrol hold``: pending jobs do not start; running ones go on."""
        return self._for_each(jobs, f"{self._command('scontrol')} hold", separator=",")

    def release_script(self, jobs: Sequence[Job]) -> str | None:
        """``scontrol release``."""
        return self._for_each(jobs, f"{self._command('scontrol')} release", separator=",")

    def check_script(self) -> str:
        """``sinfo`` names the partitions if the controller answers."""
        return (
            f"export LC_ALL=C\ncommand -v {self._command('sbatch')} >/dev/null || "
            "{ echo 'There is no sbatch: set command_directory in the cluster file.' >&2; exit 127; }\n"
            f"{self._command('sinfo')} --noheader --format='%R'\n"
        )

    def load_script(self) -> str | None:
        """``squeue`` counts everybody's jobs, ``sinfo`` the CPUs."""
        return slurm_load.load_script(self._command("squeue"), self._command("sinfo"))

    def parse_load(self, result: CommandResult) -> BatchLoad:
        """As ``slurm_load.parse_load``."""
        return slurm_load.parse_load(result)

    def _for_each(self, jobs: Sequence[Job], command: str, separator: str = " ") -> str:
        """Run the command on all jobs; what it says of unknown and of ended jobs is no failure."""
        ids = [job.job_id for job in jobs if job.job_id.isdecimal()]
        calls = "".join(
            f"said=$({command} {separator.join(ids[start : start + _IDS_PER_CALL])} 2>&1) || check $?\n"
            for start in range(0, len(ids), _IDS_PER_CALL)
        )
        return (
            "export LC_ALL=C\nresult=0\ncheck() {\n"
            f"  rest=$(printf '%s\\n' \"$said\" | grep -v {_IT_HAS_ENDED}) || return 0\n"
            "  printf '%s\\n' \"$rest\" >&2\n"
            f"  case $rest in *'ontact slurm controller'* | *'timed out'*) result={TRY_LATER} ;; *) result=$1 ;; esac\n"
            "}\n"
            f'{calls}exit "$result"\n'
        )


def _job_id_file(job_name: str) -> str:
    """Where, in the working directory, a job writes its id as soon as it starts."""
    return f".{job_name}.job"


def _directive(line: str) -> str:
    """A line of the administrator: as it is, with Slurm's prefix if it has none."""
    return line if line.startswith("#") else f"#SBATCH {line}"


def _file_pattern(what: str, name: str, directory: str) -> str:
    """A file name as sbatch reads it: in quotes, and with ``%`` doubled, which would begin a pattern.

    A relative name is put behind the working directory before patterns are
    filled in, so a directory with ``%`` has to stand in the pattern itself.
    Raises ``ParameterError`` for a directory with a backslash, after which
    ``%%`` is not undone.

    Source: sbatch(1), "filename pattern"; what becomes of double quotes and of
    the directory is tested against the real one.
    """
    checked = script_values.output_file(what, name)
    if not checked:
        return ""
    if "\\" in directory:
        raise ParameterError(
            f"The working directory {directory!r} holds a backslash, with which Slurm cannot open a job's output.",
            remedy="Choose another scratch_directory in the cluster's file.",
        )
    if "%" in directory:
        checked = posixpath.join(directory, checked)
    return '"' + checked.replace("%", "%%").replace('"', '\\"') + '"'
