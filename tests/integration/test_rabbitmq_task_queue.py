"""The task queue on a real RabbitMQ: the suite of the port, and what only a broker can do to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from airavata_adapters.task_queues.rabbitmq import RabbitTaskQueue, open_task_queue
from airavata_workload.domain.identifiers import session_id
from airavata_workload.ports.backing import BackingContext
from airavata_workload.testing.samples import unique
from airavata_workload.testing.task_queue_suite import OpenQueue, TaskQueueSuite

pytestmark = pytest.mark.server

Open = Callable[..., RabbitTaskQueue]


@pytest.fixture(scope="module")
def opened_at(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Open]:
    """Opens queues under a prefix of this run alone; at the end every partition that was used is deleted."""
    prefix = unique("test")
    used: dict[tuple[str, str], Any] = {}

    def open_one(url: str, *, session: str | None = None, partition: str = "", **options: Any) -> RabbitTaskQueue:
        context = BackingContext(
            home=tmp_path_factory.getbasetemp(),
            session=session or session_id("engine"),
            partition=partition,
            options={"urls": [url], "prefix": prefix, **options},
        )
        used[url, partition] = context
        return open_task_queue(context)

    yield open_one
    for context in used.values():
        queue = open_task_queue(context)
        queue.delete_partition()
        queue.close()


class TestRabbitTaskQueue(TaskQueueSuite):
    @pytest.fixture
    def open_queue(self, amqp_url: str, opened_at: Open) -> OpenQueue:
        def open_one(*, session: str | None = None, partition: str = "") -> RabbitTaskQueue:
            return opened_at(amqp_url, session=session, partition=partition)

        return open_one
