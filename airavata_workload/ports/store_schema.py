"""Which tables a store has, and which it should have: for stores whose form changes between versions."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Set
from dataclasses import dataclass
from enum import StrEnum


class SchemaVerdict(StrEnum):
    """How a stored schema compares with the one that this version needs."""

    CURRENT = "current"
    BEHIND = "behind"
    NEWER = "newer"
    EMPTY = "empty"


@dataclass(frozen=True, slots=True, kw_only=True)
class SchemaState:
    """The revisions that a store has and should have.

    ``where`` names the store for people, without a password; ``unknown`` are
    those of the stored revisions that this version has never heard of.
    """

    where: str
    stored: Set[str]
    wanted: Set[str]
    unknown: Set[str] = frozenset()

    @property
    def verdict(self) -> SchemaVerdict:
        """Newer, if anything stored is unknown; behind, if something else is missing."""
        if self.unknown:
            return SchemaVerdict.NEWER
        if not self.stored:
            return SchemaVerdict.EMPTY
        return SchemaVerdict.CURRENT if self.stored == self.wanted else SchemaVerdict.BEHIND


class StoreSchema(ABC):
    """Looks at the form of a store without opening the store, which may bring it up to date by itself.

    Methods raise ``StoreUnavailableError``, ``DeniedError`` and ``SettingsError``.
    """

    @abstractmethod
    def state(self) -> SchemaState:
        """What is stored now; changes nothing."""

    @abstractmethod
    def upgrade(self) -> SchemaState:
        """Bring the store up to date, or make it; what it is like then. Idempotent.

        Several processes may call it at once: it is done once. Interrupted
        anywhere, the next call goes on. Raises ``SettingsError`` if the store
        is newer than this version.
        """
