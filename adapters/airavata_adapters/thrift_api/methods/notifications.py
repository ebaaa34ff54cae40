"""Notifications."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

REGISTRY: Table = {
    "createNotification": ("notifications", "create"),
    "updateNotification": ("notifications", "update"),
    "deleteNotification": ("notifications", "delete"),
    "getNotification": ("notifications", "get"),
    "getAllNotifications": ("notifications", "all"),
}
AIRAVATA: Table = REGISTRY
