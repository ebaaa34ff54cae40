"""Which files a pattern means, the same for every transfer.

A pattern is a relative path in which ``*`` stands for any characters and ``?``
for one, neither for a slash; every other character is itself. As in a shell, a
wildcard at the beginning of a name does not stand for a dot.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from airavata_workload.domain.errors import InputError
from airavata_workload.ports.file_transfer import RemoteFile

_WILDCARD = re.compile(r"([*?])")


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a directory."""

    name: str
    size_bytes: int
    is_file: bool
    is_directory: bool


def check_patterns(patterns: Sequence[str]) -> None:
    """Raise ``InputError`` for a pattern that leads out of the directory or is empty."""
    for pattern in patterns:
        if not pattern or pattern.startswith("/") or "\0" in pattern or ".." in pattern.split("/"):
            raise InputError(f"{pattern!r} does not name files inside a directory; use a relative path or pattern.")


def segments(pattern: str) -> list[str]:
    """The parts between slashes."""
    return [part for part in pattern.split("/") if part not in ("", ".")]


def segment_expression(segment: str) -> re.Pattern[str]:
    """What names a part of a pattern matches."""
    parts = (".*" if part == "*" else "." if part == "?" else re.escape(part) for part in _WILDCARD.split(segment))
    no_dot = r"(?!\.)" if segment[:1] in ("*", "?") else ""
    return re.compile(no_dot + "".join(parts), re.DOTALL)


def select(patterns: Sequence[str], files: Iterable[RemoteFile]) -> dict[str, list[RemoteFile]]:
    """For each pattern the files that match it, by path."""
    by_path = {file.path: file for file in files}
    chosen = {}
    for pattern in patterns:
        expression = re.compile(
            "/".join(f"(?:{segment_expression(part).pattern})" for part in segments(pattern)), re.DOTALL
        )
        chosen[pattern] = [
            by_path[path]
            for path in sorted(by_path)
            if path.count("/") == len(segments(pattern)) - 1 and expression.fullmatch(path)
        ]
    return chosen


def shell_glob(pattern: str) -> str:
    """The pattern as a word of a script that the shell there expands to at least the files that match.

    ``?`` becomes ``*``: a shell may count bytes where we count characters.
    """
    parts = _WILDCARD.split("/".join(segments(pattern)))
    return "./" + "".join("*" if part in ("*", "?") else shlex.quote(part) if part else "" for part in parts)


def walk(patterns: Sequence[str], list_directory: Callable[[str], Iterable[Entry]]) -> dict[str, list[RemoteFile]]:
    """For each pattern the files that match it. ``list_directory`` is given relative paths, '' for where it begins."""
    check_patterns(patterns)
    listed: dict[str, list[Entry]] = {}
    found: dict[str, RemoteFile] = {}

    def descend(directory: str, rest: list[str]) -> None:
        if directory not in listed:
            listed[directory] = list(list_directory(directory))
        expression = segment_expression(rest[0])
        for entry in listed[directory]:
            if not expression.fullmatch(entry.name):
                continue
            path = f"{directory}/{entry.name}" if directory else entry.name
            if len(rest) == 1 and entry.is_file:
                found[path] = RemoteFile(path=path, size_bytes=entry.size_bytes)
            elif len(rest) > 1 and entry.is_directory:
                descend(path, rest[1:])

    for pattern in patterns:
        if segments(pattern):
            descend("", segments(pattern))
    return select(patterns, found.values())
