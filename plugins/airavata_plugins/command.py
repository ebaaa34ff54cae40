"""Task kind ``command``: runs one command on a resource and waits for its end."""

from __future__ import annotations

import re
import secrets
import shlex
import time
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from airavata_plugins.places import absolute, inside
from airavata_plugins.words import Environment, Word, exports, quoted
from airavata_workload.domain.errors import CommandFailedError
from airavata_workload.domain.outcome import Completed, Failed, Outcome
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.remote_shell import CommandResult
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun

STDOUT_LIMIT_BYTES = 64 * 1024
STDERR_LIMIT_BYTES = 16 * 1024
_USER_STDERR_CHARACTERS = 1000

_KILL_AFTER_S = 10
_GRACE_S = 60.0
"""How much longer than the command itself the connection is waited for."""

# Source: timeout(1) of GNU coreutils: 124 when the command was ended by TERM, 137 by KILL.
_TIMED_OUT = (124, 137)


def _absolute_or_empty(path: str) -> str:
    return absolute(path) if path else ""


def _inside_or_empty(path: str) -> str:
    return inside(path) if path else ""


class CommandParameters(Parameters):
    """What ``command`` is told."""

    command: list[Word] = Field(min_length=1, description="Program and arguments; no shell looks at them.")
    directory: Annotated[str, AfterValidator(_absolute_or_empty)] = Field(
        default="", description="Where it runs: an absolute path on the resource; '' is the login directory."
    )
    environment: Environment = Field(
        default={}, description="Environment variables, name to literal value, added to those of the resource."
    )
    timeout_s: float = Field(default=3600.0, gt=0, description="The command is killed after so many seconds.")
    stdout: Annotated[str, AfterValidator(_inside_or_empty)] = Field(
        default="", description="File for its output, in the directory; '' puts the first 64 KiB into the outputs."
    )
    stdin: Annotated[str, AfterValidator(_inside_or_empty)] = Field(
        default="", description="File for its input, in the directory; '' is no input."
    )
    accepted_exit_codes: list[int] = Field(default=[0], description="Exit codes that mean success.")


@dataclass(frozen=True, slots=True)
class _End:
    """How the command ended."""

    exit_code: int
    stdout: str
    stdout_truncated: bool
    stderr: str


class Command(TaskPlugin[CommandParameters]):
    """Runs a command and waits for it; for minutes, not for days: a long computation is a job.

    After a crash of the engine the command is run **again**, and the first one
    may still be running: use it for commands that may be repeated. Outputs:
    ``exit_code``, and ``stdout`` (text, with ``stdout_truncated`` beside it) or
    ``stdout_file`` (its path).
    """

    kind: ClassVar[str] = "command"
    summary: ClassVar[str] = "Runs a command on the resource; it may run again after a crash"
    parameters_model: ClassVar[type[Parameters]] = CommandParameters
    process_state: ClassVar[ProcessState] = ProcessState.EXECUTING

    def execute(self, run: TaskRun[CommandParameters]) -> Outcome:
        """Do it. ``Failed`` has the end of the command's standard error for the user."""
        run.check_cancelled()
        wanted = run.parameters
        mark = f"command-{secrets.token_hex(8)}"
        environment = {**run.cluster().environment, **wanted.environment}
        started_s = time.monotonic()
        result = run.shell().run(
            _script(wanted, environment, mark),
            timeout_s=wanted.timeout_s + _KILL_AFTER_S + _GRACE_S,
            cancelled=run.cancelled,
        )
        took_s = time.monotonic() - started_s
        shown = shlex.join(wanted.command)[:200]
        end = _parsed(result, mark)
        if end is None:
            return Failed(
                f"{shown} was not started on {run.resource}: {result.error_text[-2000:]}",
                f"The command could not be started on {run.resource}: {result.error_text[-500:] or 'no reason given'}",
            )
        if end.exit_code in wanted.accepted_exit_codes:
            return Completed(_outputs(wanted, end))
        said = f": {end.stderr[-_USER_STDERR_CHARACTERS:]}" if end.stderr else "."
        if end.exit_code in _TIMED_OUT and took_s >= wanted.timeout_s:
            how = f"did not end within {wanted.timeout_s:g} s and was killed{said}"
        else:
            how = f"ended with exit code {end.exit_code}{said}"
        return Failed(f"{shown} {how}", f"The command '{wanted.command[0]}' {how}")


def _script(wanted: CommandParameters, environment: dict[str, str], mark: str) -> str:
    """The command between its checks and the mark that tells how it ended.

    Output beyond the limits is read and dropped on the far side: the command
    never meets a closed pipe, and the engine never holds more. Descriptors: 5
    and 6 are ours out of the pipes, 4 carries the exit code, 3 the command's
    standard error to ``tail``.
    """
    checks = []
    if wanted.directory:
        checks.append(f"cd -- {quoted([wanted.directory])} || exit 1\n")
    if wanted.stdin:
        source = quoted([f"./{wanted.stdin}"])
        checks.append(f"[ -r {source} ] || {{ printf '%s\\n' {source}': no such input file' >&2; exit 1; }}\n")
    from_file = quoted([f"./{wanted.stdin}"]) if wanted.stdin else "/dev/null"
    to_file = f" >{quoted([f'./{wanted.stdout}'])}" if wanted.stdout else ""
    # In the foreground the command stays in our process group, so that whoever kills the group kills it too.
    limited = f"timeout --foreground -k {_KILL_AFTER_S} {wanted.timeout_s:.3f} {quoted(wanted.command)}"
    bounded = f"{{ head -c {STDOUT_LIMIT_BYTES + 1}; cat >/dev/null; }}"
    return (
        f"unset CDPATH\n{''.join(checks)}exec 5>&1 6>&2\n"
        "code=$( { { {\n"
        f"( {exports(environment)}exec {limited} ) <{from_file}{to_file} 2>&3 3>&- 4>&- 5>&- 6>&-\n"
        'printf %s "$?" >&4\n'
        f"}} | {bounded} >&5 3>&- 4>&-\n"
        f"}} 3>&1 | tail -c {STDERR_LIMIT_BYTES} >&6 4>&-\n"
        "} 4>&1 )\n"
        f"printf '\\n{mark} %s\\n' \"$code\" >&2\n"
    )


def _parsed(result: CommandResult, mark: str) -> _End | None:
    """How the command ended; ``None`` if it was never started. Raises ``CommandFailedError`` for half an answer."""
    stderr = result.stderr.decode("utf-8", "replace")
    found = re.search(rf"\n{mark} (\d*)\n\Z", stderr)
    if found is None:
        return None
    if not found.group(1):
        raise CommandFailedError(
            f"The shell could not run the command: {stderr[:500]}", exit_code_remote=result.exit_code, stderr=stderr
        )
    kept = result.stdout[:STDOUT_LIMIT_BYTES]
    return _End(
        exit_code=int(found.group(1)),
        stdout=kept.decode("utf-8", "replace"),
        stdout_truncated=len(result.stdout) > STDOUT_LIMIT_BYTES,
        stderr=stderr[: found.start()].strip(),
    )


def _outputs(wanted: CommandParameters, end: _End) -> dict[str, Any]:
    outputs: dict[str, Any] = {"exit_code": end.exit_code}
    if wanted.stdout:
        outputs["stdout_file"] = f"{wanted.directory}/{wanted.stdout}" if wanted.directory else wanted.stdout
    else:
        outputs["stdout"] = end.stdout
        outputs["stdout_truncated"] = end.stdout_truncated
    return outputs
