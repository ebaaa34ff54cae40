"""Words of a shell script: checked when the parameters are read, quoted when the script is built."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterable, Mapping
from typing import Annotated

from pydantic import AfterValidator

PREAMBLE = "export LC_ALL=C; unset CDPATH\n"
"""First line of every script: messages in one language, and ``cd`` that prints nothing."""

# Source: POSIX.1-2017, base definitions, 3.235 "Name".
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def _without_nul(word: str) -> str:
    if "\0" in word:
        raise ValueError("may not hold a NUL character")
    return word


def _environment(variables: dict[str, str]) -> dict[str, str]:
    for name, value in variables.items():
        if not _VARIABLE.fullmatch(name):
            raise ValueError(f"{name!r} is not the name of an environment variable")
        _without_nul(value)
    return variables


Word = Annotated[str, AfterValidator(_without_nul)]
"""Any text that a program may be given as one argument."""

Environment = Annotated[dict[str, str], AfterValidator(_environment)]
"""Environment variables: names as POSIX has them, literal values."""


def quoted(words: Iterable[str]) -> str:
    """The words as they are written in a script, so that the shell sees exactly these."""
    return " ".join(shlex.quote(word) for word in words)


def exports(environment: Mapping[str, str]) -> str:
    """A line of script that sets the variables; empty if there are none."""
    if not environment:
        return ""
    return "export " + " ".join(f"{name}={shlex.quote(value)}" for name, value in environment.items()) + "\n"
