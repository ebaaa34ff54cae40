"""Which experiments run, who drives them, and which instance of a service leads."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class RecoveryNode:
    """One running experiment. ``owner`` is the session that drives it, '' if none; ``owner_alive`` whether it lives."""

    experiment_id: str
    owner: str
    owner_alive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A running service: its session, what it is, where, and what it can do."""

    session: str
    service: str
    host: str
    pid: int
    started_at_us: int
    capabilities: Mapping[str, Any] = field(default_factory=dict)


class RecoveryNodes(ABC):
    """One node a running experiment, made at launch and removed at its end; and the services that live.

    An instance has one session. When its process dies, however it dies, the
    others see ``owner_alive`` become false.
    """

    @property
    @abstractmethod
    def session(self) -> str:
        """The id of this instance's session."""

    @abstractmethod
    def join(self, service: str, capabilities: Mapping[str, Any]) -> None:
        """Register this session as a running service.

        Called again for the same service it replaces the capabilities: so a
        service reports its load, every few seconds.
        """

    @abstractmethod
    def members(self) -> list[Member]:
        """All services whose session lives."""

    @abstractmethod
    def create(self, *experiment_ids: str) -> None:
        """Make the experiments' nodes, owned by this session. An existing node keeps its owner."""

    @abstractmethod
    def claim(self, experiment_id: str) -> bool:
        """Take a node over whose owner is gone (or that is ours already). False if another living session owns it."""

    @abstractmethod
    def remove(self, *experiment_ids: str) -> None:
        """Remove the nodes. Removing what is not there is not an error; a crash may undo it."""

    @abstractmethod
    def nodes(self) -> list[RecoveryNode]:
        """All nodes."""

    @abstractmethod
    def lead(self, role: str) -> bool:
        """Whether this session leads ``role``, after trying to become its leader if nobody living is.

        Stays so until the session ends or ``resign``. Asked about once a second
        by services of which only the leading instance works, so the answer is
        cheap while nothing changes. Two instances of this class are two
        sessions here, even in one process.
        """

    @abstractmethod
    def resign(self, role: str) -> None:
        """Give the lead up; not leading is not an error."""

    @abstractmethod
    def close(self) -> None:
        """End the session: its nodes stay, without a living owner, and its leads are free."""
