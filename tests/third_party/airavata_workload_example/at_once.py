"""Batch system ``at-once``: a queue without a server, that runs one job at a time on a machine.

The queue is a directory, ``.at-once`` in the cluster's scratch directory, with
a directory for each job named like the job. Two locks (flock(2), which the
kernel drops however a process ends) say all that must never be wrong:

- ``<job>/alive`` is held by the job's own process from the submission to its
  end. Who can take it knows that the process is gone.
- ``turn`` is held by the job that runs. The others wait for it.

Needs ``flock`` and ``setsid`` of util-linux on the machine.
"""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence

from airavata_workload.domain.errors import (
    ParameterError,
    SubmissionRejectedError,
    SubmissionUncertainError,
    UnavailableError,
)
from airavata_workload.domain.job import Job, JobDescription, JobReport
from airavata_workload.domain.states import JobState
from airavata_workload.ports.batch_system import BatchSystem, exit_code_file
from airavata_workload.ports.remote_shell import CommandResult

_REJECTED, _NO_QUEUE = 65, 69
_PLAIN_NAME = re.compile(r"[A-Za-z0-9_-]+")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")

_STATES = {
    "WAITING": JobState.QUEUED,
    "RUNNING": JobState.ACTIVE,
    "DONE": JobState.COMPLETE,
    "FAILED": JobState.FAILED,
    "CANCELLED": JobState.CANCELED,
    "OVERTIME": JobState.FAILED,
    "LOST": JobState.FAILED,
}
_REASONS = {
    "WAITING": "Another job has its turn.",
    "CANCELLED": "The job was cancelled.",
    "OVERTIME": "The job took longer than its wall time and was killed.",
    "LOST": "The job's process was killed, or the machine was restarted.",
}

# $1 is the job's directory, descriptor 9 its lock, open already. The job gets neither lock, or what it leaves running
# would keep them. Whatever ends a job for its time or by request leaves a note first, and no exit code.
_RUNNER = r"""
exec 8>turn
flock 8
printf x >"$1/started"
limit=$(sed -n 's/^#AT-ONCE wall_time_s=//p' "$1/script")
if [ -n "$limit" ]; then
  { sleep "$limit"; printf x >"$1/overtime"; kill -s KILL -- "-$$"; } 8>&- 9>&- &
fi
sh "$1/script" 8>&- 9>&-
printf '%s\n' "$?" >"$1/exit.new"
mv -f -- "$1/exit.new" "$1/exit"
exec 8>&- 9>&-
kill -s TERM -- "-$$"
"""

# Under the lock, so that of two submissions of one job the second one only learns that there is one.
_SUBMIT = f"""\
cp -f -- "$2" "$1.script.$$" || exit {_REJECTED}
mkdir -p -- "$1" || exit {_NO_QUEUE}
exec 9>"$1/alive"
if flock -n 9 && [ ! -e "$1/script" ]; then
  mv -f -- "$1.script.$$" "$1/script"
  setsid sh -c "$3" at-once "$1" </dev/null >/dev/null 2>&1 &
  printf '%s\\n' "$!" >"$1/process"
else
  rm -f -- "$1.script.$$"
fi
printf 'accepted %s\\n' "$1"
"""

# The process writes its notes before it lets go of the lock: who finds the lock free must look for them again.
_STATUS = """\
ended() {
  [ -e "$1/exit" ] && read -r code <"$1/exit" || return 1
  if [ "$code" -eq 0 ]; then state="DONE 0"; else state="FAILED $code"; fi
}
for job do
  if [ ! -e "$job/script" ]; then continue
  elif ended "$job"; then :
  elif ! flock -n "$job/alive" true; then
    if [ -e "$job/started" ]; then state=RUNNING; else state=WAITING; fi
  elif ended "$job"; then :
  elif [ -e "$job/cancelled" ]; then state=CANCELLED
  elif [ -e "$job/overtime" ]; then state=OVERTIME
  else state=LOST
  fi
  printf 'job %s %s\\n' "$job" "$state"
done
printf 'all\\n'
"""

# The first lines of every job script. A subshell a command, so that one called like a word of the shell, or like a
# function of ours, changes nothing here.
_BEGIN = """\
code=0
end() {
  code=$?
  trap - EXIT
  printf '%s\\n' "$code" >"$leave.new" && command -p mv -f -- "$leave.new" "$leave"
  exit "$code"
}
trap end EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM
trap 'exit 152' XCPU
load() {
  command -v module >/dev/null 2>&1 || { printf 'no module command here, to load %s\\n' "$1" >&2; exit 127; }
  module load "$1" || { printf 'the module %s cannot be loaded\\n' "$1" >&2; exit 1; }
}
step() {
  [ "$code" -eq 0 ] || return 0
  ( "$@" )
  code=$?
}"""

_CANCEL = """\
for job do
  [ -e "$job/script" ] && ! flock -n "$job/alive" true || continue
  printf x >"$job/cancelled"
  kill -s KILL -- "-$(cat -- "$job/process")" 2>/dev/null
done
exit 0
"""


def _quoted(words: Sequence[str]) -> str:
    """The words with quotes around each: bare, ``if`` or ``A=b`` would mean something to the shell."""
    if any("\0" in word for word in words):
        raise ParameterError("A word of a job holds a NUL character, which no program can be given.")
    return " ".join("'" + word.replace("'", "'\\''") + "'" for word in words)


def _ending(exit_code: int) -> str:
    """How a job ended, for people. Source: POSIX shells give 128 and the signal's number."""
    try:
        return f"The job's program was killed by {signal.Signals(exit_code - 128).name}."
    except ValueError:
        return f"The job ended with exit code {exit_code}."


def _file(name: str) -> str:
    """The name of a file in the working directory."""
    if not name or "/" in name or name in (".", "..") or any(character < " " for character in name):
        raise ParameterError(f"{name!r} cannot be the output file of a job: give a plain name, without '/'.")
    return f"./{name}"


def _variable(name: str) -> str:
    if not _VARIABLE.fullmatch(name):
        raise ParameterError(f"{name!r} is not the name of an environment variable.")
    return name


def _command(words: Sequence[str]) -> str:
    if not words or not words[0]:
        raise ParameterError(f"The command {list(words)!r} names no program.")
    return _quoted(words)


class AtOnce(BatchSystem):
    """The dialect of the queue described above. A job's id is its name."""

    name = "at-once"
    min_poll_interval_s = 0.2
    max_poll_interval_s = 5.0
    submission_settle_s = 0.0  # a job that has been submitted again is still one job

    def job_script(self, description: JobDescription) -> str:
        """A script that runs the commands in the working directory until one fails, and leaves its exit code.

        Raises ``ParameterError`` that names what cannot stand in a script.
        """
        environment = {**self.cluster.environment, **description.environment}
        modules = (*self.cluster.modules, *description.modules)
        limit = description.resources.wall_time_s
        stderr = "&1" if description.stderr == description.stdout else _quoted([_file(description.stderr)])
        enter = f"cd -- {_quoted([description.working_directory])} || exit"
        lines = [
            "#!/bin/sh",
            *([f"#AT-ONCE wall_time_s={int(limit)}"] if limit else []),
            enter,
            f"exec >{_quoted([_file(description.stdout)])} 2>{stderr}",
            f"leave={_quoted([f'{description.working_directory}/{exit_code_file(description.job_name)}'])}",
            _BEGIN,
            *(f"export {_variable(name)}={_quoted([value])}" for name, value in environment.items()),
            *(f"load {_quoted([module])}" for module in modules),
            *self.cluster.pre_commands,
            *description.pre_commands,
            enter,
            *(f"step {_command(words)}" for words in description.commands),
            *description.post_commands,
            *self.cluster.post_commands,
            'exit "$code"',
        ]
        return "\n".join([*lines, ""])

    def submit_script(self, job_name: str, script_path: str) -> str:
        """Puts a job into the queue; the same name a second time is the same job."""
        return self._in_queue(_SUBMIT, script_path, _RUNNER, jobs=[job_name])

    def parse_job_id(self, result: CommandResult) -> str:
        """As ``BatchSystem.parse_job_id``."""
        words = result.text.split()
        if result.exit_code == 0 and len(words) == 2 and words[0] == "accepted":
            return words[1]
        if result.exit_code == _REJECTED:
            raise SubmissionRejectedError(f"The job script cannot be read: {result.error_text}")
        if result.exit_code == _NO_QUEUE:
            raise UnavailableError(f"The queue of {self.cluster.name} cannot be used: {result.error_text}")
        raise SubmissionUncertainError(f"The queue of {self.cluster.name} answered {result.text!r} {result.error_text}")

    def find_script(self, job_name: str) -> str:
        """As for the status of the one job: its id is its name."""
        return self._in_queue(_STATUS, jobs=[job_name])

    def parse_found(self, job_name: str, result: CommandResult) -> str | None:
        """As ``BatchSystem.parse_found``."""
        lines = result.text.splitlines()
        if result.exit_code != 0 or "all" not in lines:
            raise SubmissionUncertainError(f"The queue of {self.cluster.name} did not answer: {result.error_text}")
        return job_name if any(line.startswith(f"job {job_name} ") for line in lines) else None

    def status_script(self, jobs: Sequence[Job]) -> str:
        """Asks for the state of all these jobs."""
        return self._in_queue(_STATUS, jobs=[job.job_id for job in jobs])

    def parse_status(self, jobs: Sequence[Job], result: CommandResult) -> dict[str, JobReport]:
        """As ``BatchSystem.parse_status``."""
        lines = result.text.splitlines()
        if result.exit_code != 0 or "all" not in lines:
            raise UnavailableError(f"The queue of {self.cluster.name} did not answer: {result.error_text}")
        asked = {job.job_id for job in jobs}
        reports: dict[str, JobReport] = {}
        for line in lines:
            match line.split():
                case ["job", job_id, word, *code] if job_id in asked:
                    reports[job_id] = JobReport(
                        job_id=job_id,
                        state=self.job_state(word),
                        exit_code=int(code[0]) if code else None,
                        native_state=word,
                        reason=_REASONS.get(word, _ending(int(code[0])) if code else ""),
                    )
        return reports

    def cancel_script(self, jobs: Sequence[Job]) -> str:
        """Kills the jobs' processes, running or waiting for their turn."""
        return self._in_queue(_CANCEL, jobs=[job.job_id for job in jobs])

    def check_script(self) -> str:
        """Proves that the queue's directory can be used and that the programs are there."""
        return self._in_queue("command -v flock >/dev/null && command -v setsid >/dev/null")

    def job_state(self, native_state: str) -> JobState:
        """As ``BatchSystem.job_state``."""
        return _STATES.get(native_state, JobState.UNKNOWN)

    def _in_queue(self, body: str, *words: str, jobs: Sequence[str] = ()) -> str:
        """The body in the queue's directory; its positional parameters are the jobs' names, then the words.

        Raises ``ParameterError`` for a name that is not a plain word, since it becomes a directory.
        """
        for name in jobs:
            if not _PLAIN_NAME.fullmatch(name):
                raise ParameterError(f"{name!r} cannot be the name of a job: use letters, digits, '_' and '-'.")
        queue = _quoted([f"{self.cluster.scratch_directory.rstrip('/')}/.at-once"])
        return f"mkdir -p -- {queue} && cd -- {queue} || exit {_NO_QUEUE}\nset -- {_quoted([*jobs, *words])}\n{body}"
