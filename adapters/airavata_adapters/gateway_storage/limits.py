"""What one client of the storage may take."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """As the settings of the same names."""

    sessions: int = 64
    channels: int = 32
    open_files: int = 128
    packet_bytes: int = 262_144
    login_time_s: float = 20.0
    idle_time_s: float = 900.0
