"""Which experiments seem to be forgotten: nothing of them runs, for a long time."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection

IDLE_S = 60.0
"""So long nothing of an experiment runs before it is looked after, and again after that."""
AT_ONCE = 20
"""How many are looked after in one go: most of them wait for a place, and need no help."""


class IdleExperiments:
    """Remembers since when nothing of an experiment runs. Times are seconds of a clock that does not jump."""

    def __init__(self) -> None:
        self._since_s: OrderedDict[str, float] = OrderedDict()

    def due(self, open_ones: Collection[str], moving: Collection[str], now_s: float) -> list[str]:
        """Those of the open experiments that have not moved for so long, the longest first, a few at a time.

        ``moving`` are those of which something runs, or waits for a job.
        """
        idle = set(open_ones).difference(moving)
        for experiment_id in self._since_s.keys() - idle:
            del self._since_s[experiment_id]
        for experiment_id in sorted(idle - self._since_s.keys()):
            self._since_s[experiment_id] = now_s
        due = [each for each, since_s in self._since_s.items() if since_s + IDLE_S <= now_s][:AT_ONCE]
        for experiment_id in due:
            self._since_s[experiment_id] = now_s
            self._since_s.move_to_end(experiment_id)
        return due
