"""What a decision of the scheduler costs with few and with very many tasks waiting. CPU time; no input or output.

Run by ``python tests/bench/bench_scheduler.py``; prints one JSON line a figure.
"""

from __future__ import annotations

import time
from statistics import mean

from figures import figure

from airavata_workload.domain.clock import MICROSECONDS_PER_SECOND
from airavata_workload.domain.message import SlotReleased, TaskMessage
from airavata_workload.scheduler.policy import Policy
from airavata_workload.scheduler.waiting_room import WaitingRoom

HOSTS, GATEWAYS, USERS = 4, 10, 200
ROUNDS = 4_000


def task(number: int, host: str) -> TaskMessage:
    """A task of one of many users, for a batch queue."""
    return TaskMessage(
        task_id=f"t{number}",
        experiment_id=f"e{number // 5}",
        process_id="p",
        name="n",
        kind="command",
        resource=host,
        gateway=f"g{number % GATEWAYS}",
        attempt=1,
        parameters={},
        experiment={"user": f"u{number % USERS}", "queue": "normal", "compute_resource": host},
    )


def decisions(waiting: int) -> float:
    """CPU microseconds of: one task ends, one becomes ready, one is dispatched; with so many others waiting."""
    policy = Policy(host_limit=lambda _host: 8, queue_limit=lambda _host, _queue: 6, user_limit=20, gateway_limit=20)
    room = WaitingRoom(policy)
    room.serve({"command": {"worker"}})
    now_us = MICROSECONDS_PER_SECOND
    for number in range(waiting + HOSTS * 6):
        room.add(task(number, f"h{number % HOSTS}"), now_us)
    running = room.dispatch(now_us)
    costs = []
    for number in range(ROUNDS):
        gone = running.pop(0)
        fresh = task(1_000_000 + number, gone.resource)
        now_us += 1000
        begin = time.process_time()
        room.released(SlotReleased(task_id=gone.task_id, resource=gone.resource, attempt=1), now_us)
        room.add(fresh, now_us)
        sent = room.dispatch(now_us)
        costs.append(time.process_time() - begin)
        if len(sent) != 1:
            raise RuntimeError(f"{len(sent)} tasks went, not 1")
        running += sent
    return mean(costs) * 1e6


def main() -> None:
    """Measure at 10, 10,000 and 100,000 waiting tasks."""
    few = decisions(10)
    figure("a scheduling decision, 10 tasks waiting", few, "us", "")
    for waiting in (10_000, 100_000):
        figure(
            f"a scheduling decision, {waiting:,} tasks waiting", decisions(waiting), "us", "<= 5 times", few, "us, 10"
        )


if __name__ == "__main__":
    main()
