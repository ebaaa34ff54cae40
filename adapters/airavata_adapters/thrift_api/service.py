"""What stands behind a listener: the seam between the server, which knows bytes, and what knows calls."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Protocol

from airavata_adapters.thrift_api.message import Request


@dataclass(frozen=True, slots=True)
class Peer:
    """The other end of a connection. ``has_certificate``: it showed one that the listener demanded and accepted."""

    host: str
    has_certificate: bool = False


@dataclass(slots=True)
class Session:
    """What belongs to one connection; never used by two threads at once.

    ``dialect`` is the codec's, ``asked`` names the constants that the client has asked for.
    """

    peer: Peer
    dialect: Any = None
    asked: set[str] = field(default_factory=set)


class Service(Protocol):
    """Answers the requests of a listener. No method raises; the answer to a one-way request is empty."""

    def session(self, peer: Peer) -> Session:
        """What to keep for a new connection."""

    def answer_at_once(self, request: Request, session: Session) -> bytes | None:
        """The whole answer if it costs a few microseconds and waits for nothing, otherwise None."""

    def answer(self, request: Request, session: Session) -> bytes:
        """The whole answer, however long that takes."""
