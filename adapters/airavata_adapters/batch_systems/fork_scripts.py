"""The scripts of the ``fork`` batch system.

Each reads its jobs from a here-document, a line ``id<TAB>name<TAB>directory``
each. No process is started per job: looking at 10,000 jobs takes one awk and
a part of a second.
"""

from __future__ import annotations

import shlex
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
tab='	'
"""

# In awk, which reads ten times faster than the shell's own "read". Source: POSIX.1-2017, awk, "getline".
_STATUS_AWK = r"""
function first_line(file,   line) {
  if ((getline line < file) <= 0) line = ""
  close(file)
  return line
}
function state(pid, start,   stat, field) {  # the letter of the process's state, "" if it is not there any more
  if (!linux) return system("kill -s 0 " pid " 2>/dev/null") == 0 ? "S" : ""
  stat = first_line("/proc/" pid "/stat")
  sub(/^.*[)] /, "", stat)
  split(stat, field, " ")
  return field[20] == start && field[1] !~ /^[ZX]/ ? field[1] : ""
}
BEGIN {
  FS = "\t"
  here = first_line("/proc/sys/kernel/hostname")
  if (here == "") "uname -n" | getline here
  boot = first_line("/proc/sys/kernel/random/boot_id")
  if (boot == "") boot = "unknown"
  linux = first_line("/proc/self/stat") != ""
}
{
  if (split(first_line($3 "/." $2 ".process"), word, " ") != 4 || word[3] !~ /^[0-9]+$/) next
  # The process is looked at before the exit-code file is, so that a job which ends in between is never taken for one
  # that left no file.
  alive = word[1] == here && word[2] == boot ? state(word[3], word[4]) : ""
  file = $3 "/." $2 ".exit"
  written = (getline code < file) > 0 && (getline cause < file) > 0
  close(file)
  # A job that was asked to end is over when its process is.
  if (written && (cause == "exit" || alive == "")) print $1 "\tended\t" code "\t" cause
  else if (alive != "") print $1 "\talive\t" alive
  else if (word[1] != here) print $1 "\telsewhere\t" word[1]
  else print $1 "\tgone\t" (word[2] == boot ? "killed" : "restart")
}
"""

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
    return (
        f"export LC_ALL=C\nprintf '{BEGIN}\\n'\nawk {shlex.quote(_STATUS_AWK)}{_here_document(jobs)}"
        "printf '@@jobs %s\\n' \"$?\"\n"
    )


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
