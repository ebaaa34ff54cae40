"""How often and how soon a task is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryPolicy:
    """A limit of attempts and an exponential back-off with jitter; delays in seconds.

    ``attempts`` counts failures that the task itself may have caused. A host
    that cannot be reached is a deferral and does not count.
    """

    attempts: int = 3
    first_delay_s: float = 1.0
    factor: float = 2.0
    max_delay_s: float = 60.0

    def allows_another(self, failures: int) -> bool:
        """Whether a task that has failed ``failures`` times may be tried again."""
        return failures < self.attempts

    def delay_s(self, failures: int, uniform: Callable[[float, float], float] = random.uniform) -> float:
        """Seconds to wait after failure number ``failures`` (from 1): full back-off, half of it jitter."""
        full = min(self.max_delay_s, self.first_delay_s * self.factor ** max(0, failures - 1))
        return uniform(full / 2, full)

    def to_json(self) -> dict[str, Any]:
        """The policy as a JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> RetryPolicy:
        """The inverse of ``to_json``."""
        return cls(**value)
