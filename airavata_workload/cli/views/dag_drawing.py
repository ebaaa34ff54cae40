"""Draws a DAG with boxes and lines, from the top down, as wide as the terminal allows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rich.cells import cell_len, set_cell_size
from rich.text import Text

from airavata_workload.cli.views.canvas import ARROW, ASCII_ARROW, Canvas
from airavata_workload.cli.views.dag_layout import Layout, Place, lay_out
from airavata_workload.cli.views.plain_text import printable

LONGEST_LABELS = (36, 28, 20, 14, 9)
"""Widths to which labels are cut, one after the other, until the drawing fits."""


@dataclass(frozen=True, slots=True)
class Box:
    """A node to draw: first and second line, and the style of its border and first line."""

    title: str
    subtitle: str = ""
    style: str = ""


def draw(
    boxes: Mapping[str, Box], before: Mapping[str, Sequence[str]], *, columns: int, ascii_only: bool = False
) -> list[Text]:
    """The drawing, one text a row; where even short labels do not fit, a list that says what comes after what."""
    clean = {
        key: replace(box, title=printable(box.title), subtitle=printable(box.subtitle)) for key, box in boxes.items()
    }
    for longest in LONGEST_LABELS:
        labels = {key: _cut(box, longest, ascii_only) for key, box in clean.items()}
        layout = lay_out({key: _width(box) for key, box in labels.items()}, before)
        if layout.width <= columns:
            return _drawn(layout, labels, ascii_only)
    return _listed(clean, before, ascii_only)


def _cut(box: Box, longest: int, ascii_only: bool) -> Box:
    return replace(
        box, title=shortened(box.title, longest, ascii_only), subtitle=shortened(box.subtitle, longest, ascii_only)
    )


def shortened(text: str, columns: int, ascii_only: bool = False) -> str:
    """The text in at most that many columns, with an ellipsis where something is missing."""
    if cell_len(text) <= columns:
        return text
    ellipsis = "..." if ascii_only and columns > 3 else "." if ascii_only else "…"
    return set_cell_size(text, columns - len(ellipsis)).rstrip() + ellipsis


def _width(box: Box) -> int:
    # odd, so that a line can leave from the very middle
    return (max(cell_len(box.title), cell_len(box.subtitle)) + 4) | 1


def _drawn(layout: Layout, boxes: Mapping[str, Box], ascii_only: bool) -> list[Text]:
    canvas = Canvas(ascii_only=ascii_only)
    height = 4 if any(box.subtitle for box in boxes.values()) else 3
    row = 0
    group = 0
    for index, layer in enumerate(layout.layers):
        starts = {source for source, _ in layout.channels[index]} if index < len(layout.channels) else set()
        for place in layer:
            _draw_place(canvas, place, boxes, row, height, group := group + 1)
            if place.key and place.middle in starts:
                canvas.write(row + height - 1, place.middle, "+" if ascii_only else "┬", boxes[place.key].style)
        row += height
        if index < len(layout.channels):
            targets = {place.middle: bool(place.key) for place in layout.layers[index + 1]}
            row, group = _draw_channel(canvas, layout.channels[index], targets, row, group)
    return canvas.lines()


def _draw_place(canvas: Canvas, place: Place, boxes: Mapping[str, Box], row: int, height: int, group: int) -> None:
    if not place.key:
        canvas.upright(place.middle, row, row + height - 1, group)
        return
    box = boxes[place.key]
    lines = [(box.title, f"bold {box.style}".strip())]
    if height == 4:
        lines.append((box.subtitle, "dim"))
    canvas.box(row, place.left, place.width, lines, box.style)


def _draw_channel(
    canvas: Canvas, edges: Sequence[tuple[int, int]], targets: Mapping[int, bool], row: int, group: int
) -> tuple[int, int]:
    """The edges between two layers; returns the row after them and the last group used."""
    buses = _buses(edges)
    tracks = _tracks(buses)
    bottom = row + max(tracks, default=-1) + 1
    for (sources, ends), track in zip(buses, tracks, strict=True):
        group += 1
        middle = row + max(track, 0)
        for source in sources:
            canvas.upright(source, row - 1, middle if track >= 0 else bottom, group)
        for end in ends:
            canvas.upright(end, middle, bottom, group)
            canvas.junction(middle, end)
        if track >= 0:
            canvas.across(middle, min(*sources, *ends), max(*sources, *ends), group)
    for end, is_box in targets.items():
        if is_box and any(end == target for _, target in edges):
            canvas.write(bottom, end, ASCII_ARROW if canvas.ascii_only else ARROW, "dim")
    return bottom + 1, group


def _buses(edges: Sequence[tuple[int, int]]) -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Edges bundled: all sources that lead to exactly the same ends share one line to them."""
    ends: dict[int, list[int]] = {}
    for source, end in edges:
        ends.setdefault(source, []).append(end)
    bundles: dict[tuple[int, ...], list[int]] = {}
    for source, targets in ends.items():
        bundles.setdefault(tuple(sorted(set(targets))), []).append(source)
    return [(tuple(sorted(sources)), targets) for targets, sources in bundles.items()]


def _tracks(buses: Sequence[tuple[tuple[int, ...], tuple[int, ...]]]) -> list[int]:
    """The row of each bus in its channel, -1 for one that only goes straight down.

    Two buses share a row only where they do not touch. A bus that begins in
    the column in which another ends is drawn above it, or their uprights
    would run into one another.
    """
    tracks = [-1 if sources == ends and len(sources) == 1 else 0 for sources, ends in buses]
    bent = [index for index, track in enumerate(tracks) if track == 0]
    above = {
        index: {other for other in bent if other != index and set(buses[other][0]) & set(buses[index][1])}
        for index in bent
    }
    placed: list[int] = []
    while len(placed) < len(bent):
        ready = [index for index in bent if index not in placed and above[index] <= set(placed)]
        # in a circle of such claims one has to give way
        index = (ready or [each for each in bent if each not in placed])[0]
        lowest = max((tracks[other] + 1 for other in above[index] if other in placed), default=0)
        while any(tracks[other] == lowest and _touch(buses[other], buses[index]) for other in placed):
            lowest += 1
        tracks[index] = lowest
        placed.append(index)
    return tracks


def _touch(one: tuple[tuple[int, ...], tuple[int, ...]], other: tuple[tuple[int, ...], tuple[int, ...]]) -> bool:
    (first, last), (start, end) = ((min(*a, *b), max(*a, *b)) for a, b in (one, other))
    return first <= end + 1 and start <= last + 1


def _listed(boxes: Mapping[str, Box], before: Mapping[str, Sequence[str]], ascii_only: bool) -> list[Text]:
    arrow = "<-" if ascii_only else "←"
    rows: list[Text] = []
    for key, box in boxes.items():
        row = Text(box.title, style=f"bold {box.style}".strip())
        if box.subtitle:
            row.append(f"  {box.subtitle}", style="not bold dim")
        if before.get(key):
            names = ", ".join(boxes[source].title for source in before[key])
            row.append(f"  {arrow} {names}", style="not bold dim")
        rows.append(row)
    return rows
