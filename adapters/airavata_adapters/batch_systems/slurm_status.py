"""Watching jobs of Slurm: one question for all jobs, and what the answers mean.

Source: squeue(1), sacct(1) of Slurm 22.05.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping, Sequence

from airavata_adapters.batch_systems import slurm_states
from airavata_adapters.batch_systems.answers import BEGIN, Section, close_section, required, sections
from airavata_adapters.batch_systems.exit_codes import BY_ITSELF, ExitRecord, parse_record, signal_reason
from airavata_adapters.batch_systems.slurm_submission import accounting_is_off
from airavata_workload.domain.errors import UnavailableError
from airavata_workload.domain.job import Job, JobReport
from airavata_workload.domain.states import JOB_ENDS, JobState
from airavata_workload.ports.batch_system import exit_code_file
from airavata_workload.ports.remote_shell import CommandResult

MAX_LISTED_JOBS = 2000
"""Up to so many jobs squeue is asked for by id, beyond for all jobs of the user.

Linux takes at most 128 KiB as one argument (Source: execve(2), MAX_ARG_STRLEN).
"""
_SACCT_PER_CALL = 1000
_SACCT_FORMAT = "--noheader --parsable2 --format=JobID,State,ExitCode,Timelimit,ReqMem,MaxRSS"
_NO_SUCH_JOB = "Invalid job id specified"

# Prints "E" and the exit-code file of those jobs of the second list that the first, squeue's answer, does not call
# pending or running; and "A" for those that squeue calls ended and of which accounting may know more: by whom it was
# cancelled, what killed it before it could write the file.
_AWK = r"""
BEGIN { FS = "\t" }
!second && $0 == "@@jobs" { second = 1; next }
!second { split($0, field, "|"); state[field[1]] = field[2]; next }
state[$1] != "PENDING" && state[$1] != "RUNNING" {
  written = (getline code < $2) > 0
  if (written) {
    if ((getline cause < $2) <= 0) cause = ""
    print "E\t" $1 "\t" code "\t" cause
  }
  close($2)
  if (state[$1] == "CANCELLED" || (state[$1] == "FAILED" && !written)) print "A\t" $1
}
"""


def status_script(squeue: str, sacct: str, jobs: Sequence[Job]) -> str:
    """Ask squeue about all jobs, and read the exit-code files of those that it does not call pending or running."""
    listed = len(jobs) <= MAX_LISTED_JOBS
    selection = f"--jobs={','.join(_ids(jobs))}" if listed else '--user="$(id -u)"'
    return (
        f"export LC_ALL=C\nprintf '{BEGIN}\\n'\n"
        # In a variable, because both we and awk need it.
        f"queue=$({squeue} --noheader --states=all {selection} --format='%i|%T|%r|%l' 2>&1)\n"
        'code=$?\nprintf "%s\\n@@squeue %s\\n" "$queue" "$code"\n'
        '[ "$code" -eq 0 ] || queue=\n'
        f"files=$({{ printf '%s\\n@@jobs\\n' \"$queue\"; cat <<'@@end-of-jobs'\n"
        f"{_job_lines(jobs)}@@end-of-jobs\n}} | awk {shlex.quote(_AWK)})\n"
        'printf "%s\\n@@files %s\\n" "$files" "$?"\n'
        "more=\nwhile IFS='\t' read -r kind id rest; do\n"
        '  [ "$kind" != A ] || more=$more,$id\n'
        "done <<@@end-of-files\n$files\n@@end-of-files\n"
        # Accounting may be down while the queue answers, and must not hold the answer up.
        'if [ -n "$more" ] && [ "${#more}" -lt 100000 ]; then\n'
        f'  timeout 10 {sacct} {_SACCT_FORMAT} --jobs="${{more#,}}" 2>/dev/null\n'
        f"  {close_section('sacct')}fi\n"
    )


def parse_status(jobs: Sequence[Job], result: CommandResult) -> dict[str, JobReport]:
    """Reports by job id; see ``BatchSystem.parse_status``.

    A job that squeue does not list is reported only when its exit-code file
    decides alone; otherwise accounting is asked.
    """
    found = sections(result)
    queue = required(found, "squeue", result, "Asking squeue")
    # Asked about a single job that it has forgotten, squeue fails; asked about several, it leaves it out.
    if queue.exit_code != 0 and _NO_SUCH_JOB not in "\n".join(queue.lines):
        raise UnavailableError(f"squeue does not answer: {' '.join(queue.lines)[-500:]}")
    exits = _exit_records(required(found, "files", result, "Reading exit-code files").lines)
    accounts = _accounting_rows(found["sacct"]) if "sacct" in found else {}
    listed = {row[0]: row for row in _rows(queue.lines, 4)} if queue.exit_code == 0 else {}
    reports: dict[str, JobReport] = {}
    for job in jobs:
        row, exit_record = listed.get(job.job_id), exits.get(job.job_id)
        if row is not None:
            reports[job.job_id] = _queue_report(row, exit_record)
            more = _accounting_report(job.job_id, accounts, exit_record)
            # Accounting may lag behind: what it has not yet closed says nothing.
            if more is not None and more.state in JOB_ENDS:
                reports[job.job_id] = more
        elif exit_record is not None and exit_record.decides:
            reports[job.job_id] = exit_record.report(job.job_id)
    return reports


def _queue_report(row: Sequence[str], exit_record: ExitRecord | None) -> JobReport:
    job_id, words, why, time_limit = row[:4]
    name, state = slurm_states.native_state(words), slurm_states.job_state(words)
    if name == "COMPLETING" and exit_record == ExitRecord(0, BY_ITSELF):
        # The script has ended well; what Slurm still does, which a node in trouble may draw out, changes nothing.
        # Of any other end Slurm will say more in a moment: who stopped the job, and why.
        return exit_record.report(job_id)
    code = exit_record.code if exit_record is not None and state in JOB_ENDS else None
    if state is JobState.COMPLETE and code is None:
        code = 0  # Source: sacct(1): COMPLETED is "all processes terminated with exit code zero".
    said = slurm_states.reason(words, why, time_limit)
    if not said and state is JobState.FAILED and code is not None:
        said = signal_reason(code)
    return JobReport(job_id=job_id, state=state, exit_code=code, native_state=name, reason=said)


def accounting_script(sacct: str, jobs: Sequence[Job]) -> str:
    """Ask sacct, and read the exit-code files for a cluster that keeps no accounts."""
    ids = _ids(jobs)
    calls = "".join(
        f"{sacct} {_SACCT_FORMAT} --jobs={','.join(ids[start : start + _SACCT_PER_CALL])} 2>&1 || code=$?\n"
        for start in range(0, len(ids), _SACCT_PER_CALL)
    )
    return (
        f"export LC_ALL=C\nprintf '{BEGIN}\\n'\ncode=0\n{calls}printf '@@sacct %s\\n' \"$code\"\n"
        f"{{ printf '@@jobs\\n'; cat <<'@@end-of-jobs'\n{_job_lines(jobs)}@@end-of-jobs\n}} | awk {shlex.quote(_AWK)}\n"
        f"{close_section('files')}"
    )


def parse_accounting(jobs: Sequence[Job], result: CommandResult) -> dict[str, JobReport]:
    """Reports by job id; see ``BatchSystem.parse_accounting``.

    That accounting is down raises no error: the queue has answered, and what it said must not be lost.
    """
    found = sections(result)
    accounts = required(found, "sacct", result, "Asking sacct")
    exits = _exit_records(required(found, "files", result, "Reading exit-code files").lines)
    off = accounts.exit_code != 0 and accounting_is_off(accounts.lines)
    rows = _accounting_rows(accounts)
    reports: dict[str, JobReport] = {}
    for job in jobs:
        exit_record = exits.get(job.job_id)
        report = _accounting_report(job.job_id, rows, exit_record)
        # While accounting is only down it may still say more than the file of a job that a signal ended.
        if report is None and exit_record is not None and (off or exit_record.decides or accounts.exit_code == 0):
            report = exit_record.report(job.job_id)
        if report is not None:
            reports[job.job_id] = report
    return reports


def _accounting_report(
    job_id: str, rows: Mapping[str, Sequence[str]], exit_record: ExitRecord | None
) -> JobReport | None:
    if job_id not in rows:
        return None
    words, exit_code, time_limit, requested = rows[job_id][1:5]
    batch = rows.get(f"{job_id}.batch")
    if batch is not None and slurm_states.native_state(batch[1]) == "OUT_OF_MEMORY":
        words = batch[1]  # The step knows it; the job itself may only be called failed.
    name, state = slurm_states.native_state(words), slurm_states.job_state(words)
    code, signal_number = _exit_and_signal(exit_code)
    if exit_record is not None and exit_record.cause == BY_ITSELF and state in JOB_ENDS:
        code = exit_record.code  # sacct cuts codes above 127: it shows 137 as 9.
    said = slurm_states.reason(words, "", time_limit)
    if state is JobState.FAILED and not said:
        if signal_number:
            code = code or 128 + signal_number
            said = signal_reason(128 + signal_number)
        elif code:
            said = signal_reason(code)
        if said and batch is not None and _used_too_much(requested, batch[5]):
            said = f"{said}; it used {batch[5]} of memory and had asked for {requested}"
    if name not in ("COMPLETED", "FAILED"):
        # Slurm gives such jobs 0 as exit code, which would say that all is well.
        code = exit_record.code if exit_record is not None and state in JOB_ENDS else None
    return JobReport(job_id=job_id, state=state, exit_code=code, native_state=words, reason=said)


def _exit_and_signal(field: str) -> tuple[int | None, int]:
    """The two numbers of sacct's ``CODE:SIGNAL``. Source: sacct(1), ExitCode."""
    code, _, number = field.partition(":")
    return (int(code) if code.isdecimal() else None, int(number) if number.isdecimal() else 0)


def _used_too_much(requested: str, used: str) -> bool:
    asked, had = _kibibytes(requested), _kibibytes(used)
    return asked is not None and had is not None and had >= asked


def _kibibytes(field: str) -> float | None:
    """An amount such as ``50M``, ``4Gn`` or ``326156K``; sizes count in units of 1024."""
    number = field.rstrip("nc")
    factor = {"K": 1.0, "M": 1024.0, "G": 1024.0**2, "T": 1024.0**3}.get(number[-1:])
    try:
        return float(number[:-1]) * factor if factor else None
    except ValueError:
        return None


def _ids(jobs: Sequence[Job]) -> list[str]:
    return [job.job_id for job in jobs if job.job_id.isdecimal()]


def _job_lines(jobs: Sequence[Job]) -> str:
    """Lines ``id<TAB>exit-code file``. A directory with a line break cannot hold a job of ours and is left out."""
    return "".join(
        f"{job.job_id}\t{job.working_directory}/{exit_code_file(job.job_name)}\n"
        for job in jobs
        if job.job_id.isdecimal() and not set("\n\t\0") & set(job.working_directory)
    )


def _rows(lines: Sequence[str], fields: int) -> Iterator[list[str]]:
    return (row for row in (line.split("|") for line in lines) if len(row) >= fields)


def _accounting_rows(section: Section) -> Mapping[str, list[str]]:
    return {row[0]: row for row in _rows(section.lines, 6)}


def _exit_records(lines: Sequence[str]) -> dict[str, ExitRecord]:
    found = {}
    for line in lines:
        kind, _, rest = line.partition("\t")
        job_id, *words = rest.split("\t")
        record = parse_record(words) if kind == "E" else None
        if record is not None:
            found[job_id] = record
    return found
