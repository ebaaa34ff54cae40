"""Servers that several processes keep running: the last one stops what any of them has started, and nothing else."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from services.servers import Servers

pytestmark = pytest.mark.server

TESTS = Path(__file__).parents[1]
PATIENCE_S = 60.0
KEEPER = """
import sys
from services.servers import Servers
with Servers().kept_running("zookeeper") as environment:
    print(environment["ZOOKEEPER_HOSTS"], flush=True)
    sys.stdin.readline()
"""

Keep = Callable[[], "subprocess.Popen[str]"]


@pytest.fixture
def keep(services: Servers) -> Iterator[Keep]:
    """Starts processes that keep ZooKeeper running until they are told to end."""
    environment = {**os.environ, **services.environment, "PYTHONPATH": str(TESTS)}
    environment.pop("KEEP_SERVICES", None)
    begun: list[subprocess.Popen[str]] = []

    def one() -> subprocess.Popen[str]:
        pipe = subprocess.PIPE
        begun.append(
            subprocess.Popen([sys.executable, "-c", KEEPER], env=environment, stdin=pipe, stdout=pipe, text=True)
        )
        return begun[-1]

    yield one
    for each in begun:
        each.kill()
        each.communicate(timeout=PATIENCE_S)
    services.wipe("zookeeper")


def ready(keeper: subprocess.Popen[str]) -> bool:
    assert keeper.stdout is not None
    return keeper.stdout.readline().startswith("127.0.0.1:")


def end(keeper: subprocess.Popen[Any]) -> None:
    keeper.communicate("\n", timeout=PATIENCE_S)
    assert keeper.returncode == 0


def test_of_two_that_begin_at_once_the_last_stops_what_was_started(services: Servers, keep: Keep) -> None:
    first, second = keep(), keep()
    assert ready(first)
    assert ready(second)
    end(first)
    assert services.running() == ["zookeeper"]
    end(second)
    assert services.running() == []


def test_one_that_was_killed_is_needed_no_longer(services: Servers, keep: Keep) -> None:
    first, second = keep(), keep()
    assert ready(first)
    assert ready(second)
    for each in (first, second):
        each.kill()
        each.wait(PATIENCE_S)
    assert services.running() == ["zookeeper"]
    third = keep()
    assert ready(third)
    end(third)
    assert services.running() == [], "what killed ones have started is stopped by whoever comes after them"


def test_what_ran_before_goes_on(services: Servers, keep: Keep) -> None:
    services.start("zookeeper")
    keeper = keep()
    assert ready(keeper)
    end(keeper)
    assert services.running() == ["zookeeper"]
