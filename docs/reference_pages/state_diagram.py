"""Draws a state machine as SVG, so that it can be seen without any script and without a network.

States stand one below the other, in an order in which they may follow. Arrows
that lead down go along the right side, arrows that lead back along the left.
States that cannot be told apart by their arrows share a box, and what nearly
every state may become has one mark in place of many arrows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from html import escape
from itertools import count

from airavata_workload.domain.states import State

Transitions = Mapping[State, frozenset[State]]

BOX_LEFT, BOX_WIDTH = 290, 240
LINE, PADDING, GAP = 22, 9, 34
LANE = 17
FROM_ANYWHERE_MIN = 4
"""From so many sources on, "from every state that has not ended" is clearer than the arrows."""


@dataclass
class Box:
    """States that share a box; ``mutual`` tells that they may follow one another."""

    states: tuple[State, ...]
    mutual: bool
    top: int = 0
    left_ends: list[int] = field(default_factory=list)
    right_ends: list[int] = field(default_factory=list)

    @property
    def height(self) -> int:
        """Height in pixels."""
        return len(self.states) * LINE + 2 * PADDING

    @property
    def middle(self) -> int:
        """The y of its middle."""
        return self.top + self.height // 2


@dataclass(frozen=True)
class Plan:
    """What is drawn: the boxes from the top, arrows between them, and the boxes that nearly every state may reach."""

    boxes: list[Box]
    arrows: list[tuple[Box, Box]]
    from_anywhere: list[Box]


def plan(transitions: Transitions, ends: frozenset[State]) -> Plan:
    """What to draw. Together it says neither more nor less than the table."""
    boxes = _ordered(_boxes(transitions), transitions, ends)
    anywhere = [box for box in boxes if _from_anywhere(box, transitions, ends)]
    pairs = [(start, end) for start in boxes for end in boxes if _leads(start, end, transitions)]
    # An end that leads to a box with that mark has not "not ended": it keeps its arrow.
    arrows = [(start, end) for start, end in pairs if end not in anywhere or start.states[0] in ends]
    return Plan(boxes, arrows, anywhere)


def diagram(title: str, transitions: Transitions, ends: frozenset[State]) -> str:
    """The picture."""
    drawn = plan(transitions, ends)
    boxes = drawn.boxes
    bottom = 18
    for box in boxes:
        box.top = bottom
        bottom += box.height + GAP
    shapes = [*_arrows(boxes, drawn.arrows), *(_from_anywhere_mark(box) for box in drawn.from_anywhere)]
    shapes += [shape for box in boxes for shape in _box(box, ends)]
    width, height = BOX_LEFT + BOX_WIDTH + 110, bottom - GAP + 18
    return _HEAD.format(width=width, height=height, title=escape(title)) + "\n".join(shapes) + "\n</svg>\n"


_HEAD = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" \
font-family="DejaVu Sans, Verdana, sans-serif" font-size="13" role="img">
<title>{title}</title>
<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" orient="auto">\
<path d="M0,0 L8,4 L0,8 z" fill="#345"/></marker></defs>
<rect width="{width}" height="{height}" fill="#fff"/>
"""


def _boxes(transitions: Transitions) -> list[Box]:
    boxes: list[list[State]] = []
    for state in transitions:
        home = next((box for box in boxes if all(_twins(state, other, transitions) for other in box)), None)
        if home is None:
            boxes.append([state])
        else:
            home.append(state)
    return [Box(tuple(box), len(box) > 1 and box[1] in transitions[box[0]]) for box in boxes]


def _twins(one: State, other: State, transitions: Transitions) -> bool:
    """Whether nothing but their names tells the two apart."""
    pair = {one, other}
    same_out = transitions[one] - pair == transitions[other] - pair
    sources = [{state for state, targets in transitions.items() if each in targets} - pair for each in (one, other)]
    both_ways = (other in transitions[one]) == (one in transitions[other])
    return same_out and sources[0] == sources[1] and both_ways


def _leads(start: Box, end: Box, transitions: Transitions) -> bool:
    return start is not end and end.states[0] in transitions[start.states[0]]


def _from_anywhere(box: Box, transitions: Transitions, ends: frozenset[State]) -> bool:
    sources = [state for state in transitions if state not in ends and state not in box.states]
    return len(sources) >= FROM_ANYWHERE_MIN and all(box.states[0] in transitions[state] for state in sources)


def _ordered(boxes: list[Box], transitions: Transitions, ends: frozenset[State]) -> list[Box]:
    """Depth first, as late as possible, so that most arrows lead down; ends come last."""
    done: list[Box] = []
    seen: list[Box] = []

    def visit(box: Box) -> None:
        seen.append(box)
        for target in reversed(boxes):
            if target not in seen and _leads(box, target, transitions):
                visit(target)
        done.append(box)

    visit(boxes[0])
    order = list(reversed(done))
    return sorted(order, key=lambda box: box.states[0] in ends)


def _arrows(boxes: list[Box], arrows: list[tuple[Box, Box]]) -> list[str]:
    """Neighbours by a straight arrow; all others by lanes, the shorter the nearer."""
    place = {id(box): number for number, box in enumerate(boxes)}
    shapes: list[str] = []
    lanes: dict[bool, list[list[tuple[int, int]]]] = {True: [], False: []}
    bent = []
    for start, end in arrows:
        first, last = place[id(start)], place[id(end)]
        if last == first + 1:
            x = BOX_LEFT + BOX_WIDTH // 2
            shapes.append(_path(f"M{x},{start.top + start.height} L{x},{end.top - 1}"))
        else:
            bent.append((abs(last - first), first, last, start, end))
    for _span, first, last, start, end in sorted(bent, key=lambda each: each[:3]):
        down = last > first
        low, high = sorted((first, last))
        lane = next(number for number in count() if _is_free(lanes[down], number, low, high))
        if lane == len(lanes[down]):
            lanes[down].append([])
        lanes[down][lane].append((low, high))
        shapes.append(_bent(start, end, lane, down))
    return shapes


def _is_free(lanes: list[list[tuple[int, int]]], lane: int, low: int, high: int) -> bool:
    return lane >= len(lanes) or all(high <= other_low or other_high <= low for other_low, other_high in lanes[lane])


def _bent(start: Box, end: Box, lane: int, down: bool) -> str:
    side = 1 if down else -1
    edge = BOX_LEFT + BOX_WIDTH if down else BOX_LEFT
    far = edge + side * (22 + lane * LANE)
    leave, arrive = _port(start, down, leaving=True), _port(end, down, leaving=False)
    turn = 8 if arrive > leave else -8
    return _path(
        f"M{edge},{leave} H{far - side * 8} Q{far},{leave} {far},{leave + turn} "
        f"V{arrive - turn} Q{far},{arrive} {far - side * 8},{arrive} H{edge + side}"
    )


def _port(box: Box, right: bool, *, leaving: bool) -> int:
    """A place at the side of the box that no other arrow uses: arrivals above the middle, departures below."""
    used = box.right_ends if right else box.left_ends
    wanted = (box.middle + step * 6 * (1 if leaving else -1) for step in count(1))
    found = next(y for y in wanted if y not in used)
    used.append(found)
    return min(max(found, box.top + 4), box.top + box.height - 4)


def _path(data: str) -> str:
    return f'<path d="{data}" fill="none" stroke="#345" stroke-width="1.3" marker-end="url(#tip)"/>'


def _from_anywhere_mark(box: Box) -> str:
    y = box.middle
    return (
        f'<path d="M{BOX_LEFT - 48},{y} H{BOX_LEFT - 1}" fill="none" stroke="#345" stroke-width="1.3" '
        f'stroke-dasharray="4 3" marker-end="url(#tip)"/>\n<text x="{BOX_LEFT - 54}" y="{y + 4}" font-size="11" '
        'text-anchor="end" fill="#345">from every state that has not ended</text>'
    )


def _box(box: Box, ends: frozenset[State]) -> list[str]:
    fill = "#dde1e6" if box.states[0] in ends else "#eaf3fc"
    dashes = ' stroke-dasharray="5 3"' if box.mutual else ""
    place = f'x="{BOX_LEFT}" y="{box.top}" width="{BOX_WIDTH}" height="{box.height}"'
    shapes = [f'<rect {place} rx="7" fill="{fill}" stroke="#345" stroke-width="1.3"{dashes}/>']
    for number, state in enumerate(box.states):
        y = box.top + PADDING + number * LINE + 15
        shapes.append(f'<text x="{BOX_LEFT + 14}" y="{y}">{escape(state.value)}</text>')
        shapes.append(
            f'<text x="{BOX_LEFT + BOX_WIDTH - 14}" y="{y}" text-anchor="end" fill="#678">{state.number}</text>'
        )
    return shapes
