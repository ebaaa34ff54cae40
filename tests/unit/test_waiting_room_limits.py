"""How many tasks go at once, whose turn it is, and what is urgent."""

from __future__ import annotations

from dataclasses import replace

from waiting_rooms import names, room, slot, task

from airavata_workload.domain.message import TaskAction

SECOND = 1_000_000


# -- limits ------------------------------------------------------------------------------
def test_a_user_runs_no_more_tasks_than_allowed_on_all_hosts_together():
    waiting = room(limit=10, user_limit=2)
    for name, resource in (("a", "alpha"), ("b", "beta"), ("c", "alpha"), ("d", "beta")):
        waiting.add(task(name, resource=resource))
    waiting.add(task("of another", user="bob"))
    waiting.add(task("of a namesake", gateway="h"))
    assert sorted(names(waiting.dispatch(0))) == ["a", "c", "of a namesake", "of another"]
    reason = "a task to end, because user ada already runs 2 tasks (a user of gateway g may run 2)"
    assert dict(waiting.reasons()) == {"b": reason, "d": reason}
    waiting.released(slot("a"), 0)
    assert names(waiting.dispatch(0)) == ["b"], "what became ready first, wherever it goes"


def test_a_gateway_runs_no_more_tasks_than_allowed():
    waiting = room(limit=10, gateway_limit=1)
    for name in "ab":
        waiting.add(task(name, user=name))
    assert names(waiting.dispatch(0)) == ["a"]
    assert dict(waiting.reasons())["b"] == ("a task to end, because gateway g already runs 1 task (it may run 1)")
    waiting.released(slot("a"), 0)
    assert names(waiting.dispatch(0)) == ["b"]


def test_a_batch_queue_runs_no_more_tasks_than_allowed_and_holds_no_other_queue_up():
    limits = {("alpha", "debug"): 1}
    waiting = room(limit=10, queue_limit=lambda resource, queue: limits.get((resource, queue)))
    for name in "ab":
        waiting.add(task(name, queue="debug", user=name))
    waiting.add(task("c", queue="normal"))
    waiting.add(task("d", queue="debug", resource="beta"))
    assert sorted(names(waiting.dispatch(0))) == ["a", "c", "d"]
    assert "queue debug of alpha already has 1 task" in dict(waiting.reasons())["b"]
    limits["alpha", "debug"] = 2
    waiting.add(task("e"))
    assert names(waiting.dispatch(0)) == ["e"]
    waiting.released(slot("c"), 0)
    waiting.released(slot("a"), 0)
    assert names(waiting.dispatch(0)) == ["b"]


def test_a_batch_queue_counts_on_the_compute_resource_only():
    storage = replace(task("s", queue="debug"), resource="storage")
    assert (task("t", queue="debug").queue, storage.queue) == ("debug", "")


def test_a_cancellation_goes_whatever_its_user_runs():
    waiting = room(limit=10, user_limit=1, gateway_limit=1)
    waiting.add(task("a"))
    assert names(waiting.dispatch(0)) == ["a"]
    waiting.add(task("a", action="cancel"))
    assert names(waiting.dispatch(0)) == ["a"]
    waiting.add(task("b"))
    waiting.released(replace(slot("a"), action=TaskAction.CANCEL), 0)
    assert waiting.dispatch(0) == [], "the task itself still runs"
    waiting.released(slot("a"), 0)
    assert names(waiting.dispatch(0)) == ["b"]


def test_a_task_that_is_handed_out_anew_gives_up_the_place_of_its_last_attempt():
    waiting = room(limit=1)
    waiting.add(task("a"))
    assert names(waiting.dispatch(0)) == ["a"]
    waiting.add(task("a", attempt=2))
    assert [each.attempt for each in waiting.dispatch(0)] == [2], "nobody will tell of the end of attempt 1"


def test_what_another_scheduler_dispatched_counts():
    waiting = room(limit=2, user_limit=1)
    waiting.occupy(task("a", attempt=3))
    waiting.add(task("b"))
    waiting.add(task("c", user="bob"))
    assert names(waiting.dispatch(0)) == ["c"]
    waiting.released(slot("a", attempt=3), 0)
    assert names(waiting.dispatch(0)) == ["b"]


# -- shares and urgency -----------------------------------------------------------------------
def test_a_gateway_with_many_tasks_does_not_starve_one_with_few():
    waiting = room(limit=4)
    for number in range(10_000):
        waiting.add(task(f"many-{number}", gateway="many"))
    for number in range(3):
        waiting.add(task(f"few-{number}", gateway="few"))
    gone = names(waiting.dispatch(0))
    assert gone == ["many-0", "few-0", "many-1", "few-1"]


def test_a_gateway_with_twice_the_share_gets_two_turns_for_one():
    waiting = room(limit=9, shares={"big": 2.0})
    for number in range(20):
        waiting.add(task(f"big-{number}", gateway="big"))
        waiting.add(task(f"small-{number}", gateway="small"))
    gone = [name.partition("-")[0] for name in names(waiting.dispatch(0))]
    assert (gone.count("big"), gone.count("small")) == (6, 3)


def test_an_idle_gateway_saves_up_no_turns():
    waiting = room(limit=1)
    for number in range(20):
        waiting.add(task(f"busy-{number}", gateway="busy"))
    for number in range(10):
        assert names(waiting.dispatch(0)) == [f"busy-{number}"]
        waiting.released(slot(f"busy-{number}"), 0)
    for number in range(20):
        waiting.add(task(f"new-{number}", gateway="new"))
    gone = []
    for _ in range(6):
        gone += names(waiting.dispatch(0))
        waiting.released(slot(gone[-1]), 0)
    assert sum(name.startswith("new") for name in gone) == 3


def test_a_normal_task_that_waits_long_becomes_as_urgent():
    waiting = room(limit=1, aging_s=10)
    waiting.add(task("normal"), 0)
    waiting.add(task("urgent-0", priority=10), SECOND)
    assert names(waiting.dispatch(SECOND)) == ["urgent-0"]
    waiting.released(slot("urgent-0"), SECOND)
    waiting.add(task("urgent-1", priority=10), 2 * SECOND)
    assert names(waiting.dispatch(2 * SECOND)) == ["urgent-1"]
    waiting.released(slot("urgent-1"), 3 * SECOND)
    waiting.add(task("urgent-2", priority=10), 3 * SECOND)
    assert names(waiting.dispatch(10 * SECOND)) == ["normal"]


def test_what_could_not_be_sent_keeps_its_place_in_the_line():
    waiting = room(limit=1, aging_s=1)
    waiting.add(task("a"), 0)
    waiting.add(task("b"), 0)
    waiting.take_back(waiting.dispatch(2 * SECOND))
    waiting.add(task("c", priority=10), 2 * SECOND)
    assert names(waiting.dispatch(2 * SECOND)) == ["a"]
