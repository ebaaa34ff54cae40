"""How errors are told: one clear line and what to do next, on standard error, or the same as JSON."""

from __future__ import annotations

import itertools
import json
import os
import sys
import traceback
from collections.abc import Sequence

from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.output_form import Output
from airavata_workload.domain.errors import WorkloadError

PROGRAM = "airavata-workload"


def tell(invocation: Invocation, error: WorkloadError) -> int:
    """Tell of an error that we foresaw; returns its exit code."""
    if invocation.verbose:
        traceback.print_exception(error)
    _print(invocation, type(error).__name__, error.message, error.remedy, error.exit_code)
    return error.exit_code


def tell_of_wrong_use(invocation: Invocation, message: str, command_path: str) -> int:
    """Tell of arguments that do not fit."""
    remedy = f"'{command_path} --help' shows what it takes."
    _print(invocation, "UsageError", message, remedy, ExitCode.WRONG_USE)
    return ExitCode.WRONG_USE


def tell_of_fault(invocation: Invocation, error: BaseException) -> int:
    """Tell of a fault of this program, with all that helps to mend it."""
    traceback.print_exception(error)
    message = f"{type(error).__name__}: {error}".strip()
    remedy = "This is a fault of the program, not yours. Please report it with the lines above."
    _print(invocation, "Fault", message, remedy, ExitCode.FAULT)
    return ExitCode.FAULT


def _print(invocation: Invocation, kind: str, message: str, remedy: str | None, exit_code: int) -> None:
    if invocation.output is not Output.TABLE:
        error = {"type": kind, "message": message, "remedy": remedy, "exit_code": int(exit_code)}
        sys.stderr.write(json.dumps({"error": error}) + "\n")
        return
    from airavata_workload.cli.views.plain_text import lines_of

    colour, plain = ("\x1b[1;31m", "\x1b[0m") if _colours() else ("", "")
    sys.stderr.write(f"{colour}error:{plain} {lines_of(message)}\n")
    if remedy:
        sys.stderr.write(f"{lines_of(remedy)}\n")


def _colours() -> bool:
    # Source: https://no-color.org
    return sys.stderr.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def asked_for_json(arguments: Sequence[str]) -> bool:
    """Whether the arguments ask for JSON, as far as that can be seen when they could not be understood."""
    json_outputs = {str(Output.JSON), str(Output.JSONL)}
    pairs = itertools.pairwise(arguments)
    return any(name in ("--output", "-o") and value in json_outputs for name, value in pairs) or any(
        argument.partition("=")[2] in json_outputs for argument in arguments if argument.startswith("--output=")
    )
