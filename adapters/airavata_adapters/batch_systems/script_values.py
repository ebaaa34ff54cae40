"""What may stand in a job script: every value that a user can choose is checked here before it is written.

A directive line is read by the batch system word by word, so a value with a
line break or a blank could bring a directive or an option of its own. Values
that are names to the batch system are therefore words of a small alphabet;
file names, environment values and arguments may hold nearly anything, because
they are quoted.
"""

from __future__ import annotations

import posixpath
import re

from airavata_workload.domain.errors import ParameterError

_WORD = re.compile(r"[A-Za-z0-9_.@%+:,=/][A-Za-z0-9_.@%+:,=/-]*\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")


def _refuse(what: str, value: str, why: str, remedy: str) -> ParameterError:
    return ParameterError(f"The {what} {value!r} {why}.", remedy=remedy)


def directive_word(what: str, value: str | None) -> str:
    """A name for a directive (``what`` says which, for the error), '' for none.

    Raises ``ParameterError`` for blanks, quotes, control characters and a
    leading ``-``: with them the value could bring further options.
    """
    if not value:
        return ""
    if not _WORD.match(value):
        raise _refuse(
            what,
            value,
            "holds a character that cannot stand in a job script's directive",
            "Use letters, digits and _.-+:",
        )
    return value


def text(what: str, value: str) -> str:
    """Any text that a shell can carry. Raises ``ParameterError`` for NUL and for what is not Unicode."""
    if "\0" in value:
        raise _refuse(what, value, "holds a NUL character", "Remove it.")
    try:
        value.encode("utf-8")
    except UnicodeEncodeError:
        raise _refuse(what, value, "is not valid Unicode text", "Remove the broken character.") from None
    return value


def line(what: str, value: str) -> str:
    """Text without line breaks and other control characters. Raises ``ParameterError``."""
    if any(character < " " or character == "\x7f" for character in text(what, value)):
        raise _refuse(what, value, "holds a line break or another control character", "Remove it.")
    return value


def output_file(what: str, value: str) -> str:
    r"""A file name relative to the working directory, '' for none.

    Raises ``ParameterError`` for an absolute name, one that leaves the
    directory, control characters, and ``\``, after which Slurm no longer
    expands ``%%`` (Source: sbatch(1), "filename pattern").
    """
    if not value:
        return ""
    line(what, value)
    if "\\" in value:
        raise _refuse(what, value, "holds a backslash", "Use another name.")
    if value.startswith("/") or posixpath.normpath(value).startswith("..") or posixpath.normpath(value) == ".":
        raise _refuse(what, value, "is not a file inside the working directory", "Give a relative name.")
    return value


def working_directory(value: str) -> str:
    """An absolute directory in one line. Raises ``ParameterError``."""
    if not line("working directory", value).startswith("/"):
        raise _refuse("working directory", value, "is not absolute", "Give a path that starts with '/'.")
    return value


def environment_name(value: str) -> str:
    """The name of an environment variable. Raises ``ParameterError`` unless a shell takes it as one.

    Names that begin with ``airavata_`` are the job script's own.
    """
    if not _VARIABLE.match(value) or value.startswith("airavata_"):
        raise _refuse("environment variable", value, "has no valid name", "Use letters, digits and _.")
    return value


def command(words: tuple[str, ...]) -> tuple[str, ...]:
    """An argument vector. Raises ``ParameterError`` if it is empty or a word cannot be passed to a program."""
    if not words or not words[0]:
        raise ParameterError(
            "A command of the job has no program to run.", remedy="Give the program as its first word."
        )
    return tuple(text("argument", word) for word in words)
