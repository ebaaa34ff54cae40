"""The task queue on a real RabbitMQ: the suite of the port, and what is particular to a broker."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from chaos.proxy import Proxy

from airavata_adapters.rabbitmq.channel import Outgoing, Received, persistent
from airavata_adapters.rabbitmq.link import BrokerLink
from airavata_adapters.rabbitmq.options import CONNECTION_DEFAULTS, BrokerOptions
from airavata_adapters.task_queues.rabbitmq import RabbitTaskQueue, open_task_queue
from airavata_adapters.task_queues.rabbitmq_messages import TRACE_PARENT
from airavata_adapters.task_queues.rabbitmq_names import Level, QueueNames
from airavata_workload.domain.errors import AuthenticationError, ConflictError, DeniedError, StoreUnavailableError
from airavata_workload.domain.identifiers import session_id
from airavata_workload.ports.backing import SESSION_PARTITION, BackingContext
from airavata_workload.ports.task_queue import Delivery
from airavata_workload.testing.samples import unique
from airavata_workload.testing.task_queue_suite import AT_ONCE_S, SOON_S, OpenQueue, TaskQueueSuite, messages, texts

pytestmark = pytest.mark.server

HOLDER = Path(__file__).with_name("task_queue_holder.py")
HEARTBEAT_S = 1
NOTICED_S = 3 * HEARTBEAT_S


@dataclass
class Opener:
    """Opens queues under a prefix of its own, and deletes at the end every partition that was used."""

    home: Path
    prefix: str = field(default_factory=lambda: unique("test"))
    used: dict[str, BackingContext] = field(default_factory=dict)

    def __call__(
        self, url: str, *others: str, session: str | None = None, partition: str = "", **options: Any
    ) -> RabbitTaskQueue:
        context = BackingContext(
            home=self.home,
            session=session or session_id("engine"),
            partition=partition,
            options={"urls": [url, *others], "prefix": self.prefix, **options},
        )
        queue = open_task_queue(context)
        self.used.setdefault(partition, context)
        return queue

    def clean(self) -> None:
        for context in self.used.values():
            with closing(open_task_queue(context)) as queue:
                queue.delete_partition()


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opener]:
    opener = Opener(tmp_path_factory.getbasetemp())
    yield opener
    opener.clean()


@pytest.fixture
def name() -> str:
    return unique("queue")


@pytest.fixture
def queue(amqp_url: str, opened: Opener) -> Iterator[RabbitTaskQueue]:
    with closing(opened(amqp_url)) as queue:
        yield queue


@pytest.fixture
def other(amqp_url: str, opened: Opener) -> Iterator[RabbitTaskQueue]:
    with closing(opened(amqp_url)) as queue:
        yield queue


@pytest.fixture
def proxy(amqp_url: str) -> Iterator[Proxy]:
    parts = urlsplit(amqp_url)
    assert parts.hostname is not None
    assert parts.port is not None
    with closing(Proxy((parts.hostname, parts.port))) as proxy:
        yield proxy


@pytest.fixture
def proxied_url(amqp_url: str, proxy: Proxy) -> str:
    return amqp_url.replace(str(urlsplit(amqp_url).port), str(proxy.port))


@pytest.fixture
def link(amqp_url: str) -> Iterator[BrokerLink]:
    """What sees the bare messages."""
    link = BrokerLink(BrokerOptions.of({**CONNECTION_DEFAULTS, "urls": [amqp_url]}), name="test")
    link.open()
    yield link
    link.close()


class TestRabbitTaskQueue(TaskQueueSuite):
    @pytest.fixture
    def open_queue(self, amqp_url: str, opened: Opener) -> OpenQueue:
        def open_one(*, session: str | None = None, partition: str = "") -> RabbitTaskQueue:
            return opened(amqp_url, session=session, partition=partition)

        return open_one


# -- reaching the broker ---------------------------------------------------------------
def test_tls_with_the_right_authority(amqps: Mapping[str, str], opened: Opener, name: str) -> None:
    with closing(opened(amqps["url"], ca_file=amqps["ca"])) as queue:
        queue.publish(messages(name, 1))
        assert texts(queue.consume([name], 1, SOON_S)) == [1]


def test_tls_with_an_authority_that_is_not_trusted(amqps: Mapping[str, str], opened: Opener) -> None:
    with pytest.raises(DeniedError, match="certificate that is not trusted") as caught:
        opened(amqps["url"])
    assert "ca_file" in str(caught.value)


def test_tls_with_a_certificate_for_another_name(amqps: Mapping[str, str], opened: Opener) -> None:
    with pytest.raises(DeniedError, match=r"not valid for '127\.1'"):
        opened(amqps["url"].replace("localhost", "127.1"), ca_file=amqps["ca"])


def test_a_wrong_password_is_said_and_not_shown(amqp_url: str, opened: Opener) -> None:
    url = amqp_url.replace("guest:guest@", "guest:t0p-s3cret@")
    with pytest.raises(AuthenticationError, match="refused the login of user 'guest'") as caught:
        opened(url)
    assert "s3cret" not in repr(caught.value)
    assert caught.value.__cause__ is None


def test_a_virtual_host_that_is_not_there(amqp_url: str, opened: Opener) -> None:
    with pytest.raises(DeniedError, match="virtual host 'nowhere'"):
        opened(amqp_url.replace("%2F", "nowhere"))


def test_the_next_broker_is_tried(amqp_url: str, proxy: Proxy, proxied_url: str, opened: Opener, name: str) -> None:
    proxy.refuse()
    with pytest.raises(StoreUnavailableError, match=f"{proxy.port}/%2F cannot be reached"):
        opened(proxied_url)
    with closing(opened(proxied_url, amqp_url)) as queue:
        queue.publish(messages(name, 1))
        assert texts(queue.consume([name], 1, SOON_S)) == [1]


def test_a_queue_that_was_made_with_another_limit_is_an_error_that_says_so(
    amqp_url: str, opened: Opener, queue: RabbitTaskQueue, name: str
) -> None:
    queue.publish(messages(name, 1))
    with (
        closing(opened(amqp_url, delivery_limit=7)) as different,
        pytest.raises(ConflictError, match="x-delivery-limit"),
    ):
        different.consume([name], 1, AT_ONCE_S)


# -- messages ----------------------------------------------------------------------------
def test_what_cannot_be_decoded_is_set_aside_with_the_reason(
    queue: RabbitTaskQueue, link: BrokerLink, opened: Opener, name: str
) -> None:
    queue.publish(messages(name, "before"))
    physical = QueueNames(opened.prefix, "").of(name, Level.NORMAL)

    async def put() -> None:
        channel = await link.channel(confirm=True)
        for raw in (b"\xff\x00no json", b"[1]"):
            assert await channel.publish([Outgoing("", physical, raw, persistent({}))]) == []

    link.run(put())
    queue.publish(messages(name, "after"))
    assert texts(queue.consume([name], 10, SOON_S)) == ["before", "after"]
    letters = [(body, reason) for of, body, reason in queue.dead_letters() if of == name]
    assert [body for body, _ in letters] == [{"undecodable": "\\xff\x00no json"}, {"undecodable": "[1]"}]
    assert "not JSON" in letters[0][1]
    assert "not a JSON object but list" in letters[1][1]
    assert queue.consume([name], 1, AT_ONCE_S) == []


def test_the_trace_goes_with_the_message(queue: RabbitTaskQueue, link: BrokerLink, opened: Opener, name: str) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    traced, plain = messages(name, 1, 2)
    queue.publish([type(traced)(queue=name, body={**traced.body, TRACE_PARENT: trace}), plain])
    queue.hand_back(queue.consume([name], 1, SOON_S))

    async def get(count: int) -> list[Received | None]:
        channel = await link.channel()
        return [await channel.get(QueueNames(opened.prefix, "").of(name, Level.NORMAL)) for _ in range(count)]

    second, first = link.run(get(2))
    assert first is not None
    assert second is not None
    assert first.properties.headers[TRACE_PARENT] == trace
    assert second.properties.headers[TRACE_PARENT].startswith("00-")
    assert first.properties.delivery_mode == 2, "persistent"


def test_handing_back_does_not_count_against_the_delivery_limit(amqp_url: str, opened: Opener, name: str) -> None:
    with closing(opened(amqp_url, delivery_limit=2)) as queue:
        queue.publish(messages(name, 1))
        for _ in range(6):
            queue.hand_back(queue.consume([name], 1, SOON_S))
        assert texts(queue.consume([name], 1, SOON_S)) == [1]
        assert [one for one in queue.dead_letters() if one[0] == name] == []


def test_what_kills_its_receivers_is_set_aside(amqp_url: str, opened: Opener, name: str) -> None:
    with closing(opened(amqp_url, delivery_limit=2)) as queue:
        queue.publish(messages(name, "poison"))
        for redelivered in (False, True, True):
            with closing(opened(amqp_url, delivery_limit=2)) as dying:
                (delivery,) = dying.consume([name], 1, SOON_S)
                assert delivery.redelivered == redelivered
        ((_, body, reason),) = _eventually(lambda: [one for one in queue.dead_letters() if one[0] == name])
        assert body == {"n": "poison"}
        assert "delivery_limit" in reason


def test_looking_at_the_dead_letters_changes_nothing(queue: RabbitTaskQueue, other: RabbitTaskQueue, name: str) -> None:
    queue.publish(messages(name, *range(5)))
    for delivery in queue.consume([name], 5, SOON_S):
        queue.dead_letter(delivery, f"reason {delivery.body['n']}")
    expected = [(name, {"n": number}, f"reason {number}") for number in range(5)]

    def look(through: RabbitTaskQueue) -> bool:
        return [one for one in through.dead_letters() if one[0] == name] == expected

    with ThreadPoolExecutor(4) as threads:
        assert all(threads.map(look, [queue, other] * 4))


def test_depths_name_queues_that_others_have_made(queue: RabbitTaskQueue, other: RabbitTaskQueue) -> None:
    names = [unique("queue") for _ in range(3)]
    for name in names:
        queue.publish(messages(name, 1, 2))
    assert {queue: depth for queue, depth in other.depths().items() if queue in names} == dict.fromkeys(names, 2)


def test_the_queues_of_a_session_go_with_it(amqp_url: str, opened: Opener, link: BrokerLink, name: str) -> None:
    session = session_id("run")
    partition = SESSION_PARTITION + session
    with closing(opened(amqp_url, session=session, partition=partition)) as private:
        private.publish(messages(name, 1))
        with closing(opened(amqp_url, partition=partition)) as visitor:
            visitor.publish(messages(name, 2))
        assert texts(private.consume([name], 2, SOON_S)) == [1, 2], "a visitor deletes nothing"

    async def exists() -> bool:
        channel = await link.channel()
        await channel.count(QueueNames(opened.prefix, partition).of(name, Level.NORMAL))
        return True

    with pytest.raises(Exception, match="NOT_FOUND"):
        link.run(exists())


# -- several processes --------------------------------------------------------------------
def test_what_a_busy_process_was_pushed_goes_to_another(queue: RabbitTaskQueue, other: RabbitTaskQueue) -> None:
    names = [unique("queue") for _ in range(3)]
    with ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(queue.consume, names, 1, 30.0)
        _eventually(lambda: _listens(queue, names))
        for name in names:
            other.publish(messages(name, name))
        taken = texts(waiting.result(SOON_S))
    assert len(taken) == 1
    rest: list[object] = []
    while len(rest) < 2:
        deliveries = other.consume(names, 5, SOON_S)
        assert deliveries, "a message that nobody works on is kept from others"
        rest += texts(deliveries)
    assert sorted(map(str, taken + rest)) == sorted(names)


def test_the_messages_of_a_killed_process_go_to_another(
    amqp_url: str, opened: Opener, queue: RabbitTaskQueue, name: str
) -> None:
    queue.publish(messages(name, 1))
    with subprocess.Popen(
        [sys.executable, str(HOLDER), amqp_url, opened.prefix, name], stdout=subprocess.PIPE, text=True
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "1\n"
        assert queue.consume([name], 1, AT_ONCE_S) == []
        holder.kill()
    (delivery,) = queue.consume([name], 1, SOON_S)
    assert (delivery.body, delivery.redelivered) == ({"n": 1}, True)


# -- trouble with connections -----------------------------------------------------------------
def test_a_lost_connection_is_made_again_and_consuming_goes_on(
    proxy: Proxy, proxied_url: str, opened: Opener, other: RabbitTaskQueue, name: str
) -> None:
    with closing(opened(proxied_url)) as queue, ThreadPoolExecutor(1) as threads:
        waiting = threads.submit(queue.consume, [name], 1, 30.0)
        _eventually(lambda: _listens(queue, [name]))
        proxy.cut()
        other.publish(messages(name, "after"))
        assert texts(waiting.result(SOON_S)) == ["after"]
        queue.publish(messages(name, "more"))
        assert texts(queue.consume([name], 1, SOON_S)) == ["more"]


def test_an_answer_to_a_delivery_of_a_lost_connection_hits_no_other_message(
    proxy: Proxy, proxied_url: str, opened: Opener, other: RabbitTaskQueue, name: str
) -> None:
    with closing(opened(proxied_url)) as queue:
        queue.publish(messages(name, 1, 2))
        stale = queue.consume([name], 2, SOON_S)
        proxy.cut()
        fresh: list[Delivery] = []
        while len(fresh) < 2:
            fresh += queue.consume([name], 2, SOON_S)
        assert [(one.body, one.redelivered) for one in fresh] == [({"n": 1}, True), ({"n": 2}, True)]
        queue.acknowledge(stale)
        queue.hand_back(stale)
        queue.dead_letter(stale[0], "too late")
        assert [one for one in queue.dead_letters() if one[0] == name] == []
        queue.acknowledge(fresh[:1])
    assert [one.body for one in other.consume([name], 2, SOON_S)] == [{"n": 2}]


def test_a_half_open_connection_is_noticed(
    proxy: Proxy, proxied_url: str, opened: Opener, other: RabbitTaskQueue, name: str
) -> None:
    with (
        closing(opened(proxied_url, heartbeat_s=HEARTBEAT_S, connect_timeout_s=1)) as queue,
        ThreadPoolExecutor(2) as threads,
    ):
        queue.publish(messages(unique("queue"), 1))
        assert queue.consume([name], 1, AT_ONCE_S) == []
        proxy.swallow()
        began = time.monotonic()
        publishing = threads.submit(queue.publish, messages(name, 2))
        waiting = threads.submit(queue.consume, [name], 1, 30.0)
        with pytest.raises(StoreUnavailableError, match=f"{proxy.port}.*nothing has come from it"):
            publishing.result(2 * SOON_S)
        assert time.monotonic() - began < NOTICED_S + 1.0
        with pytest.raises(StoreUnavailableError, match="no connection"):
            queue.publish(messages(name, 3))
        proxy.heal()
        other.publish(messages(name, "healed"))
        assert texts(waiting.result(2 * SOON_S)) == ["healed"]


def _listens(queue: RabbitTaskQueue, names: list[str]) -> bool:
    sources = [queue._consumer._source(name, level) for name in names for level in Level]
    return all(source.listens for source in sources)


def _eventually(look: Callable[[], Any]) -> Any:
    """What it gives once it gives something; fails after some seconds."""
    deadline = time.monotonic() + SOON_S
    while not (found := look()):
        assert time.monotonic() < deadline
        threading.Event().wait(0.01)
    return found
