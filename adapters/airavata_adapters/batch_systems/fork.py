"""``fork``: the batch system for a machine that has none. A job is a process group of its own that starts at once."""

from __future__ import annotations

import math
import posixpath
import shlex
from collections.abc import Mapping, Sequence

from airavata_adapters.batch_systems import fork_scripts, job_script, script_values
from airavata_adapters.batch_systems.answers import BEGIN, required, sections
from airavata_adapters.batch_systems.exit_codes import CANCELLED, TIME, parse_record
from airavata_workload.domain.cluster import BatchLoad
from airavata_workload.domain.errors import SubmissionRejectedError, SubmissionUncertainError, UnavailableError
from airavata_workload.domain.job import Job, JobDescription, JobReport
from airavata_workload.domain.states import JobState
from airavata_workload.ports.batch_system import BatchSystem
from airavata_workload.ports.remote_shell import CommandResult

# Source: dash(1) and bash(1) when fork(2) fails with EAGAIN: the user has as many processes as are allowed.
_NOT_NOW = ("Cannot fork", "Resource temporarily unavailable", "Cannot allocate memory")
_STATES: Mapping[str, JobState] = {
    "running": JobState.ACTIVE,
    "stopped": JobState.SUSPENDED,
    "gone": JobState.FAILED,
    TIME: JobState.FAILED,
    CANCELLED: JobState.CANCELED,
    "elsewhere": JobState.UNKNOWN,
}
_GONE = {
    "killed": "its process is gone and left no exit code: it was killed, or its disk is full",
    "restart": "the machine was restarted while it ran",
}


class Fork(BatchSystem):
    """Runs each job as a session and process group of its own, which outlives the engine and the connection.

    The job id is host, process id and start time of the group's leader. Both
    stand, with the number of the machine's boot, in ``.NAME.process`` in the
    working directory, so that a process id that was given out again, or a
    machine that was restarted, is not taken for the job. There is no queue:
    memory, processors and the like are not limited, only the wall time is.
    """

    name = "fork"
    script_suffix = ".sh"
    min_poll_interval_s = 0.02
    max_poll_interval_s = 5.0
    submission_settle_s = 0.0  # Only one process can make the process file, however late it starts.

    # -- submitting -------------------------------------------------------------
    def job_script(self, description: JobDescription) -> str:
        """The job script. Raises ``ParameterError`` that names a value which may not stand in it."""
        return job_script.render("fork.sh.j2", self.cluster, description, self.script_variables(description))

    def script_variables(self, description: JobDescription) -> Mapping[str, object]:
        """File names, the wall time and the pause between TERM and KILL."""
        stdout = script_values.output_file("standard output", description.stdout) or f"{description.job_name}.stdout"
        stderr = script_values.output_file("standard error", description.stderr) or f"{description.job_name}.stderr"
        return {
            "shell": "sh",
            "stdout": posixpath.normpath(stdout),
            "stderr": posixpath.normpath(stderr),
            "wall_time_s": description.resources.wall_time_s,
            "grace_s": fork_scripts.GRACE_S,
            "process_file": f".{description.job_name}.process",
            "started_mark": fork_scripts.STARTED,
            "taken_mark": fork_scripts.TAKEN,
            "own_process_group": True,
        }

    def submit_script(self, job_name: str, script_path: str) -> str:
        """Starts the script in a session of its own and waits until it has said that it runs."""
        directory, file_name = posixpath.split(script_path)
        return (
            f"LC_ALL=C\ncd -- {shlex.quote(directory or '.')} || exit\nprintf '{BEGIN}\\n'\n"
            # The substitution ends when the job lets go of its standard output, which it does right after that.
            f"said=$(setsid sh {shlex.quote('./' + file_name)} </dev/null 2>&1 &)\n"
            'printf \'%s\\n@@fork %s\\n\' "$said" "$?"\n'
        )

    def parse_job_id(self, result: CommandResult) -> str:
        """The id that the job has given itself; errors as the port says."""
        section = sections(result).get("fork")
        if section is None:
            said = result.error_text or result.text.strip() or "nothing was said"
            raise SubmissionUncertainError(f"Whether the job started is not known: {said[-500:]}")
        for line in section.lines:
            mark, _, job_id = line.partition(" ")
            if mark == fork_scripts.STARTED and job_id:
                return job_id
        said = " ".join((*section.lines, result.error_text)).strip()[-500:] or "it gave no reason"
        if fork_scripts.TAKEN in section.lines:
            raise SubmissionUncertainError("The job's process file exists already, so it may have been started before.")
        if any(text in said for text in _NOT_NOW):
            raise UnavailableError(f"The machine cannot start another process now: {said}")
        raise SubmissionRejectedError(
            f"The job could not be started: {said}", user_message=f"The job could not be started: {said}"
        )

    def find_script(self, job_name: str) -> str:
        """Reads the process file in the working directory: a job that has started has left one."""
        file = shlex.quote(f"./.{job_name}.process")
        return (
            f"printf '{BEGIN}\\n'\n"
            f"if [ -e {file} ]; then read -r host boot pid start <{file} && "
            'printf "%s.%s.%s\\n" "$host" "$pid" "$start"; fi\nprintf "@@find %s\\n" "$?"\n'
        )

    def parse_found(self, job_name: str, result: CommandResult) -> str | None:
        """The id of the job that has started under that name; errors as the port says."""
        try:
            section = required(sections(result), "find", result, "Looking for the job")
        except UnavailableError as error:
            raise SubmissionUncertainError(f"Whether job {job_name} exists is not known: {error}") from None
        if section.exit_code != 0:
            raise SubmissionUncertainError(
                f"The process file .{job_name}.process is there and says nothing, so job {job_name} may have started.",
                remedy="If no such process runs, remove the file.",
            )
        return section.lines[-1] if section.lines else None

    # -- watching ------------------------------------------------------------------
    def status_script(self, jobs: Sequence[Job]) -> str:
        """Looks at the process and the exit-code file of every job."""
        return fork_scripts.status(jobs)

    def parse_status(self, jobs: Sequence[Job], result: CommandResult) -> dict[str, JobReport]:
        """Reports by job id. A job without a process file, whose directory is gone perhaps, is left out."""
        answer = required(sections(result), "jobs", result, "Looking at the processes")
        if answer.exit_code != 0:
            raise UnavailableError(f"awk could not look at the processes: {result.error_text[-500:]}")
        wanted = {job.job_id for job in jobs}
        reports: dict[str, JobReport] = {}
        for line in answer.lines:
            job_id, *words = line.split("\t")
            report = _report(job_id, words) if job_id in wanted else None
            if report is not None:
                reports[job_id] = report
        return reports

    def job_state(self, native_state: str) -> JobState:
        """Airavata's state for ``running``, ``stopped``, ``exit N``, ``time``, ``cancelled``, ``gone``."""
        kind, _, code = native_state.partition(" ")
        if kind == "exit" and code.isdecimal():
            return JobState.COMPLETE if code == "0" else JobState.FAILED
        return _STATES.get(native_state, JobState.UNKNOWN)

    # -- acting --------------------------------------------------------------------
    def cancel_script(self, jobs: Sequence[Job]) -> str:
        """TERM to the process groups, and KILL some seconds later to those that are still there."""
        return fork_scripts.cancel(jobs)

    def hold_script(self, jobs: Sequence[Job]) -> str | None:
        """STOP: a job here is never pending, so holding it suspends it. Its wall time goes on."""
        return fork_scripts.signal(jobs, "STOP")

    def release_script(self, jobs: Sequence[Job]) -> str | None:
        """CONT."""
        return fork_scripts.signal(jobs, "CONT")

    def check_script(self) -> str:
        """What jobs and queries need of the machine: ``setsid`` and ``awk``."""
        return (
            "command -v setsid || { echo 'There is no setsid: install util-linux.' >&2; exit 127; }\n"
            "command -v awk || { echo 'There is no awk: install mawk or gawk.' >&2; exit 127; }\n"
        )

    def load_script(self) -> str | None:
        """The load average of the last minute, and the processors."""
        return "cat /proc/loadavg && getconf _NPROCESSORS_ONLN\n"

    def parse_load(self, result: CommandResult) -> BatchLoad:
        """Whatever runs there, be it a job or not. Source: proc(5), /proc/loadavg; getconf(1)."""
        lines = result.text.split("\n")
        try:
            return BatchLoad(
                jobs_running=math.ceil(float(lines[0].split()[0])), jobs_pending=0, cpu_count=int(lines[1])
            )
        except (IndexError, ValueError, OverflowError):
            said = result.error_text[-500:] or result.text.strip()[-500:]
            raise UnavailableError(f"{self.cluster.name} does not say how busy it is: {said}") from None


def _report(job_id: str, words: Sequence[str]) -> JobReport | None:
    kind, detail = words[0], words[1:]
    if kind == "ended":
        record = parse_record(detail)
        return record.report(job_id) if record else None
    if kind == "alive":
        native = "stopped" if detail[0] in ("T", "t") else "running"
        return JobReport(job_id=job_id, state=_STATES[native], native_state=native)
    if kind == "elsewhere":
        reason = f"it runs on {detail[0]}, and another machine answers now; set the cluster's host to that one"
        return JobReport(job_id=job_id, state=JobState.UNKNOWN, native_state=kind, reason=reason)
    if kind == "gone":
        return JobReport(job_id=job_id, state=JobState.FAILED, native_state=kind, reason=_GONE[detail[0]])
    return None
