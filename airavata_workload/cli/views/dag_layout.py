"""Where the boxes of a layered drawing go. Pure, and knows nothing of characters but their number.

The steps are those of Sugiyama, Tagawa and Toda (1981): layers by longest
path, invisible nodes where an edge passes a layer, an order in each layer
with few crossings (barycentres), and positions near the neighbours'.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

GAP = 3
"""Columns between two boxes of a layer."""
SWEEPS = 6
PLACEMENTS = 12
LONG_EDGE_WEIGHT = 4
"""How much more a long edge insists on its column than a box does."""


@dataclass(frozen=True, slots=True)
class Place:
    """A node in the drawing: its layer (from 0, at the top), middle column and width in columns.

    ``key`` is empty for the invisible nodes along a long edge, whose width is 1.
    """

    key: str
    layer: int
    middle: int
    width: int

    @property
    def left(self) -> int:
        """The first column."""
        return self.middle - self.width // 2

    @property
    def right(self) -> int:
        """The column after the last."""
        return self.left + self.width


@dataclass(frozen=True, slots=True)
class Layout:
    """The layers, each from left to right, and for each channel below a layer the edges as pairs of middle columns."""

    layers: tuple[tuple[Place, ...], ...]
    channels: tuple[tuple[tuple[int, int], ...], ...]
    width: int


def lay_out(widths: Mapping[str, int], before: Mapping[str, Sequence[str]]) -> Layout:
    """The layout of nodes (key to width), in the order given, with what comes ``before`` each; there is no cycle."""
    if not widths:
        return Layout((), (), 0)
    graph = _Layered(widths, before)
    graph.order()
    middles = graph.place()
    return graph.layout(middles)


class _Layered:
    """Nodes in layers, long edges cut up. Nodes are numbers; ``keys`` and ``widths`` are by number."""

    def __init__(self, widths: Mapping[str, int], before: Mapping[str, Sequence[str]]) -> None:
        self.keys = list(widths)
        self.widths = list(widths.values())
        depth = _depths(self.keys, before)
        self.layers: list[list[int]] = [[] for _ in range(max(depth.values()) + 1)]
        number = {key: index for index, key in enumerate(self.keys)}
        self.up: list[list[int]] = [[] for _ in self.keys]
        self.down: list[list[int]] = [[] for _ in self.keys]
        for key in list(self.keys):
            self.layers[depth[key]].append(number[key])
        for key in widths:
            for source in dict.fromkeys(before.get(key, ())):
                self._join(number[source], depth[source], number[key], depth[key])

    def _join(self, source: int, source_depth: int, target: int, target_depth: int) -> None:
        for layer in range(source_depth + 1, target_depth):
            self.keys.append("")
            self.widths.append(1)
            self.up.append([])
            self.down.append([])
            self.layers[layer].append(len(self.keys) - 1)
            self._link(source, len(self.keys) - 1)
            source = len(self.keys) - 1
        self._link(source, target)

    def _link(self, source: int, target: int) -> None:
        self.down[source].append(target)
        self.up[target].append(source)

    # -- order ---------------------------------------------------------------------
    def order(self) -> None:
        """Order each layer so that few edges cross, and keep the best order seen."""
        best = [list(layer) for layer in self.layers]
        fewest = self._crossings()
        for sweep in range(SWEEPS):
            downwards = sweep % 2 == 0
            indexes = range(1, len(self.layers)) if downwards else range(len(self.layers) - 2, -1, -1)
            for index in indexes:
                self._order_layer(index, self.up if downwards else self.down, index - 1 if downwards else index + 1)
            crossings = self._crossings()
            if crossings < fewest:
                best, fewest = [list(layer) for layer in self.layers], crossings
        self.layers = best

    def _order_layer(self, index: int, neighbours: list[list[int]], fixed: int) -> None:
        position = {node: place for place, node in enumerate(self.layers[fixed])}

        def barycentre(node: int) -> float:
            places = [position[other] for other in neighbours[node]]
            return sum(places) / len(places) if places else self.layers[index].index(node)

        weights = {node: barycentre(node) for node in self.layers[index]}
        self.layers[index].sort(key=weights.__getitem__)

    def _crossings(self) -> int:
        total = 0
        for index in range(len(self.layers) - 1):
            position = {node: place for place, node in enumerate(self.layers[index + 1])}
            ends = [sorted(position[target] for target in self.down[node]) for node in self.layers[index]]
            flat = [(place, end) for place, targets in enumerate(ends) for end in targets]
            total += sum(a[0] < b[0] and a[1] > b[1] for a in flat for b in flat)
        return total

    # -- columns -------------------------------------------------------------------
    def place(self) -> list[int]:
        """The middle column of every node."""
        middles = [0.0] * len(self.keys)
        for layer in self.layers:
            edge = 0.0
            for node in layer:
                middles[node] = edge + self.widths[node] / 2
                edge += self.widths[node] + GAP
        for turn in range(PLACEMENTS):
            layers = self.layers if turn % 2 == 0 else self.layers[::-1]
            for layer in layers:
                wanted = [self._wanted(node, middles, turn) for node in layer]
                for node, middle in zip(layer, self._spaced(layer, wanted), strict=True):
                    middles[node] = middle
        return self._rounded(middles)

    def _wanted(self, node: int, middles: list[float], turn: int) -> float:
        near = (self.up if turn % 2 == 0 else self.down)[node]
        if turn >= PLACEMENTS - 2:
            near = [*self.up[node], *self.down[node]]
        near = near or [*self.up[node], *self.down[node]]
        if not self.keys[node]:
            # a long edge is pleasing when it is straight
            near = [other for other in (*self.up[node], *self.down[node]) if not self.keys[other]] or near
        return sum(middles[other] for other in near) / len(near) if near else middles[node]

    def _spaced(self, layer: list[int], wanted: list[float]) -> list[float]:
        """Positions nearest to the wanted ones (least squares) that keep order and gaps: pools adjacent violators."""
        offsets = [0.0]
        for left, right in itertools.pairwise(layer):
            offsets.append(offsets[-1] + (self.widths[left] + self.widths[right]) / 2 + GAP)
        pools: list[tuple[float, int, int]] = []  # common value, weight, number of nodes
        for node, value, offset in zip(layer, wanted, offsets, strict=True):
            pools.append((value - offset, 1 if self.keys[node] else LONG_EDGE_WEIGHT, 1))
            while len(pools) > 1 and pools[-2][0] > pools[-1][0]:
                (first, weight, count), (second, more, others) = pools[-2], pools[-1]
                both = weight + more
                pools[-2:] = [((first * weight + second * more) / both, both, count + others)]
        flat = [value for value, _, count in pools for _ in range(count)]
        return [value + offset for value, offset in zip(flat, offsets, strict=True)]

    def _rounded(self, middles: list[float]) -> list[int]:
        start = min(middles[node] - self.widths[node] / 2 for layer in self.layers for node in layer)
        result = [0] * len(middles)
        for layer in self.layers:
            free = 0
            for node in layer:
                # the tenth makes equal wishes round alike, whatever their last bits
                column = int(middles[node] - start + 0.1)
                result[node] = max(column, free + self.widths[node] // 2)
                free = result[node] - self.widths[node] // 2 + self.widths[node] + 1
        return result

    def layout(self, middles: list[int]) -> Layout:
        """The finished layout."""
        layers = tuple(
            tuple(Place(self.keys[node], index, middles[node], self.widths[node]) for node in layer)
            for index, layer in enumerate(self.layers)
        )
        channels = tuple(
            tuple((middles[node], middles[target]) for node in layer for target in self.down[node])
            for layer in self.layers[:-1]
        )
        return Layout(layers, channels, max(place.right for layer in layers for place in layer))


def _depths(keys: Sequence[str], before: Mapping[str, Sequence[str]]) -> dict[str, int]:
    """The layer of each node: the length of the longest path to it."""
    depth: dict[str, int] = {}
    waiting = list(keys)
    while waiting:
        later = []
        for key in waiting:
            sources = before.get(key, ())
            if all(source in depth for source in sources):
                depth[key] = 1 + max((depth[source] for source in sources), default=-1)
            else:
                later.append(key)
        if len(later) == len(waiting):
            raise ValueError(f"a circle among {', '.join(later)}")
        waiting = later
    return depth
