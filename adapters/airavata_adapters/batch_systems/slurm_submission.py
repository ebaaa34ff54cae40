"""Submitting to Slurm, and finding what was submitted: scripts and what their answers mean.

Source: sbatch(1), squeue(1), sacct(1) of Slurm 22.05; the texts of its errors:
``slurm_errno.c`` of the same release. Answers of the real programs are in
``tests/recorded/slurm-22.05``.
"""

from __future__ import annotations

import posixpath
import re
import shlex

from airavata_adapters.batch_systems.answers import BEGIN, close_section, required, sections
from airavata_workload.domain.errors import (
    SubmissionRejectedError,
    SubmissionUncertainError,
    UnavailableError,
)
from airavata_workload.ports.remote_shell import CommandResult

LOOK_BACK = "now-30days"
"""How far accounting is searched for a job's name; an engine that slept longer than this must be woken by a person."""

# A job id, with the cluster's name in a federation. Source: sbatch(1), --parsable.
_JOB_ID = re.compile(r"(\d+)(?:;[\w.-]+)?")
_SUBMITTED = re.compile(r"Submitted batch job (\d+)(?: on cluster \S+)?")
# The request may have arrived: slurmctld can still take the job up after sbatch has given up.
_UNCERTAIN = (
    "Socket timed out on send/recv operation",
    "Zero Bytes were transmitted or received",
    "Unexpected message received",
    "Communication connection failure",
    "Transport endpoint is not connected",
    "Connection reset by peer",
    "Message receive failure",
    "Header lengths are longer than data received",
)
_NOT_NOW = (
    "Unable to contact slurm controller",
    "Slurm temporarily unable to accept job",
    "Slurm controller not responding",
    "Resource temporarily unavailable",
    "Slurm backup controller in standby mode",
    "Unable to establish controller machine",
    # Limits on how many jobs may be in the queue: they pass when other jobs end.
    "MaxSubmitJob",
    "MaxSubmitPU",
    "MaxSubmitPA",
    "Pending job limit",
    "job submit limit exceeded",
)
_REJECTED = ("Batch job submission failed:", "This does not look like a batch script", "Unable to open file")
_NEVER_STARTED = "BadConstraints"


def submit_script(sbatch: str, job_name: str, script_path: str) -> str:
    """Submit a script from its own directory, to which the names of the output files are relative."""
    directory, file_name = posixpath.split(script_path)
    return (
        f"export LC_ALL=C\ncd -- {shlex.quote(directory or '.')} || exit\n"
        f"printf '{BEGIN}\\n'\n"
        f"{sbatch} --parsable --job-name={shlex.quote(job_name)} {shlex.quote('./' + file_name)}\n"
        'airavata_code=$?\nprintf \'\\n@@sbatch %s\\n\' "$airavata_code"\nexit "$airavata_code"\n'
    )


def parse_job_id(result: CommandResult) -> str:
    """The id of the accepted job; see ``BatchSystem.parse_job_id``."""
    section = sections(result).get("sbatch")
    if section is not None and section.exit_code == 0:
        # A site's wrapper around sbatch may greet first; sbatch's own answer is the last line.
        last = section.lines[-1].strip() if section.lines else ""
        match = _JOB_ID.fullmatch(last) or _SUBMITTED.fullmatch(last)
        if match:
            return match.group(1)
        raise SubmissionUncertainError(f"sbatch succeeded and gave no job id but {last[:200]!r}.")
    said = f"{result.error_text}\n" + "\n".join(section.lines if section else ())
    if result.exit_code == 127 or "sbatch: not found" in said or "sbatch: command not found" in said:
        raise SubmissionRejectedError(
            f"There is no sbatch where it was looked for: {_last_line(said)}",
            remedy="Set command_directory in the cluster file to the directory of Slurm's commands.",
        )
    if section is None or any(text in said for text in _UNCERTAIN):
        raise SubmissionUncertainError(f"Whether Slurm took the job is not known: {_last_line(said)}")
    if any(text in said for text in _NOT_NOW):
        raise UnavailableError(f"Slurm does not take the job now: {_complaint(said)}")
    # sbatch ends with 255 when it cannot make sense of an option, before it asks any server.
    if any(text in said for text in _REJECTED) or section.exit_code == 255:
        complaint = _complaint(said)
        raise SubmissionRejectedError(
            f"Slurm refused the job: {complaint}", user_message=f"The batch system refused the job: {complaint}"
        )
    raise SubmissionUncertainError(f"sbatch ended with exit code {result.exit_code}: {_last_line(said)}")


def _complaint(said: str) -> str:
    lines = [line.strip().removeprefix("sbatch: ").removeprefix("error: ") for line in said.split("\n")]
    chosen = [line.removeprefix("Batch job submission failed: ") for line in lines if line]
    return "; ".join(dict.fromkeys(chosen))[-1000:] or "it gave no reason"


def _last_line(said: str) -> str:
    lines = [line.strip() for line in said.split("\n") if line.strip()]
    return lines[-1][-500:] if lines else "it said nothing"


def find_script(squeue: str, sacct: str, job_name: str, job_id_file: str) -> str:
    """Look for a job in three places: the file that the job writes when it starts, the queue, accounting."""
    name = shlex.quote(job_name)
    return (
        f"export LC_ALL=C\nprintf '{BEGIN}\\n'\n"
        f"[ ! -e {shlex.quote(job_id_file)} ] || cat -- {shlex.quote(job_id_file)}\n{close_section('file')}"
        f'{squeue} --noheader --states=all --user="$(id -u)" --name={name} --format="%i|%r" 2>&1\n'
        f"{close_section('squeue')}"
        f"{sacct} --noheader --parsable2 --allocations --name={name} --starttime={LOOK_BACK} "
        f"--format=JobID,State,NodeList 2>&1\n{close_section('sacct')}"
    )


def parse_found(job_name: str, result: CommandResult) -> str | None:
    """The id of the job of that name; see ``BatchSystem.parse_found``.

    Slurm keeps a record even of some jobs that it has refused (their reason is
    ``BadConstraints``, they never had a node); those do not count.
    """
    try:
        found = sections(result)
        names = ("file", "squeue", "sacct")
        file, queue, accounting = (required(found, name, result, "Looking for the job") for name in names)
    except UnavailableError as error:
        raise SubmissionUncertainError(f"Whether job {job_name} exists is not known: {error}") from None
    started = [line.strip() for line in file.lines if line.strip().isdecimal()]
    if started:
        return started[-1]
    ids: list[str] = []
    if queue.exit_code == 0:
        rows = [line.split("|") for line in queue.lines]
        ids += [row[0] for row in rows if row[0].isdecimal() and row[-1] != _NEVER_STARTED]
    if accounting.exit_code == 0:
        rows = [line.split("|") for line in accounting.lines]
        ids += [row[0] for row in rows if row[0].isdecimal() and not _refused(row)]
    if ids:
        return min(ids, key=int)
    if queue.exit_code != 0:
        raise SubmissionUncertainError(f"squeue cannot say whether job {job_name} exists: {' '.join(queue.lines)}")
    if accounting.exit_code != 0 and not accounting_is_off(accounting.lines):
        raise SubmissionUncertainError(f"sacct cannot say whether job {job_name} exists: {' '.join(accounting.lines)}")
    return None


def accounting_is_off(lines: tuple[str, ...]) -> bool:
    """Whether sacct says that this cluster keeps no accounts (or is not installed), so it is no witness."""
    said = "\n".join(lines)
    return "accounting storage is disabled" in said or "not found" in said or "No such file" in said


def _refused(row: list[str]) -> bool:
    """Whether an accounting row (id, state, nodes) is of a job that failed without ever having had a node."""
    return len(row) == 3 and row[1] == "FAILED" and row[2] in ("None assigned", "")
