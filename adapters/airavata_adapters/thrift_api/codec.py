"""The seam between calls and the dialects in which they travel: structs from bytes, and bytes from structs."""

from __future__ import annotations

from typing import Any, Protocol


class UndecodableError(Exception):
    """The bytes are no struct of the wanted class; the message names what is wrong."""


class Codec(Protocol):
    """Reads and writes structs. One codec serves a listener; what it learns of a peer is kept per connection."""

    def new_state(self) -> Any:
        """What a new connection's peer is taken for."""

    def decode(self, struct_class: Any, content: bytes, state: Any) -> Any:
        """The struct whose encoding ``content`` is. Raises ``UndecodableError``."""

    def told_gateway(self, gateway: str, state: Any) -> bool:
        """The peer acts for that gateway. True if this changes how it is read, so that what was read is read again."""

    def encode(self, struct: Any, state: Any) -> bytes:
        """The bytes of the struct, as that peer reads it. Raises ``UndecodableError`` for a value of a wrong type."""
