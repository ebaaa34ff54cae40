"""How much matches, remembered for a moment: it decides in which way a query is made, never what it finds.

Whether somebody may see many records or few is asked before each of their
searches, and costs a fifth of the time of one; it hardly ever changes.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from airavata_adapters.record_stores.query_form import Others

KEPT_S = 10.0
"""After so long it is asked again; until then a query may take the slower way, for somebody who has just got much."""
_MOST_KEPT = 4096


class KnownSizes:
    """Answers of one store, for all of its threads. ``steady_s`` is a clock that nobody sets."""

    def __init__(self, steady_s: Callable[[], float] = time.monotonic) -> None:
        self._steady_s = steady_s
        self._known: dict[tuple[Others, tuple[Any, ...]], tuple[float, bool]] = {}

    def are_many(self, others: Others, values: Sequence[Any], look: Callable[[], bool]) -> bool:
        """What ``look`` says of those records, or said a moment ago. Raises what it raises."""
        key = (others, tuple(tuple(sorted(each)) if isinstance(each, list | tuple) else each for each in values))
        now_s = self._steady_s()
        looked_s, many = self._known.get(key, (None, False))
        if looked_s is not None and now_s - looked_s < KEPT_S:
            return many
        many = look()
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[key] = (now_s, many)
        return many
