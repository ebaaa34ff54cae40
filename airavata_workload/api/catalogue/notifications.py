"""Notifications: what a gateway's administrators tell all its users."""

from __future__ import annotations

import uuid
from dataclasses import replace

from airavata_workload.api import request_check as check
from airavata_workload.api.access.existing_gateway import require_existing_gateway
from airavata_workload.api.access.permission import require_admin, require_gateway
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.notifications import Notification


class Notifications:
    """Keeps notifications: everybody of the gateway reads them, its administrators write them.

    ``clock`` gives microseconds. Raises ``NotFoundError``, ``DeniedError`` and ``InputError``.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def create(self, caller: Caller, notification: Notification) -> str:
        """Store a new notification; returns its id, which is made here."""
        require_existing_gateway(self._records, caller, notification.gateway_id)
        _require_write(caller, notification.gateway_id)
        _check(notification)
        identifier = str(uuid.uuid4())
        now_ms = self._clock() // 1000
        with self._records.transaction() as records:
            records.add(replace(notification, notification_id=identifier, created_at_ms=now_ms))
        return identifier

    def update(self, caller: Caller, notification: Notification) -> bool:
        """Put another notification in place of the one of the same id."""
        _require_write(caller, notification.gateway_id)
        _check(notification)
        with self._records.transaction() as records:
            old = _notification(records, notification.gateway_id, notification.notification_id)
            records.put(replace(notification, created_at_ms=old.created_at_ms))
        return True

    def delete(self, caller: Caller, gateway_id: str, notification_id: str) -> bool:
        """Forget a notification."""
        _require_write(caller, gateway_id)
        with self._records.transaction() as records:
            _notification(records, gateway_id, notification_id)
            records.delete(Notification, notification_id)
        return True

    def get(self, caller: Caller, gateway_id: str, notification_id: str) -> Notification:
        """A notification."""
        require_gateway(caller, gateway_id)
        with self._records.reading() as records:
            return _notification(records, gateway_id, notification_id)

    def all(self, caller: Caller, gateway_id: str) -> tuple[Notification, ...]:
        """All notifications of the gateway, the newest first; clients choose those that are to be shown now."""
        require_gateway(caller, gateway_id)
        which = Query(equal={"gateway_id": gateway_id})
        with self._records.reading() as records:
            return tuple(records.find(Notification, which, order_by="created_at_ms", descending=True))


def _require_write(caller: Caller, gateway_id: str) -> None:
    require_gateway(caller, gateway_id)
    require_admin(caller, "write notifications")


def _check(notification: Notification) -> None:
    check.given(notification.title, "title")
    check.given(notification.notification_message, "notification_message")
    published, expires = notification.published_at_ms, notification.expires_at_ms
    if published and expires and expires < published:
        raise InputError("The notification expires before it is published.", remedy="Correct its expiration time.")


def _notification(records: Records, gateway_id: str, notification_id: str | None) -> Notification:
    found = records.get(Notification, notification_id) if notification_id else None
    mine = found if found is not None and found.gateway_id == gateway_id else None
    return check.found(mine, f"notification '{notification_id or ''}' in gateway '{gateway_id}'")
