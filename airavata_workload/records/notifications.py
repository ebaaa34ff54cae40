"""Notifications: what a gateway's administrators tell all its users."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.record import Record


class NotificationPriority(StrEnum):
    """How urgent a notification is."""

    LOW = "LOW"
    NORMAL = "NORMAL"
    HIGH = "HIGH"


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification(Record):
    """A text for all users of a gateway, shown from ``published_at_ms`` to ``expires_at_ms``."""

    IDENTITY: ClassVar[str] = "notification_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "created_at_ms", "published_at_ms", "expires_at_ms")

    notification_id: str | None = None
    gateway_id: str
    title: str
    notification_message: str
    created_at_ms: int | None = None
    published_at_ms: int | None = None
    expires_at_ms: int | None = None
    priority: NotificationPriority | None = None
