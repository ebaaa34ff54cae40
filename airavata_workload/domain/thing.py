"""What a sentence is about: a thing and its id."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class ThingKind(StrEnum):
    """What somebody must be able to tell from other things without reading a sentence."""

    EXPERIMENT = "experiment"
    PROJECT = "project"


@dataclass(frozen=True, slots=True)
class Thing:
    """A thing as errors name it: ``experiment 'x_1'``."""

    kind: ThingKind
    identifier: str

    def __str__(self) -> str:
        return f"{self.kind} '{self.identifier}'"
