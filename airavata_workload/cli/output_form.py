"""How a command prints what it has to say."""

from __future__ import annotations

from enum import StrEnum


class Output(StrEnum):
    """What a command prints: tables for people, or JSON for programs."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
