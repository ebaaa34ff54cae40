"""What the nodes in ZooKeeper hold: small JSON texts."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from airavata_workload.domain.errors import InputError
from airavata_workload.ports.recovery_nodes import Member

_MEMBER_BYTES = 256 << 10
"""Most that a member may say of itself: ZooKeeper breaks the connection over a request of more than 1 MiB.

Source: ZooKeeper Administrator's Guide, "jute.maxbuffer".
"""


@dataclass(frozen=True, slots=True)
class Owner:
    """Who drives an experiment or leads a role: a session, in one epoch of it (see ``zookeeper_session``)."""

    session: str
    epoch: str

    def to_bytes(self) -> bytes:
        """As stored."""
        return _packed({"session": self.session, "epoch": self.epoch})

    @classmethod
    def from_bytes(cls, stored: bytes) -> Owner:
        """As it was; nobody (no session, no epoch) if the bytes are not ours, so that the node can be claimed."""
        found = _unpacked(stored)
        session, epoch = found.get("session"), found.get("epoch")
        return cls(session, epoch) if isinstance(session, str) and isinstance(epoch, str) else cls("", "")


@dataclass(frozen=True, slots=True)
class Process:
    """Where a session runs, which tells two sessions of one name apart."""

    session: str
    host: str
    pid: int

    def to_bytes(self) -> bytes:
        """As stored."""
        return _packed({"session": self.session, "host": self.host, "pid": self.pid})

    @classmethod
    def from_bytes(cls, stored: bytes) -> Process | None:
        """As it was; nothing if the bytes are not ours."""
        found = _unpacked(stored)
        try:
            return cls(str(found["session"]), str(found["host"]), int(found["pid"]))
        except (KeyError, TypeError, ValueError):
            return None


def member_bytes(member: Member) -> bytes:
    """The member as stored. Raises ``InputError`` if that is too much for a node."""
    stored = _packed(
        {
            "session": member.session,
            "service": member.service,
            "host": member.host,
            "pid": member.pid,
            "started_at_us": member.started_at_us,
            "capabilities": dict(member.capabilities),
        }
    )
    if len(stored) > _MEMBER_BYTES:
        raise InputError(
            f"The capabilities of service '{member.service}' take {len(stored)} bytes.",
            remedy=f"A member may take {_MEMBER_BYTES}.",
        )
    return stored


def member_of(stored: bytes) -> Member | None:
    """The member; nothing if the bytes are not ours."""
    found = _unpacked(stored)
    try:
        return Member(
            session=str(found["session"]),
            service=str(found["service"]),
            host=str(found["host"]),
            pid=int(found["pid"]),
            started_at_us=int(found["started_at_us"]),
            capabilities=dict(found["capabilities"]),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _packed(value: dict[str, Any]) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode("ascii")


def _unpacked(stored: bytes) -> dict[str, Any]:
    try:
        found = json.loads(stored)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
