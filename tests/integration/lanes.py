"""How pytest-xdist deals out the tests that need servers."""

from __future__ import annotations

from pathlib import PurePath

from integration.lane_of_module import lane_of
from xdist.scheduler import LoadScopeScheduling


class Lanes(LoadScopeScheduling):
    """A process is given all tests of a lane.

    xdist has marks for that, ``xdist_group``, which it writes into an attribute that pytest 9.2 has no longer: tests
    of one group then run beside each other, and nobody is told.
    """

    def _split_scope(self, nodeid: str) -> str:
        return lane_of(PurePath(nodeid.partition("::")[0]).stem)
