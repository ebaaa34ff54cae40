"""What the tests of the ZooKeeper recovery nodes share: sessions in this process and in others, and waiting."""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from kazoo.client import KazooClient

from airavata_adapters.recovery_nodes.zookeeper import open_recovery_nodes
from airavata_workload.domain.errors import StoreUnavailableError
from airavata_workload.domain.identifiers import session_id
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.testing.samples import unique

CHILD = Path(__file__).with_name("zookeeper_child.py")
LIMIT_S = 30.0
ADA = {"username": "ada", "password": "hunter-2"}
SHORT_SESSION_S = 2
"""The shortest that the servers of the tests allow is 1 s (two of their ticks)."""

Open = Callable[..., RecoveryNodes]
StartChild = Callable[..., "Child"]


class Child:
    """A process that runs ``zookeeper_child.py``."""

    def __init__(self, options: dict[str, Any], session: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), json.dumps(options), session],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.opened = self.hear()

    def hear(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, *call: Any) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(call) + "\n")
        return self.hear()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=LIMIT_S)


@contextlib.contextmanager
def kazoo(hosts: str, *user_and_password: str) -> Iterator[KazooClient]:
    """A plain client, to look behind the adapter."""
    client = KazooClient(hosts, auth_data=[("digest", ":".join(user_and_password))] if user_and_password else None)
    client.start(LIMIT_S)
    try:
        yield client
    finally:
        client.stop()
        client.close()


def eventually(check: Callable[[], bool], within_s: float = LIMIT_S) -> float:
    """Wait until it is so, through times in which ZooKeeper cannot be reached; the seconds that it took."""
    started_s = time.monotonic()
    while time.monotonic() - started_s < within_s:
        with contextlib.suppress(StoreUnavailableError):
            if check():
                return time.monotonic() - started_s
        time.sleep(0.02)
    raise AssertionError(f"not so within {within_s:g} s")


class OnZooKeeper:
    """Gives a test class a root of its own on a real server, and sessions that are closed at the end."""

    @pytest.fixture
    def root(self) -> str:
        return f"/{unique('test')}/nodes"

    @pytest.fixture
    def options(self, zookeeper_hosts: str, root: str) -> Iterator[dict[str, Any]]:
        """Options of a root of our own, which is removed at the end."""
        yield {"hosts": zookeeper_hosts, "root": root}
        with kazoo(zookeeper_hosts, *ADA.values()) as client:
            client.delete("/" + root.split("/")[1], recursive=True)

    @pytest.fixture
    def open_with(self) -> Iterator[Open]:
        """Opens recovery nodes with options, and closes them."""
        with contextlib.ExitStack() as stack:

            def open_one(options: dict[str, Any], **more: Any) -> RecoveryNodes:
                context = BackingContext(home=Path(), session=session_id("engine"), options={**options, **more})
                nodes = open_recovery_nodes(context)
                stack.callback(nodes.close)
                return nodes

            yield open_one

    @pytest.fixture
    def start(self) -> Iterator[StartChild]:
        children: list[Child] = []

        def start_one(options: dict[str, Any], session: str | None = None, **more: Any) -> Child:
            children.append(Child({**options, **more}, session or session_id("child")))
            return children[-1]

        yield start_one
        for child in children:
            child.kill()
