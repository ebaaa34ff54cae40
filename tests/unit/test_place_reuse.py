"""The scheduler gives leave to follow in a place, and counts who has followed; ``test_following`` has the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from played_scheduler import PlayedScheduler
from waiting_rooms import slot, task

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.message import (
    OutcomeMessage,
    SlotsReleased,
    Verdict,
    decode,
)
from airavata_workload.domain.place_reuse import PlaceReuse
from airavata_workload.orchestrator.freed_places import freed_places
from airavata_workload.scheduler.scheduler import MAX_REUSES, PLACE_REUSE_S
from airavata_workload.settings import load_settings


# -- the scheduler -------------------------------------------------------------------------------
@pytest.fixture
def scheduler(tmp_path: Path) -> Iterator[PlayedScheduler]:
    with Installation(load_settings(home=tmp_path / "home"), service="test") as installation:
        yield PlayedScheduler(installation)


def test_who_need_not_wait_may_be_followed_for_a_moment(scheduler: PlayedScheduler) -> None:
    before_us = now_us()
    reuse = scheduler.dispatched(task("a"))["a"]
    assert reuse is not None
    assert reuse.kinds == ("command",)
    assert reuse.left == MAX_REUSES
    assert before_us < reuse.until_us <= now_us() + PLACE_REUSE_S * 1_000_000


def test_where_others_wait_every_task_asks(scheduler: PlayedScheduler) -> None:
    assert scheduler.dispatched(task("a"), task("b"), task("c")) == {"a": None, "b": None}
    assert scheduler.dispatched(task("other", resource="beta")) == {"other": None}, "limits span resources"


def test_a_resource_that_does_not_answer_is_asked_for_each_time(scheduler: PlayedScheduler) -> None:
    assert scheduler.dispatched(task("a"))["a"]
    assert not scheduler.dispatched(SlotsReleased(slots=(slot("a", unavailable=True),)))
    assert not scheduler.dispatched(task("b")), "its circuit is open"
    assert scheduler.dispatched(task("other", resource="beta"))["other"] is None, "b waits"


def test_a_follower_counts_against_the_limits(scheduler: PlayedScheduler) -> None:
    assert set(scheduler.dispatched(task("a"), task("b"))) == {"a", "b"}
    handed_on = replace(slot("a"), successor=task("a2"))
    assert not scheduler.dispatched(SlotsReleased(slots=(handed_on,)), task("c")), "a2 has the place"
    assert set(scheduler.dispatched(SlotsReleased(slots=(slot("a2"),)))) == {"c"}


def test_a_follower_that_has_ended_gets_no_place_when_it_is_told_of_again(scheduler: PlayedScheduler) -> None:
    assert set(scheduler.dispatched(task("a"), task("b"))) == {"a", "b"}
    handed_on = replace(slot("a"), successor=task("a2"))
    assert not scheduler.dispatched(SlotsReleased(slots=(handed_on, slot("a2"))))
    assert set(scheduler.dispatched(SlotsReleased(slots=(handed_on,)), task("c"))) == {"c"}


# -- all of it -----------------------------------------------------------------------------------
def test_messages_keep_it() -> None:
    message = replace(task("a"), reuse=PlaceReuse(until_us=now_us(), left=3, kinds=("env-setup", "input-staging")))
    assert decode(message.to_body()) == message
    released = SlotsReleased(slots=(replace(slot("a"), successor=replace(message, parameters={})),))
    assert decode(released.to_body()) == released


def test_every_outcome_of_a_batch_frees_its_place() -> None:
    told = freed_places([outcome("a"), outcome("a"), outcome("b", verdict=Verdict.HANDED_BACK)])
    slots = SlotsReleased.from_body(told.body).slots
    assert [(each.task_id, each.performed) for each in slots] == [("a", True), ("a", True), ("b", False)]


def outcome(name: str, verdict: Verdict = Verdict.COMPLETED) -> OutcomeMessage:
    return OutcomeMessage(
        task_id=name, experiment_id="e1", attempt=1, resource="alpha", verdict=verdict, at_us=1, by="w"
    )
