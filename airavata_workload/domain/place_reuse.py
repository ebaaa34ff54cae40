"""Leave to go on in the same place without asking the scheduler, as HTCondor lets a claimed slot be used again.

Source of the idea: HTCondor's CLAIM_WORKLIFE, how long further jobs may start
in a claimed slot without another negotiation (HTCondor manual, configuration
macros).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceReuse:
    """The task after the one that has this may have its place.

    Until the instant ``until_us``, for at most ``left`` tasks one after the
    other, should clocks differ, and for tasks of these ``kinds``, for which there are workers.
    """

    until_us: int
    left: int
    kinds: tuple[str, ...]

    def covers(self, kind: str, now_us: int) -> bool:
        """Whether a task of that kind may follow now."""
        return self.left > 0 and now_us < self.until_us and kind in self.kinds

    def used(self) -> PlaceReuse:
        """What the task that follows has of it."""
        return replace(self, left=self.left - 1)

    def to_json(self) -> dict[str, Any]:
        """As a JSON object."""
        return {"until_us": self.until_us, "left": self.left, "kinds": list(self.kinds)}

    @classmethod
    def from_json(cls, value: Mapping[str, Any] | None) -> PlaceReuse | None:
        """The inverse of ``to_json``; ``None`` gives ``None``."""
        if value is None:
            return None
        return cls(until_us=value["until_us"], left=value["left"], kinds=tuple(value["kinds"]))
