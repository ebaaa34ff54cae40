"""Answers of our own scripts, in sections, so that no stray line of a login file or wrapper is taken for one.

A script prints ``@@NAME CODE`` after each section's lines, ``CODE`` being the
exit code of the command that printed them; lines before the first ``@@begin``
and sections that are not closed (the connection broke) do not count.
"""

from __future__ import annotations

from dataclasses import dataclass

from airavata_workload.domain.errors import UnavailableError
from airavata_workload.ports.remote_shell import CommandResult

BEGIN = "@@begin"
_MARK = "@@"


@dataclass(frozen=True, slots=True)
class Section:
    """Lines that one command printed, and its exit code."""

    lines: tuple[str, ...]
    exit_code: int


def sections(result: CommandResult) -> dict[str, Section]:
    """The closed sections of an answer by name."""
    found: dict[str, Section] = {}
    lines: list[str] | None = None
    for line in result.text.split("\n")[:-1]:  # what follows the last line break was cut off
        if line == BEGIN:
            lines = []
        elif lines is not None and line.startswith(_MARK):
            name, _, code = line[len(_MARK) :].partition(" ")
            if code.isdecimal():
                found[name] = Section(tuple(lines), int(code))
                lines = []
        elif lines is not None and line:
            lines.append(line)
    return found


def close_section(name: str) -> str:
    """Shell text that closes a section after the command that printed it."""
    return f"printf '@@{name} %s\\n' \"$?\"\n"


def required(found: dict[str, Section], name: str, result: CommandResult, asked: str) -> Section:
    """The named section. Raises ``UnavailableError`` that says what was asked and what came instead."""
    if name not in found:
        came = result.error_text[-500:] or result.text.strip()[-500:] or f"exit code {result.exit_code}"
        raise UnavailableError(f"{asked} gave no complete answer: {came}")
    return found[name]
