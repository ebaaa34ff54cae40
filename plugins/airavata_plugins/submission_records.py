"""The script that submits a job on the cluster at most once, and what it reports.

In the working directory, ``.NAME.submit/`` holds numbered records, one for
each try to submit the job of that name. A record is begun by making the
symbolic link ``N``, which no two processes can: its target says who tries,
and is there as soon as the link is. Only whoever made the highest link may
submit. Links are never removed, so a submitter that sleeps for hours and
wakes up finds that its number is taken, and does nothing.

====================  ==========================================================
``N``                 symbolic link to ``try:HOST:BOOT:GROUP:START``: the
                      process group that submits, and the start time of its
                      leader; or to ``cancelled:ATTEMPT``: attempts up to this
                      one may not submit any more
``N.out``, ``N.err``  what the batch system's command printed
``N.code``            its exit code: there is nothing more to come
``N.gone``            made by the first who found the group gone without a code
``id``                a job id that was found by a look-up
====================  ==========================================================

The submission runs in a session of its own, for a limited time, and writes to
files: it does not notice when the connection is cut.

Source: POSIX.1-2017, symlink(2) fails with EEXIST if the name exists;
timeout(1) of GNU coreutils signals its process group; proc(5) for start times.
"""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from enum import StrEnum

from airavata_workload.domain.errors import CommandFailedError
from airavata_workload.ports.remote_shell import CommandResult

NOT_WRITTEN = 73
"""Exit code when a directory or file could not be made (Source: sysexits(3), EX_CANTCREAT)."""

KILL_AFTER_S = 5
_PAUSE_S = 0.2


class TryState(StrEnum):
    """How far the latest try is."""

    ADOPTED = "adopted"
    """The job's id is known from a look-up."""
    ENDED = "ended"
    """The batch system's command has ended and its answer is complete."""
    ALIVE = "alive"
    """Its process group is at work."""
    GONE = "gone"
    """Its process group is gone and left no exit code."""
    ELSEWHERE = "elsewhere"
    """It was begun on another machine, or before this one was restarted."""
    CANCELLED = "cancelled"
    """Submitting was forbidden."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionTry:
    """The latest try, as the script reports it.

    ``number`` counts tries from 1, ``ours`` is whether this call began it.
    ``age_s`` is for how long, by the clock of the file system, it has been in
    its state (ELSEWHERE: since it began). ``value`` is the job id (ADOPTED) or
    the attempt (CANCELLED). ``answer`` is what the batch system's command left
    so far; its exit code is 0 unless the try has ENDED.
    """

    number: int
    state: TryState
    ours: bool
    age_s: int
    value: str
    answer: CommandResult


# The process that submits. $1: number of the try; $2: directory of records; $3: 'group' or 'self', whoever leads the
# process group. It is alone in its session, so a signal to the caller's group or terminal does not reach it.
_SUBMITTER = r"""
leader=$$
[ "$3" = self ] || leader=$PPID
{
  read -r host </proc/sys/kernel/hostname || host=$(uname -n)
  read -r boot </proc/sys/kernel/random/boot_id || boot=
  start=
  if read -r stat <"/proc/$leader/stat"; then
    number=$1 records=$2
    set -- ${stat##*) }
    start=${20}
    set -- "$number" "$records"
  fi
} 2>/dev/null
owner=try:$host:$boot:$leader:$start
# A network file system may carry the request out and lose the answer: the target says whose link it is.
ln -s -- "$owner" "$2/$1" 2>/dev/null || [ "$(readlink -- "$2/$1")" = "$owner" ] || exit 1
(
__SUBMIT__
) >"$2/$1.out" 2>"$2/$1.err" </dev/null
printf '%s\n' "$?" >"$2/$1.code"
"""

_LATEST = r"""
latest=0
while [ -h "$records/$((latest + 1))" ]; do latest=$((latest + 1)); done
"""

_SUBMIT = r"""
next=$((latest + 1))
command -v setsid >/dev/null 2>&1 || { echo 'There is no setsid: install util-linux.' >&2; exit 127; }
if ! { printf '%s' __SCRIPT_TEXT__ >__SCRIPT__.__TOKEN__; } 2>/dev/null; then
  # The shell's own printf does not say why it could not write, tee does.
  printf x | tee -- __SCRIPT__.__TOKEN__ >/dev/null
  rm -f -- __SCRIPT__.__TOKEN__
  exit __NOT_WRITTEN__
fi
mv -f -- __SCRIPT__.__TOKEN__ __SCRIPT__ || exit __NOT_WRITTEN__
if [ __LIMIT__ -gt 0 ] && command -v timeout >/dev/null 2>&1; then
  setsid timeout -k __KILL_AFTER__ __LIMIT__ sh -c __SUBMITTER__ sh "$next" "$records" group </dev/null >/dev/null 2>&1
else
  setsid sh -c __SUBMITTER__ sh "$next" "$records" self </dev/null >/dev/null 2>&1
fi
"""

_FORBID = r"""
next=$((latest + 1))
ln -s -- cancelled:__ATTEMPT__ "$records/$next" 2>/dev/null
"""

_REPORT = r"""
if [ "$latest" -lt "${next:-1}" ]; then
  ln -s -- probe "$records/probe.__TOKEN__" || exit __NOT_WRITTEN__
  rm -f -- "$records/probe.__TOKEN__"
  echo 'The record of the submission could not be made.' >&2
  exit __NOT_WRITTEN__
fi
said=
lines() {  # prefix, file: prints the file with the prefix before each line
  [ ! -e "$2" ] || while IFS= read -r line || [ -n "$line" ]; do printf '%s%s\n' "$1" "$line"; done <"$2"
}
same_machine() {
  { read -r host </proc/sys/kernel/hostname || host=$(uname -n)
    read -r boot </proc/sys/kernel/random/boot_id || boot=; } 2>/dev/null
  case $said in "try:$host:$boot:"*) return 0 ;; esac
  return 1
}
at_work() {  # whether the group that the target names has members that are not only waiting to be buried
  group=${said%:*} start=${said##*:}
  group=${group##*:}
  kill -s 0 -- "-$group" 2>/dev/null || return 1
  [ -r /proc/self/stat ] || return 0
  # The leader's number may have been given to another process since, which then leads another group.
  if { read -r stat <"/proc/$group/stat"; } 2>/dev/null; then
    set -- ${stat##*) }
    [ "${20}" = "$start" ] || return 1
  fi
  for member in /proc/[0-9]*/stat; do
    { read -r stat <"$member"; } 2>/dev/null || continue
    set -- ${stat##*) }
    [ "$3" != "$group" ] || [ "$1" = Z ] || [ "$1" = X ] || return 0
  done
  return 1
}
state_of() {  # number: sets state, value and the file whose age counts
  value= evidence=$records/$1
  if [ -e "$records/$1.code" ] && read -r code <"$records/$1.code"; then
    state=ended evidence=$records/$1.code
    return
  fi
  said=$(readlink -- "$records/$1")
  case $said in cancelled:*) state=cancelled value=${said#*:}; return ;; esac
  if ! same_machine; then state=elsewhere
  elif at_work; then state=alive
  # It may have ended between the look at its code and the look at its group.
  elif [ -e "$records/$1.code" ] && read -r code <"$records/$1.code"; then state=ended evidence=$records/$1.code
  else
    state=gone evidence=$records/$1.gone
    [ -e "$evidence" ] || : >"$evidence"
  fi
}
state_of "$latest"
pauses=0
while [ "$pauses" -lt __PAUSES__ ]; do
  case $state in alive | elsewhere) ;; *) break ;; esac
  sleep 0.2 2>/dev/null || sleep 1
  pauses=$((pauses + 1))
  state_of "$latest"
done
age=0
if [ "$state" != ended ] || [ "$latest" != "$next" ]; then
  clock=$records/clock.__TOKEN__
  : >"$clock" && now=$(stat -c %Y -- "$clock") && since=$(stat -c %Y -- "$evidence") && age=$((now - since))
  rm -f -- "$clock"
fi
ours=0
[ "$latest" != "$next" ] || ours=1
printf '@try %s %s %s %s %s %s\n' "$latest" "$state" "$ours" "$age" "${code:--}" "${value:--}"
lines '@out ' "$records/$latest.out"
lines '@err ' "$records/$latest.err"
printf '@end\n'
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRequest:
    """What is to be submitted: the job script, and the batch system's script that submits it.

    ``limit_s`` is how long the latter may take; 0 is without limit.
    """

    script_name: str
    script_text: str
    submit_script: str
    limit_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmissionRecords:
    """Builds the scripts for one job name in one working directory, both already checked."""

    directory: str
    job_name: str

    @property
    def _records(self) -> str:
        return f".{self.job_name}.submit"

    def submit(self, request: SubmissionRequest, *, superseding: int, wait_s: float, token: str) -> str:
        """A script that begins the try after number ``superseding``, if that is the latest, and reports the latest.

        It waits up to ``wait_s`` for a try of somebody else. ``token`` makes names of temporary files unique.
        """
        submitter = _SUBMITTER.replace("__SUBMIT__", request.submit_script)
        action = _fill(
            _SUBMIT,
            SCRIPT_TEXT=shlex.quote(request.script_text),
            SCRIPT=shlex.quote(f"./{request.script_name}"),
            TOKEN=token,
            NOT_WRITTEN=str(NOT_WRITTEN),
            KILL_AFTER=str(KILL_AFTER_S),
            LIMIT=str(request.limit_s),
            SUBMITTER=shlex.quote(submitter),
        )
        return self._script(action, superseding, wait_s, token)

    def forbid(self, *, attempt: int, superseding: int, wait_s: float, token: str) -> str:
        """As ``submit``, but instead of submitting it forbids attempts up to this one to submit."""
        return self._script(_fill(_FORBID, ATTEMPT=str(attempt)), superseding, wait_s, token)

    def adopt(self, job_id: str) -> str:
        """A script that notes the id of a job that was found."""
        return f"{self._enter()}printf '%s\\n' {shlex.quote(job_id)} >\"$records/id\"\n"

    def inside(self, script: str) -> str:
        """The script, run in the working directory."""
        return f"{self._enter()}{script}"

    def _enter(self) -> str:
        records = shlex.quote(f"{self.directory}/{self._records}")
        return (
            f"export LC_ALL=C; unset CDPATH\nmkdir -p -- {records} && cd -- {shlex.quote(self.directory)} "
            f"|| exit {NOT_WRITTEN}\nrecords=./{shlex.quote(self._records)}\n"
        )

    def _script(self, action: str, superseding: int, wait_s: float, token: str) -> str:
        report = _fill(_REPORT, PAUSES=str(int(wait_s / _PAUSE_S)), TOKEN=token, NOT_WRITTEN=str(NOT_WRITTEN))
        return (
            f"{self._enter()}code= next=\n"
            'if [ -e "$records/id" ] && read -r id <"$records/id"; then\n'
            "  printf '@try 0 adopted 0 0 - %s\\n@end\\n' \"$id\"\n  exit 0\nfi\n"
            f'{_LATEST}if [ "$latest" -eq {superseding} ]; then\n{action}fi\n{_LATEST}{report}'
        )


def _fill(text: str, **values: str) -> str:
    """The text with each ``__NAME__`` replaced; values are not looked at again."""
    pieces = text.split("__")
    # Between two marks stands a name or the text between two names; every odd piece that is a name is replaced.
    return "".join(values.get(piece, piece) if index % 2 else piece for index, piece in enumerate(pieces))


def parse_try(result: CommandResult, where: str) -> SubmissionTry:
    """What the script has reported. Raises ``CommandFailedError`` when it could not do its work."""
    lines = result.stdout.split(b"\n")
    begin = next((index for index, line in enumerate(lines) if line.startswith(b"@try ")), None)
    if begin is None or b"@end" not in lines[begin:]:
        said = result.error_text[-2000:] or result.text.strip()[-2000:] or "it said nothing"
        raise CommandFailedError(
            f"The records of the submission in {where} could not be kept (exit code {result.exit_code}): {said}",
            exit_code_remote=result.exit_code,
            stderr=said,
        )
    _, number, state, ours, age, code, value = lines[begin].decode("utf-8", "replace").split(" ", 6)
    ended = state == TryState.ENDED
    return SubmissionTry(
        number=int(number),
        state=TryState(state),
        ours=ours == "1",
        age_s=int(age),
        value=value if value != "-" else "",
        answer=CommandResult(
            exit_code=int(code) if ended else 0,
            stdout=b"".join(line[5:] + b"\n" for line in lines[begin:] if line.startswith(b"@out ")),
            stderr=b"".join(line[5:] + b"\n" for line in lines[begin:] if line.startswith(b"@err ")),
        ),
    )
