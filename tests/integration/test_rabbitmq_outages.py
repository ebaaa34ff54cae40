"""The task queue while its broker is stopped, killed and started again."""

from __future__ import annotations

import time
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

REGISTERED_S = 1.0
"""RabbitMQ 3.10 forgets a quorum queue, with what is in it, that was made less than half a second before it is killed:
its register of them reaches the disk that late. Source: ra 2.2.0, ``ra_directory:init``, ``auto_save``; tried."""


@pytest.fixture(scope="module")
def url(services: Servers) -> str:
    services.start("rabbitmq")
    return services.env("rabbitmq")["AMQP_URL"]


@pytest.mark.slow
@pytest.mark.parametrize("how", ["kill", "stop"])
def test_nothing_that_was_confirmed_is_lost(services: Servers, url: str, tmp_path: Path, how: str) -> None:
    options = {"urls": [url], "prefix": unique("test")}

    def open_queue() -> RabbitTaskQueue:
        return open_task_queue(BackingContext(home=tmp_path, session=session_id("engine"), options=options))

    with closing(open_queue()) as held_queue:
        held_queue.publish(messages("held", 1))
        stale = held_queue.consume(["held"], 1, PATIENCE_S)
        traffic = Traffic(open_queue)
        traffic.start()
        try:
            made = time.monotonic()
            traffic.wait_for(lambda: len(traffic.received) > 50 and time.monotonic() - made > REGISTERED_S)
            getattr(services, how)("rabbitmq")
            traffic.wait_for(lambda: traffic.failures > 0)
            services.start("rabbitmq")
            before = len(traffic.confirmed)
            traffic.wait_for(lambda: len(traffic.confirmed) > before + 50)
        finally:
            traffic.stop()
        assert traffic.confirmed <= traffic.received
        held_queue.acknowledge(stale)
        (again,) = held_queue.consume(["held"], 1, PATIENCE_S)
        assert (again.body, again.redelivered) == ({"n": 1}, True)
        held_queue.acknowledge(stale)
        assert held_queue.dead_letters() == []
        assert held_queue.depths().keys() <= set(traffic.names), "stored, but the connection broke before the answer"
        held_queue.hand_back([again])
        assert texts(held_queue.consume(["held"], 1, PATIENCE_S)) == [1]
