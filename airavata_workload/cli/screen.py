"""Where commands write: results to standard output, everything said about them to standard error."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from functools import cached_property
from typing import Any

from rich.console import Console, RenderableType
from rich.text import Text

from airavata_workload.cli.output_form import Output
from airavata_workload.cli.views.plain_text import printable

PIPE_COLUMNS = 160
"""How wide tables are when standard output is no terminal and ``$COLUMNS`` says nothing."""


class Screen:
    """Standard output and standard error of one command."""

    def __init__(self, output: Output, *, quiet: bool) -> None:
        self.output = output
        self.quiet = quiet

    @cached_property
    def out(self) -> Console:
        """Standard output, for results."""
        return _console(stderr=False)

    @cached_property
    def err(self) -> Console:
        """Standard error, for everything else."""
        return _console(stderr=True)

    @property
    def for_people(self) -> bool:
        """Whether tables were asked for, and no JSON."""
        return self.output is Output.TABLE

    @property
    def live(self) -> bool:
        """Whether something may be drawn and drawn again: a person looks at a terminal that can do it."""
        return self.for_people and not self.quiet and self.out.is_terminal and not self.out.is_dumb_terminal

    def result(self, value: Mapping[str, Any], view: Callable[[], RenderableType]) -> None:
        """Print one thing: its view for people, or its JSON."""
        if self.output is Output.TABLE:
            self.show(view())
        elif self.output is Output.JSON:
            self._write(value, indent=2)
        else:
            self._write(value)

    def results(self, values: Iterable[Mapping[str, Any]], view: Callable[[], RenderableType]) -> None:
        """Print several things: their view for people, a JSON list, or one JSON object a line."""
        if self.output is Output.TABLE:
            self.show(view())
        elif self.output is Output.JSON:
            self._write(list(values), indent=2)
        else:
            for value in values:
                self._write(value)

    def show(self, view: RenderableType) -> None:
        """Print a view for people; in a pipe or file without the spaces that fill up its lines."""
        # Paths and commands that are too long run on: a terminal wraps them so that they can still be copied.
        if self.out.is_terminal:
            self.out.print(view, crop=False)
            return
        with self.out.capture() as captured:
            self.out.print(view, crop=False)
        self.text("".join(f"{line.rstrip()}\n" for line in captured.get().splitlines()))

    def line(self, value: Mapping[str, Any]) -> None:
        """Print one JSON object on one line, at once."""
        self._write(value)

    def text(self, text: str) -> None:
        """Print text as it is: neither wrapped, coloured nor cut."""
        sys.stdout.write(text)
        sys.stdout.flush()

    def say(self, message: str | Text) -> None:
        """Tell a person something that is not the result; nothing with ``--quiet`` or JSON."""
        if not self.quiet and self.for_people:
            self.err.print(message if isinstance(message, Text) else Text(printable(message)))

    def warn(self, message: str) -> None:
        """Tell what a person should know in any case."""
        self.err.print(Text.assemble(("warning: ", "yellow"), printable(message)))

    def _write(self, value: Any, indent: int | None = None) -> None:
        speaks_unicode = (sys.stdout.encoding or "").lower().replace("-", "").startswith("utf")
        text = json.dumps(value, ensure_ascii=not speaks_unicode, indent=indent)
        # half a surrogate pair, from a file name that is no UTF-8, cannot be encoded: escaped it can
        self.text((text if _encodable(text) else json.dumps(value, indent=indent)) + "\n")


def _encodable(text: str) -> bool:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _console(*, stderr: bool) -> Console:
    console = Console(stderr=stderr, highlight=False, markup=False, emoji=False)
    if not console.is_terminal and not _columns_given():
        console.width = PIPE_COLUMNS
    return console


def _columns_given() -> bool:
    return os.environ.get("COLUMNS", "").isdigit()
