"""A parsed file that knows on which line each of its keys stands."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from airavata_workload.domain.errors import DocumentError

Key = tuple[str | int, ...]
"""A place in a document: names of tables and keys, numbers (from 0) of list items."""

_BARE = re.compile(r"[\w-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """What a file says (``content``, plain JSON values and dates) and where (``lines``, from 1).

    ``error`` is the class of the errors that are made about the file.
    """

    path: Path
    content: Mapping[str, Any]
    lines: Mapping[Key, int]
    error: type[DocumentError] = DocumentError

    def line(self, key: Key) -> int | None:
        """The line of the key or, if it is not in the file, of the nearest table around it."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.lines:
                return self.lines[key[:length]]
        return None

    def value(self, key: Key) -> Any:
        """The value at a place, or of the deepest table or list on the way that is there."""
        value: Any = self.content
        for step in key:
            listed = isinstance(value, (list, tuple)) and isinstance(step, int) and step < len(value)
            if not listed and not (isinstance(value, Mapping) and step in value):
                break
            value = value[step]
        return value

    def problem(
        self, message: str, key: Key = (), *, suggestion: str | None = None, remedy: str | None = None
    ) -> DocumentError:
        """An error about one key, with file and line; to be raised or collected."""
        return self.error(
            message,
            path=self.path,
            line=self.line(key),
            key=dotted(key) or None,
            suggestion=suggestion,
            remedy=remedy,
        )


def dotted(key: Key) -> str:
    """The key as a person would write it: ``inputs.alignment.files[1]``."""
    text = ""
    for step in key:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            text += ("." if text else "") + (step if _BARE.fullmatch(step) else f'"{step}"')
    return text


def combined(problems: Sequence[DocumentError]) -> DocumentError:
    """One error that tells of all problems, in the order of the file, and has the place of the first."""
    ordered = sorted(problems, key=lambda problem: problem.line or sys.maxsize)
    first = ordered[0]
    if len(ordered) == 1:
        return first
    every = type(first)("\n".join(str(problem) for problem in ordered))
    every.path, every.line, every.key, every.suggestion = first.path, first.line, first.key, first.suggestion
    return every


def read_text(path: Path, error: type[DocumentError]) -> str:
    """The text of a file in UTF-8. Raises ``error`` for a file that is missing, unreadable or not UTF-8."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        raise error("there is no such file.", path=path) from None
    except (OSError, ValueError) as reason:
        raise error(f"cannot be read: {getattr(reason, 'strerror', None) or reason}.", path=path) from reason
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as reason:
        line = data.count(b"\n", 0, reason.start) + 1
        raise error("is not text in UTF-8.", path=path, line=line, remedy="Save it with that encoding.") from None


def refuse_unspeakable_text(document: Document) -> None:
    """Raise for text that no file name, command or store can hold: NUL, or half of a surrogate pair."""

    def visit(value: Any, key: Key) -> None:
        if isinstance(value, str):
            if "\0" in value or any("\ud800" <= char <= "\udfff" for char in value):
                raise document.problem(f"'{dotted(key)}' holds a character that text cannot hold (NUL or U+D8xx).", key)
        elif isinstance(value, Mapping):
            for name, item in value.items():
                visit(name, (*key, name))
                visit(item, (*key, name))
        elif isinstance(value, (list, tuple)):
            for index, item in enumerate(value):
                visit(item, (*key, index))

    visit(document.content, ())
