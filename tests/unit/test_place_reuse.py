"""A task follows another in its place without asking for one, as long as nobody else waits for it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from played_stages import Played, orchestrating
from waiting_rooms import WORKERS, room, slot, task

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.message import (
    SCHEDULER_QUEUE,
    OutcomeMessage,
    SlotsReleased,
    TaskAction,
    TaskMessage,
    Verdict,
    decode,
    task_queue,
)
from airavata_workload.domain.place_reuse import PlaceReuse
from airavata_workload.domain.states import ExperimentState
from airavata_workload.orchestrator.freed_places import FreedPlaces
from airavata_workload.partition import Partition
from airavata_workload.ports.task_queue import Message
from airavata_workload.scheduler.scheduler import MAX_REUSES, PLACE_REUSE_S, Scheduler
from airavata_workload.settings import load_settings

AN_HOUR_US = 3_600_000_000
KINDS = ("env-setup", "input-staging")


def leave(**different: object) -> PlaceReuse:
    plain = PlaceReuse(until_us=now_us() + AN_HOUR_US, left=3, kinds=KINDS)
    return replace(plain, **different)  # type: ignore[arg-type]


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with orchestrating(tmp_path / "home") as playing:
        yield playing


def sent_to_workers(played: Played, kind: str) -> list[TaskMessage]:
    deliveries = played.installation.queue.consume([task_queue(kind)], 10, 0.0)
    played.installation.queue.acknowledge(deliveries)
    return [TaskMessage.from_body(each.body) for each in deliveries]


# -- the orchestrator ----------------------------------------------------------------------------
def test_the_next_task_goes_straight_to_the_workers_and_the_scheduler_hears_of_it(played: Played) -> None:
    ended = played.complete_up_to("set-up")
    played.report(ended, Verdict.COMPLETED, reuse=leave())
    deliveries = played.installation.queue.consume([SCHEDULER_QUEUE], 10, 20.0)
    (released,) = (decode(each.body) for each in deliveries)
    assert isinstance(released, SlotsReleased)
    (follower,) = sent_to_workers(played, "input-staging")
    assert (follower.name, follower.attempt) == ("stage-in", 1)
    assert follower.parameters, "all that it needs to run"
    assert follower.reuse == leave(left=2, until_us=follower.reuse.until_us if follower.reuse else 0)
    (place,) = released.slots
    assert place.task_id == ended.task_id
    assert place.successor is not None
    assert (place.successor.task_id, place.successor.user) == (follower.task_id, follower.user)


@pytest.mark.parametrize(
    "given",
    [{}, {"reuse": leave(until_us=1)}, {"reuse": leave(left=0)}, {"reuse": leave(kinds=("env-setup",))}],
    ids=["no leave", "time over", "used up", "no worker"],
)
def test_without_leave_it_asks_for_a_place(played: Played, given: Mapping[str, object]) -> None:
    played.report(played.complete_up_to("set-up"), Verdict.COMPLETED, **given)
    assert played.told("stage-in", TaskAction.EXECUTE).reuse is None
    assert not sent_to_workers(played, "input-staging")


def test_the_end_of_an_earlier_attempt_gives_no_place(played: Played) -> None:
    first = played.complete_up_to("set-up")
    played.report(first, Verdict.DEFERRED, reason="not now")
    second = played.told("set-up", TaskAction.EXECUTE)
    played.claim(second)
    played.report(second, Verdict.COMPLETED)
    assert played.told("stage-in", TaskAction.EXECUTE)
    played.report(first, Verdict.COMPLETED, reuse=leave())
    assert played.told("stage-in", TaskAction.EXECUTE), "it is told of again, as after any repeated outcome"
    assert not sent_to_workers(played, "input-staging")


def test_nothing_follows_in_an_experiment_that_is_cancelled(played: Played) -> None:
    running = played.complete_up_to("set-up")
    played.cancel()
    played.report(running, Verdict.COMPLETED, reuse=leave())
    played.until(lambda: played.state() is ExperimentState.CANCELED)
    assert not sent_to_workers(played, "input-staging")


# -- the scheduler -------------------------------------------------------------------------------
class Served(Partition):
    """A partition in which there is always a worker."""

    def workers(self) -> Mapping[str, frozenset[str]]:
        return WORKERS


class Stage:
    """A scheduler that leads; the test is everybody else. Two tasks run on a resource at once."""

    def __init__(self, installation: Installation) -> None:
        self._queue = installation.queue
        self._scheduler = Scheduler(
            nodes=installation.nodes,
            partition=Served("", installation.nodes),
            queue=installation.queue,
            graph=installation.graph,
            registry=installation.registry,
            new_room=room,
            clock=now_us,
        )
        assert installation.nodes.lead(Scheduler.name)

    def dispatched(self, *messages: TaskMessage | SlotsReleased) -> dict[str, PlaceReuse | None]:
        """What goes to the workers when these have come."""
        self._queue.publish([Message(queue=SCHEDULER_QUEUE, body=each.to_body()) for each in messages])
        self._scheduler.work()
        deliveries = self._queue.consume([task_queue("command")], 10, 0.0)
        self._queue.acknowledge(deliveries)
        return {each.body["name"]: TaskMessage.from_body(each.body).reuse for each in deliveries}


@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[Stage]:
    with Installation(load_settings(home=tmp_path / "home"), service="test") as installation:
        yield Stage(installation)


def test_who_need_not_wait_may_be_followed_for_a_moment(scheduler: Stage) -> None:
    before_us = now_us()
    reuse = scheduler.dispatched(task("a"))["a"]
    assert reuse is not None
    assert reuse.kinds == ("command",)
    assert reuse.left == MAX_REUSES
    assert before_us < reuse.until_us <= now_us() + PLACE_REUSE_S * 1_000_000


def test_where_others_wait_every_task_asks(scheduler: Stage) -> None:
    assert scheduler.dispatched(task("a"), task("b"), task("c")) == {"a": None, "b": None}
    assert scheduler.dispatched(task("other", resource="beta")) == {"other": None}, "limits span resources"


def test_a_resource_that_does_not_answer_is_asked_for_each_time(scheduler: Stage) -> None:
    assert scheduler.dispatched(task("a"))["a"]
    assert not scheduler.dispatched(SlotsReleased(slots=(slot("a", unavailable=True),)))
    assert not scheduler.dispatched(task("b")), "its circuit is open"
    assert scheduler.dispatched(task("other", resource="beta"))["other"] is None, "b waits"


def test_a_follower_counts_against_the_limits(scheduler: Stage) -> None:
    assert set(scheduler.dispatched(task("a"), task("b"))) == {"a", "b"}
    handed_on = replace(slot("a"), successor=task("a2"))
    assert not scheduler.dispatched(SlotsReleased(slots=(handed_on,)), task("c")), "a2 has the place"
    assert set(scheduler.dispatched(SlotsReleased(slots=(slot("a2"),)))) == {"c"}


def test_a_follower_that_has_ended_gets_no_place_when_it_is_told_of_again(scheduler: Stage) -> None:
    assert set(scheduler.dispatched(task("a"), task("b"))) == {"a", "b"}
    handed_on = replace(slot("a"), successor=task("a2"))
    assert not scheduler.dispatched(SlotsReleased(slots=(handed_on, slot("a2"))))
    assert set(scheduler.dispatched(SlotsReleased(slots=(handed_on,)), task("c"))) == {"c"}


# -- all of it -----------------------------------------------------------------------------------
def test_messages_keep_it(played: Played) -> None:
    message = replace(played.complete_up_to("set-up"), reuse=leave())
    assert decode(message.to_body()) == message
    released = SlotsReleased(slots=(replace(slot("a"), successor=replace(message, parameters={})),))
    assert decode(released.to_body()) == released


def test_every_outcome_of_a_batch_frees_its_place_and_one_of_them_has_a_follower() -> None:
    first, again = outcome("a", reuse=leave(kinds=("command",))), outcome("a", reuse=leave(kinds=("command",)))
    freed = FreedPlaces([first, again, outcome("b", verdict=Verdict.HANDED_BACK)], now_us())
    assert freed.handed_on("b", 1, task("b2")) is None, "what was handed back comes again"
    assert freed.handed_on("a", 2, task("a2")) is None, "another attempt"
    assert freed.handed_on("a", 1, task("a2", resource="beta")) is None, "another resource"
    assert freed.handed_on("a", 1, task("a2", not_before_us=1)) is None, "it has to wait"
    assert freed.handed_on("a", 1, task("a2")) is not None
    assert freed.handed_on("a", 1, task("a3")) is None, "a place goes to one task"
    slots = SlotsReleased.from_body(freed.message().body).slots
    assert [(each.task_id, each.performed) for each in slots] == [("a", True), ("a", True), ("b", False)]
    assert [each.successor.task_id for each in slots if each.successor] == ["a2"]


def outcome(name: str, verdict: Verdict = Verdict.COMPLETED, reuse: PlaceReuse | None = None) -> OutcomeMessage:
    return OutcomeMessage(
        task_id=name, experiment_id="e1", attempt=1, resource="alpha", verdict=verdict, at_us=1, by="w", reuse=reuse
    )
