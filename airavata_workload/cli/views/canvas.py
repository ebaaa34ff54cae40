"""A grid of characters for boxes and for lines that join, in Unicode or in ASCII."""

from __future__ import annotations

import functools
import operator
from dataclasses import dataclass, field

from rich.cells import cell_len
from rich.text import Text

UP, DOWN, LEFT, RIGHT = 1, 2, 4, 8

_LINES = {
    UP: "│",
    DOWN: "│",
    UP | DOWN: "│",
    LEFT: "─",
    RIGHT: "─",
    LEFT | RIGHT: "─",
    DOWN | RIGHT: "╭",
    DOWN | LEFT: "╮",
    UP | RIGHT: "╰",
    UP | LEFT: "╯",
    UP | DOWN | RIGHT: "├",
    UP | DOWN | LEFT: "┤",
    DOWN | LEFT | RIGHT: "┬",
    UP | LEFT | RIGHT: "┴",
    UP | DOWN | LEFT | RIGHT: "┼",
}
ARROW, ASCII_ARROW = "▼", "v"


@dataclass
class Canvas:
    """Cells by (row, column). Lines of one ``group`` join where they meet; those of different groups cross."""

    ascii_only: bool = False
    _cells: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)
    _lines: dict[tuple[int, int], dict[int, int]] = field(default_factory=dict)
    _junctions: set[tuple[int, int]] = field(default_factory=set)

    def write(self, row: int, column: int, text: str, style: str = "") -> None:
        """Put text there; a wide character takes two columns."""
        for character in text:
            width = cell_len(character)
            if width == 0 and column > 0:
                before = self._cells.get((row, column - 1), (" ", style))
                self._cells[row, column - 1] = (before[0] + character, before[1])
                continue
            self._cells[row, column] = (character, style)
            if width == 2:
                self._cells[row, column + 1] = ("", style)
            column += max(1, width)

    def box(self, row: int, left: int, width: int, lines: list[tuple[str, str]], style: str) -> None:
        """A box around lines of text (each with its style), whose first row is ``row``."""
        corners = "++++" if self.ascii_only else "╭╮╰╯"
        across, upright = ("-", "|") if self.ascii_only else ("─", "│")
        bottom = row + len(lines) + 1
        self.write(row, left, corners[0] + across * (width - 2) + corners[1], style)
        for offset, (text, text_style) in enumerate(lines, 1):
            self.write(row + offset, left, upright, style)
            self.write(row + offset, left + 2, text, text_style)
            self.write(row + offset, left + width - 1, upright, style)
        self.write(bottom, left, corners[2] + across * (width - 2) + corners[3], style)

    def upright(self, column: int, first: int, last: int, group: int) -> None:
        """A line downwards from the middle of row ``first`` to the middle of row ``last``."""
        for row in range(first, last + 1):
            self._bend(row, column, (UP if row > first else 0) | (DOWN if row < last else 0), group)

    def across(self, row: int, first: int, last: int, group: int) -> None:
        """A line from the middle of column ``first`` to the middle of column ``last``."""
        for column in range(first, last + 1):
            self._bend(row, column, (LEFT if column > first else 0) | (RIGHT if column < last else 0), group)

    def junction(self, row: int, column: int) -> None:
        """Lines of all groups join there."""
        self._junctions.add((row, column))

    def _bend(self, row: int, column: int, directions: int, group: int) -> None:
        groups = self._lines.setdefault((row, column), {})
        groups[group] = groups.get(group, 0) | directions

    def lines(self, line_style: str = "dim") -> list[Text]:
        """The finished drawing, one text a row, nothing after the last character of a row."""
        cells = {
            place: (self._character(place, groups), line_style) for place, groups in self._lines.items()
        } | self._cells
        if not cells:
            return []
        rows: list[Text] = []
        for row in range(max(place[0] for place in cells) + 1):
            text = Text(no_wrap=True, overflow="crop")
            columns = [column for line, column in cells if line == row]
            for column in range(max(columns, default=-1) + 1):
                character, style = cells.get((row, column), (" ", ""))
                text.append(character, style=style)
            text.rstrip()
            rows.append(text)
        return rows

    def _character(self, place: tuple[int, int], groups: dict[int, int]) -> str:
        if place in self._junctions:
            directions = functools.reduce(operator.or_, groups.values())
        else:
            # Where lines of different groups cross, the upright one passes over the other: that is no junction.
            directions = max(groups.values(), key=lambda each: (bool(each & (UP | DOWN)), each.bit_count()))
        if not self.ascii_only:
            return _LINES[directions or UP | DOWN]
        if directions & (UP | DOWN) and directions & (LEFT | RIGHT):
            return "+"
        return "-" if directions & (LEFT | RIGHT) else "|"
