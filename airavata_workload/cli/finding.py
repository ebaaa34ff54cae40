"""What a check found."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a check ended. A warning is something that works, but perhaps not for long or not as wished."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, what was found, and the remedy if that is not good."""

    subject: str
    verdict: Verdict
    said: str
    remedy: str = ""
