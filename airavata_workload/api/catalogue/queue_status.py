"""How full the batch queues of compute resources were when last looked at."""

from __future__ import annotations

from airavata_workload.api.access.permission import require_internal
from airavata_workload.domain.caller import Caller
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.records.compute_resources import QueueStatus


class QueueStatuses:
    """Keeps the newest status of each queue: everybody reads them, internal peers write them."""

    def __init__(self, *, records: RecordStore) -> None:
        self._records = records

    def latest(self, caller: Caller) -> tuple[QueueStatus, ...]:
        """The newest status of every queue of every compute resource that was looked at."""
        with self._records.reading() as records:
            return tuple(records.find(QueueStatus, order_by="host_name"))

    def get(self, caller: Caller, host_name: str, queue_name: str) -> QueueStatus:
        """The newest status of a queue; one that is down and empty, of no time, for a queue that nobody looked at.

        Source: Airavata 0.21: it answers an empty status.
        """
        with self._records.reading() as records:
            found = records.get(QueueStatus, QueueStatus.key_of(host_name, queue_name))
        if found is not None:
            return found
        return QueueStatus(
            host_name=host_name, queue_name=queue_name, queue_up=False, running_jobs=0, queued_jobs=0, at_ms=0
        )

    def register(self, caller: Caller, queue_statuses: tuple[QueueStatus, ...]) -> None:
        """Store statuses, each in place of an older one of its queue. Raises ``DeniedError``."""
        require_internal(caller, "register queue statuses")
        with self._records.transaction() as records:
            for status in queue_statuses:
                old = records.get(QueueStatus, status.key)
                if old is None or old.at_ms <= status.at_ms:
                    records.put(status)
