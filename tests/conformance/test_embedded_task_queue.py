"""The embedded task queue fulfils its port."""

from __future__ import annotations

from pathlib import Path

import pytest

from airavata_adapters.task_queues.embedded import open_task_queue
from airavata_workload.domain.identifiers import session_id
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.task_queue import TaskQueue
from airavata_workload.testing.task_queue_suite import OpenQueue, TaskQueueSuite


class TestEmbeddedTaskQueue(TaskQueueSuite):
    @pytest.fixture
    def open_queue(self, tmp_path: Path) -> OpenQueue:
        def open_one(*, session: str | None = None, partition: str = "") -> TaskQueue:
            context = BackingContext(home=tmp_path, session=session or session_id("engine"), partition=partition)
            return open_task_queue(context)

        return open_one
