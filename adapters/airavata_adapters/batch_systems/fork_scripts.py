"""The scripts of the ``fork`` batch system, and what their answers mean.

Each reads its jobs from a here-document, a line ``id<TAB>name<TAB>directory``
each, and asks about all of them with words of the shell alone: no process is
started per job, so 10,000 jobs cost one shell and a second of its time.
"""

from __future__ import annotations

from collections.abc import Sequence

from airavata_adapters.batch_systems.answers import BEGIN
from airavata_workload.domain.job import Job

STARTED = "airavata-started"
TAKEN = "airavata-taken"
GRACE_S = 5
"""Seconds between asking a job to end (TERM) and ending it (KILL)."""

# Source: proc(5), /proc/[pid]/stat. "state" is the process's state and "start" its start time when it was read.
_PROCESS_WORDS = r"""
{
  read -r here </proc/sys/kernel/hostname || here=$(uname -n)
  read -r boot </proc/sys/kernel/random/boot_id || boot=unknown
} 2>/dev/null
look() {  # pid, start time: sets 'alive' to the letter of the process's state, or to nothing
  alive=
  if [ -r /proc/self/stat ]; then
    { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return 0
    state=${stat##*) }
    set -- "$1" "$2" $state
    [ "${22}" = "$2" ] && [ "$3" != Z ] && [ "$3" != X ] && alive=$3
  else
    kill -s 0 "$1" 2>/dev/null && alive=S
  fi
  return 0
}
written() {  # file: whether it holds whole lines, read into 'code' and 'cause'
  [ -e "$1" ] && { read -r code && read -r cause; } <"$1"
}
tab='	'
"""

_STATUS_WORDS = r"""
# Whether the job's end is certain. The process has been looked at before the file is, so that a job which ends in
# between is never taken for one that left no file; a job that was asked to end is over when its process is.
over() {
  written "$1" && { [ "$cause" = exit ] || [ -z "$alive" ]; }
}
while IFS="$tab" read -r id name directory; do
  exit_file=$directory/.$name.exit alive=
  { read -r host its_boot pid start <"$directory/.$name.process"; } 2>/dev/null || continue
  if [ "$host" != "$here" ]; then
    if over "$exit_file"; then printf '%s\tended\t%s\t%s\n' "$id" "$code" "$cause"
    else printf '%s\telsewhere\t%s\n' "$id" "$host"; fi
    continue
  fi
  [ "$its_boot" != "$boot" ] || look "$pid" "$start"
  if over "$exit_file"; then printf '%s\tended\t%s\t%s\n' "$id" "$code" "$cause"
  elif [ -n "$alive" ]; then printf '%s\talive\t%s\n' "$id" "$alive"
  elif [ "$its_boot" != "$boot" ]; then printf '%s\tgone\trestart\n' "$id"
  else printf '%s\tgone\tkilled\n' "$id"; fi
done"""

_SIGNAL_WORDS = r"""
while IFS="$tab" read -r id name directory; do
  { read -r host its_boot pid start <"$directory/.$name.process"; } 2>/dev/null || continue
  if [ "$host" != "$here" ]; then
    printf 'Job %s runs on %s, and this is %s.\n' "$id" "$host" "$here" >&2
    result=1
    continue
  fi
  [ "$its_boot" = "$boot" ] || continue
  look "$pid" "$start"
  [ -n "$alive" ] || continue
  act "$pid" "$directory/.$name.exit"
done"""

_CANCEL_ACT = r"""
act() {
  # Written first, so that it stands there whichever way the job ends; a job that has just ended keeps its own.
  if ! [ -e "$2" ]; then
    printf '143\ncancelled\n' >"$2.cancelled" && mv -f -- "$2.cancelled" "$2"
  fi
  kill -s TERM -- "-$1" 2>/dev/null
  kill -s CONT -- "-$1" 2>/dev/null
  groups="$groups $1 $start"
}
"""

# The last word to jobs that do not listen, from a process of its own, so that nobody has to wait for it.
_CANCEL_END = r"""
[ -z "$groups" ] || setsid sh -c "$last_word" sh $groups </dev/null >/dev/null 2>&1 &
exit "$result"
"""
_LAST_WORD = r"""
sleep {grace_s}
while [ $# -gt 1 ]; do
  pid=$1 start=$2
  shift 2
  if read -r stat <"/proc/$pid/stat"; then
    rest=${{stat##*) }}
    # The leader is gone and its number belongs to another process: this is not our group any more.
    case " $rest " in *" $start "*) ;; *) continue ;; esac
  fi
  kill -s KILL -- "-$pid"
done"""


def _here_document(jobs: Sequence[Job]) -> str:
    """The jobs as input of a loop. A name that does not fit a line cannot be one of our jobs and is left out."""
    lines = (f"{job.job_id}\t{job.job_name}\t{job.working_directory}\n" for job in jobs)
    return f" <<'@@end-of-jobs'\n{''.join(line for line in lines if line.count(chr(10)) == 1)}@@end-of-jobs\n"


def status(jobs: Sequence[Job]) -> str:
    """Says for each job what its process and its exit-code file are like."""
    return f"LC_ALL=C\n{_PROCESS_WORDS}printf '{BEGIN}\\n'{_STATUS_WORDS}{_here_document(jobs)}printf '@@jobs 0\\n'\n"


def cancel(jobs: Sequence[Job]) -> str:
    """Ends the process groups of the jobs that run, and notes in the exit-code file that this was on request."""
    last_word = _LAST_WORD.format(grace_s=GRACE_S)
    return (
        f"LC_ALL=C\nresult=0 groups=\nlast_word='{last_word}'\n{_PROCESS_WORDS}{_CANCEL_ACT}{_SIGNAL_WORDS}"
        f"{_here_document(jobs)}{_CANCEL_END}"
    )


def signal(jobs: Sequence[Job], name: str) -> str:
    """Sends a signal to the process groups of the jobs that run."""
    act = f'act() {{ kill -s {name} -- "-$1"; }}\n'
    return f'LC_ALL=C\nresult=0\n{_PROCESS_WORDS}{act}{_SIGNAL_WORDS}{_here_document(jobs)}exit "$result"\n'
