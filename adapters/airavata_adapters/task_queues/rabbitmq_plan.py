"""Which messages to take from which queues. Pure."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import groupby
from typing import TypeVar

_Source = TypeVar("_Source")


def shares(
    sources: Sequence[_Source], waiting: Callable[[_Source], int], urgency: Callable[[_Source], object], limit: int
) -> list[tuple[_Source, int]]:
    """How many messages to take from each source, the most urgent first.

    ``sources`` come in the order of urgency. Those of equal urgency share what
    is left of the limit evenly, as far as they have messages, so that a queue
    with a long backlog keeps no other waiting.
    """
    plan: list[tuple[_Source, int]] = []
    for _, group in groupby(sources, urgency):
        equal = list(group)
        counts = [waiting(source) for source in equal]
        taken = _evenly(counts, limit)
        limit -= sum(taken)
        plan += [(source, count) for source, count in zip(equal, taken, strict=True) if count]
    return plan


def _evenly(counts: Sequence[int], limit: int) -> list[int]:
    """At most ``limit`` in all, for none more than its count."""
    taken = [0] * len(counts)
    while limit > 0:
        wanting = [place for place, count in enumerate(counts) if taken[place] < count]
        if not wanting:
            break
        each = max(1, limit // len(wanting))
        for place in wanting[:limit]:
            more = min(each, counts[place] - taken[place], limit)
            taken[place] += more
            limit -= more
    return taken
