"""The task queue on a cluster of three brokers, of which one is lost."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from integration.broker_traffic import PATIENCE_S, Traffic
from services.servers import Servers

from airavata_adapters.task_queues.rabbitmq import RabbitTaskQueue, open_task_queue
from airavata_workload.domain.identifiers import session_id
from airavata_workload.ports.backing import BackingContext
from airavata_workload.testing.samples import unique
from airavata_workload.testing.task_queue_suite import messages, texts

pytestmark = pytest.mark.server

SERVERS = Servers()
NODES = (1, 2, 3)


@pytest.fixture(scope="module")
def urls() -> Iterator[list[str]]:
    with SERVERS.kept_running("rabbitmq3") as environment:
        yield environment["AMQP_CLUSTER_URLS"].split(",")


@pytest.mark.slow
@pytest.mark.parametrize("lost", NODES)
def test_two_of_three_go_on_and_nothing_that_was_confirmed_is_lost(urls: list[str], tmp_path: Path, lost: int) -> None:
    options = {"urls": urls, "prefix": unique("test")}

    def open_queue() -> RabbitTaskQueue:
        return open_task_queue(BackingContext(home=tmp_path, session=session_id("engine"), options=options))

    with closing(open_queue()) as held_queue:
        held_queue.publish(messages("held", 1))
        traffic = Traffic(open_queue)
        traffic.start()
        try:
            traffic.wait_for(lambda: len(traffic.received) > 50)
            SERVERS.kill("rabbitmq3", lost)
            before = len(traffic.confirmed)
            try:
                traffic.wait_for(lambda: len(traffic.confirmed) > before + 100)
            finally:
                SERVERS.start("rabbitmq3", str(lost))
            before = len(traffic.confirmed)
            traffic.wait_for(lambda: len(traffic.confirmed) > before + 50)
        finally:
            traffic.stop()
        assert traffic.confirmed <= traffic.received
        (held,) = held_queue.consume(["held"], 1, PATIENCE_S)
        assert texts([held]) == [1]
        held_queue.acknowledge([held])
        assert held_queue.dead_letters() == []
