"""What one connection may ask of the server, in size and in time."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """Bounds that keep one client from costing the others anything."""

    message_bytes: int = 16 * 1024 * 1024
    """Most bytes of one request."""

    buffered_bytes: int = 256 * 1024 * 1024
    """Most bytes of requests that are arriving or running, on all connections together."""

    container_items: int = 100_000
    """Most elements of one list, set or map in a request."""

    depth: int = 64
    """How deep structs and containers may nest, the argument struct included. Source: thrift 0.25, ``TProtocol``."""

    message_time_s: float = 30.0
    """From the first byte of a request to its last, and from the first byte of an answer to its last."""

    idle_time_s: float = 3600.0
    """How long a connection may say nothing between two requests."""

    connections: int = 4096
    """Connections at once, on all listeners together."""

    method_name_bytes: int = 256
    """Most bytes of a method's name, the service's name before it included."""
