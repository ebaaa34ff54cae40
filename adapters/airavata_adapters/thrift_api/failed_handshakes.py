"""What the log says of clients that do not come through TLS: each reason now and then, however many they are."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

log = structlog.get_logger("airavata_workload.thrift")

TOLD_EVERY_S = 60.0
"""A client that tries again and again, or a machine that looks for open ports, must not fill the log."""


@dataclass(slots=True)
class _Count:
    told_at_s: float
    untold: int = 0


class FailedHandshakes:
    """Counts them by listener and reason; OpenSSL has a few hundred reasons."""

    def __init__(self) -> None:
        self._counts: dict[tuple[str, str], _Count] = {}

    def add(self, listener: str, reason: str, host: str, now_s: float) -> None:
        """One more, from that host."""
        count = self._counts.get((listener, reason))
        if count is not None and now_s - count.told_at_s < TOLD_EVERY_S:
            count.untold += 1
            return
        log.warning(
            "a client did not come through TLS",
            listener=listener,
            client=host,
            reason=reason,
            others=0 if count is None else count.untold,
        )
        self._counts[listener, reason] = _Count(now_s)
