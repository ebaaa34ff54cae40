"""Reads TOML with the line of every key.

``tomllib`` checks the syntax and gives the values; a small scanner, which may
therefore take the syntax as right, finds the lines.

Source: TOML 1.0.0, https://toml.io/en/v1.0.0.
"""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

from airavata_workload.documents.document import Document, Key, read_text, refuse_unspeakable_text
from airavata_workload.domain.errors import DocumentError

_POSITION = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def read_toml(path: Path, error: type[DocumentError] = DocumentError) -> Document:
    """The document in a file. Raises ``error`` for a file that cannot be read or is not TOML."""
    return parse_toml(read_text(path, error), path, error)


def parse_toml(text: str, path: Path, error: type[DocumentError] = DocumentError) -> Document:
    """The document in a text; ``path`` is what errors call it. Raises ``error`` with line and column."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as reason:
        raise _syntax_error(str(reason), text, path, error) from None
    except RecursionError:
        raise error("is nested too deeply.", path=path) from None
    document = Document(path=path, content=content, lines=_Scanner(text).lines(), error=error)
    refuse_unspeakable_text(document)
    return document


def _syntax_error(reason: str, text: str, path: Path, error: type[DocumentError]) -> DocumentError:
    found = _POSITION.search(reason)
    message = _POSITION.sub("", reason)
    if found and found.group(1):
        return error(f"{message} (column {found.group(2)}).", path=path, line=int(found.group(1)))
    return error(f"{message} (at the end of the file).", path=path, line=text.rstrip().count("\n") + 1)


_SPACE = re.compile(r"[ \t]*")
_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^"\\]|\\(?s:.)|"{1,2}(?!"))*"{3,5}'
    r"|'''(?:[^']|'{1,2}(?!'))*'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
)
# A date and a time may be separated by a space.
_SCALAR = re.compile(r"\d{4}-\d\d-\d\d \d\d:[^\s,\]}#]+|[^\s,\]}#]+")


class _Scanner:
    """Walks once over a text that is known to be TOML and notes where each key path begins."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._line = 1
        self._counted = 0
        self._lines: dict[Key, int] = {}
        self._sizes: dict[Key, int] = {}
        """Number of tables, so far, in each array of tables."""

    def lines(self) -> dict[Key, int]:
        table: Key = ()
        self._skip(_BLANK)
        while self._at < len(self._text):
            if self._text[self._at] == "[":
                table = self._header()
            else:
                self._pair(table)
            self._skip(_BLANK)
        return self._lines

    def _header(self) -> Key:
        line = self._here()
        brackets = 2 if self._text.startswith("[[", self._at) else 1
        self._at += brackets
        *parents, last = self._key()
        self._at += brackets
        path: Key = ()
        for name in parents:
            path = self._present((*path, name))
            self._lines.setdefault(path, line)
        path = (*path, last)
        if brackets == 2:
            self._lines.setdefault(path, line)
            number = self._sizes.get(path, 0)
            self._sizes[path] = number + 1
            path = (*path, number)
        self._lines[path] = line
        return path

    def _present(self, path: Key) -> Key:
        """The table that a header means by this path: of an array of tables, the newest."""
        return (*path, self._sizes[path] - 1) if path in self._sizes else path

    def _pair(self, table: Key) -> None:
        line = self._here()
        path = table
        for name in self._key():
            path = (*path, name)
            self._lines.setdefault(path, line)
        self._at += 1  # the equals sign
        self._skip(_SPACE)
        self._value(path)

    def _key(self) -> list[str]:
        names: list[str] = []
        while True:
            self._skip(_SPACE)
            word = self._take(_STRING if self._text[self._at] in "\"'" else _BARE_KEY)
            names.append(tomllib.loads(f"key = {word}")["key"] if word[0] in "\"'" else word)
            self._skip(_SPACE)
            if self._text[self._at] != ".":
                return names
            self._at += 1

    def _value(self, path: Key) -> None:
        opening = self._text[self._at]
        if opening in "\"'":
            self._skip(_STRING)
        elif opening == "[":
            self._items("]", path)
        elif opening == "{":
            self._items("}", path)
        else:
            self._skip(_SCALAR)

    def _items(self, closing: str, path: Key) -> None:
        """The inside of an array or of an inline table, from its opening bracket on."""
        number = 0
        self._at += 1
        self._skip(_BLANK)
        while self._text[self._at] != closing:
            if closing == "}":
                self._pair(path)
            else:
                self._lines[(*path, number)] = self._here()
                self._value((*path, number))
                number += 1
            self._skip(_BLANK)
            if self._text[self._at] == ",":
                self._at += 1
                self._skip(_BLANK)
        self._at += 1

    def _here(self) -> int:
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def _take(self, pattern: re.Pattern[str]) -> str:
        match = pattern.match(self._text, self._at)
        if match is None:
            raise AssertionError(f"tomllib takes as TOML what the scanner does not, at offset {self._at}")
        self._at = match.end()
        return match.group()

    def _skip(self, pattern: re.Pattern[str]) -> None:
        self._take(pattern)
