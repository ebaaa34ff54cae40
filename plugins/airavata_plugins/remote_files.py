"""Files of one machine: looked at, found and copied there, many with one command.

Lists of files go to the command's standard input with NUL between them, so
that neither their number nor any character in a name matters. Answers come
back the same way.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from airavata_plugins.words import PREAMBLE, quoted
from airavata_workload.domain.errors import CommandFailedError, TransferError
from airavata_workload.ports.remote_shell import CommandResult, RemoteShell

Cancelled = Callable[[], bool]

_WILD = re.compile(r"[*?]")
_FILES_A_PROCESS = 500


class Condition(StrEnum):
    """What became of a file that was looked at or copied."""

    READY = "ready"
    EMPTY = "empty"
    MISSING = "missing"
    NOT_A_FILE = "not-a-file"
    UNREADABLE = "unreadable"
    FAILED = "failed"
    """Copying it went wrong."""
    DIFFERS = "differs"
    """The copy is not what the original is: it changed meanwhile, or the disk is faulty."""


@dataclass(frozen=True, slots=True)
class Copied:
    """The end of copying one file; ``complaint`` is what the command said when it went wrong."""

    condition: Condition
    size_bytes: int = 0
    sha256: str | None = None
    complaint: str = ""

    def require_done(self, name: str) -> None:
        """Raise ``TransferError`` if the copy differs, ``CommandFailedError`` with the reason if there is none."""
        if self.condition is Condition.DIFFERS:
            raise TransferError(f"{name} and its copy differ: it changed while it was copied. It will be copied again.")
        if self.condition not in (Condition.READY, Condition.EMPTY):
            raise CommandFailedError(
                f"Copying {name} failed: {self.complaint or self.condition.value}",
                exit_code_remote=1,
                stderr=self.complaint,
            )


_LOOK = """\
look() {
  if [ ! -e "$1" ]; then condition=missing
  elif [ ! -f "$1" ]; then condition=not-a-file
  elif [ ! -r "$1" ]; then condition=unreadable
  elif [ ! -s "$1" ]; then condition=empty
  else condition=ready
  fi
}
"""

_LOOK_AT_ALL = _LOOK + 'for file do look "$file"; printf \'%s\\0\' "$condition"; done'

# A subshell a file: what goes wrong in it is its output, what it found out goes to descriptor 3.
_COPY_ALL = (
    _LOOK
    + """\
copy() {
  part=$2.part size= sum=
  [ -d "${2%/*}" ] || mkdir -p -- "${2%/*}" || return 1
  cp -f -- "$1" "$part" && size=$(wc -c <"$part") || return 1
  if [ "$checksum" = yes ]; then
    sum=$(sha256sum <"$part") && original=$(sha256sum <"$1") || return 1
    [ "$sum" = "$original" ] || condition=differs
  fi
  [ "$condition" = differs ] || mv -f -T -- "$part" "$2" || return 1
  printf '%s\\0%s\\0%s\\0' "$condition" "$size" "$sum" >&3
}
exec 3>&1
checksum=$1; shift
while [ $# -gt 0 ]; do
  look "$1"
  complaint=
  case $condition in
    ready|empty) complaint=$(copy "$1" "$2" 2>&1) || printf 'failed\\0%s\\0\\0' 0 ;;
    *) printf '%s\\0%s\\0\\0' "$condition" 0 ;;
  esac
  printf '%s\\0' "$complaint"
  shift 2
done
"""
)

# A name without a slash that is no symbolic link cannot lead out of the directory, and costs no process.
_FIND = """\
root=
lies_inside() {
  case $1 in
    */*) ;;
    *) [ -L "$1" ] || return 0 ;;
  esac
  [ -n "$root" ] || { root=$(pwd -P; printf .); root=${root%??}; }
  real=$(readlink -f -- "$1" && printf .) || return 1
  case $real in
    "${root%/}"/?*) return 0 ;;
  esac
  return 1
}
found() {
  number=$1; shift
  for file do
    [ -f "$file" ] || continue
    if lies_inside "$file"; then kind=inside; else kind=outside; fi
    printf '%s\\0%s\\0%s\\0' "$number" "$kind" "$file"
  done
}
"""


def look_at(shell: RemoteShell, paths: Sequence[str], cancelled: Cancelled) -> list[Condition]:
    """The condition of each file, in order. Raises ``CommandFailedError``, and as ``RemoteShell.run``."""
    result = shell.run(_for_each(_LOOK_AT_ALL, 1), stdin=_listed(paths), cancelled=cancelled)
    answers = _fields(result.require_success("Looking at files"))
    _require_answers(answers, len(paths), result)
    return [Condition(answer) for answer in answers]


def copy_there(
    shell: RemoteShell, pairs: Sequence[tuple[str, str]], *, checksum: bool, timeout_s: float, cancelled: Cancelled
) -> list[Copied]:
    """Copy (source, target) pairs of absolute paths on one machine, each to a temporary name first, then renamed.

    Raises ``CommandFailedError`` when the command as a whole went wrong, and as ``RemoteShell.run``.
    """
    words = [word for pair in pairs for word in pair]
    script = _for_each(_COPY_ALL, 2, "yes" if checksum else "no")
    result = shell.run(script, stdin=_listed(words), timeout_s=timeout_s, cancelled=cancelled)
    answers = _fields(result.require_success("Copying files"))
    _require_answers(answers, 4 * len(pairs), result)
    return [
        Copied(
            condition=Condition(condition),
            size_bytes=int(size_bytes),
            sha256=sha256.split()[0] if sha256 else None,
            complaint=complaint,
        )
        for condition, size_bytes, sha256, complaint in zip(*(answers[at::4] for at in range(4)), strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Match:
    """A file that a pattern found; ``path`` is relative to the directory, ``inside`` false if it leads out of it."""

    path: str
    inside: bool

    @property
    def is_utf8(self) -> bool:
        """Whether the name can be written as text; if not, no JSON can hold it."""
        return not any("\udc80" <= character <= "\udcff" for character in self.path)


def find_files(shell: RemoteShell, directory: str, patterns: Sequence[str], cancelled: Cancelled) -> list[list[Match]]:
    """For each pattern (a relative path; ``*`` and ``?`` stand for any characters but ``/``) its files, sorted.

    A symbolic link is followed, and told apart when its end lies outside of
    ``directory``. A directory that is not there has no files. Raises
    ``CommandFailedError``, and as ``RemoteShell.run``.
    """
    searches = "".join(f"found {number} {_as_shell_pattern(each)}\n" for number, each in enumerate(patterns))
    script = f"{PREAMBLE}cd -- {quoted([directory])} 2>/dev/null || exit 0\n{_FIND}{searches}exit 0\n"
    result = shell.run(script, cancelled=cancelled).require_success(f"Looking for files in {directory}")
    matches: list[list[Match]] = [[] for _pattern in patterns]
    answers = _fields(result)
    for number, kind, path in zip(answers[0::3], answers[1::3], answers[2::3], strict=True):
        matches[int(number)].append(Match(path, inside=kind == "inside"))
    return [sorted(each, key=lambda match: match.path) for each in matches]


def _as_shell_pattern(pattern: str) -> str:
    """The pattern as a shell word in which ``*`` and ``?`` alone are special. ``./`` keeps a leading dash a name."""
    pieces = re.split(r"([*?])", pattern)
    return "".join(piece if _WILD.fullmatch(piece) else quoted([piece]) for piece in pieces if piece)


def is_pattern(path: str) -> bool:
    """Whether the path holds a wildcard."""
    return bool(_WILD.search(path))


def _for_each(body: str, words_an_item: int, *fixed: str) -> str:
    """A script that gives the words on its standard input to ``body``, so many items a process."""
    count = _FILES_A_PROCESS * words_an_item
    return f"{PREAMBLE}xargs -0 -r -n {count} sh -c {quoted([body, 'files', *fixed])}\n"


def _listed(words: Sequence[str]) -> bytes:
    return b"".join(word.encode("utf-8", "surrogateescape") + b"\0" for word in words)


def _fields(result: CommandResult) -> list[str]:
    return result.stdout.decode("utf-8", "surrogateescape").split("\0")[:-1]


def _require_answers(answers: Sequence[str], count: int, result: CommandResult) -> None:
    if len(answers) != count:
        raise CommandFailedError(
            f"The far side answered for {len(answers)} of {count} fields: {result.error_text[-500:]}",
            exit_code_remote=result.exit_code,
            stderr=result.error_text[-2000:],
        )
