"""Which ready task goes when."""

from __future__ import annotations

import json
from dataclasses import replace

from waiting_rooms import WORKERS, names, room, slot, task

from airavata_workload.domain.message import MAX_PASSES, TaskMessage
from airavata_workload.scheduler.circuit import PROBE_TIME_S

SECOND = 1_000_000


def test_urgent_tasks_go_first_then_the_order_of_arrival():
    waiting = room(limit=10)
    for each in (task("a"), task("b"), task("c", priority=10)):
        waiting.add(each)
    assert names(waiting.dispatch(0)) == ["c", "a", "b"]


def test_a_resource_runs_no_more_than_its_limit():
    waiting = room(limit=2)
    for name in "abc":
        waiting.add(task(name))
    waiting.add(task("d", resource="beta"))
    assert sorted(names(waiting.dispatch(0))) == ["a", "b", "d"]
    assert names(waiting.dispatch(0)) == []
    waiting.released(slot("a"), 0)
    assert names(waiting.dispatch(0)) == ["c"]


def test_a_release_of_an_older_attempt_frees_nothing():
    waiting = room(limit=1)
    waiting.add(task("a", attempt=2))
    waiting.add(task("b"))
    assert names(waiting.dispatch(0)) == ["a"]
    waiting.released(slot("a", attempt=1), 0)
    assert names(waiting.dispatch(0)) == []


def test_a_task_that_arrives_twice_goes_once():
    waiting = room()
    waiting.add(task("a"))
    waiting.add(task("a"))
    assert names(waiting.dispatch(0)) == ["a"]


def test_a_task_does_not_start_before_its_time():
    waiting = room()
    waiting.add(task("a", not_before_us=5 * SECOND))
    assert names(waiting.dispatch(4 * SECOND)) == []
    assert waiting.next_due_us() == 5 * SECOND
    assert dict(waiting.reasons())["a"] == "not before 1970-01-01 00:00:05 UTC"
    assert names(waiting.dispatch(5 * SECOND)) == ["a"]


def test_a_held_experiment_waits_and_goes_on_when_released():
    waiting = room()
    waiting.add(task("a", experiment="e1"))
    waiting.hold("e1")
    waiting.add(task("b", experiment="e1"))
    waiting.add(task("c", experiment="e2"))
    assert names(waiting.dispatch(0)) == ["c"]
    assert "held" in dict(waiting.reasons())["a"]
    waiting.released(slot("c"), 0)
    waiting.release("e1")
    assert names(waiting.dispatch(0)) == ["a", "b"]


def test_a_cancelled_experiment_is_forgotten_but_its_cancel_messages_go():
    waiting = room()
    waiting.add(task("a", experiment="e1"))
    waiting.add(task("b", experiment="e1", action="cancel"))
    waiting.forget("e1", "p")
    assert names(waiting.dispatch(0)) == ["b"]


def test_what_is_told_late_of_a_cancelled_process_drops_nothing_of_the_next_one():
    waiting = room()
    waiting.hold("e1")
    waiting.add(replace(task("a"), process_id="p2"))
    waiting.forget("e1", "p")
    assert names(waiting.dispatch(0)) == []
    waiting.release("e1")
    assert names(waiting.dispatch(0)) == ["a"]


def test_an_unavailable_host_opens_its_circuit_which_closes_by_itself():
    waiting = room(limit=10)
    for name in "abcd":
        waiting.add(task(name))
    assert names(waiting.dispatch(0)) == ["a", "b", "c", "d"]
    waiting.released(slot("a", unavailable=True), 0)
    waiting.add(task("a", attempt=2))
    waiting.released(slot("b", unavailable=True), 10)
    waiting.add(task("b", attempt=2))
    assert names(waiting.dispatch(SECOND // 2)) == [], "the circuit is open"
    assert dict(waiting.reasons())["a"] == "alpha to answer again: no route"
    assert waiting.next_due_us() == SECOND
    assert names(waiting.dispatch(SECOND)) == ["a"], "one probe, and no more"
    assert names(waiting.dispatch(SECOND)) == []
    waiting.released(slot("a", attempt=2, unavailable=True), SECOND)
    waiting.add(task("a", attempt=3))
    assert waiting.next_due_us() == 3 * SECOND, "the delay doubles"
    assert names(waiting.dispatch(3 * SECOND)) == ["b"]
    waiting.released(slot("b", attempt=2), 3 * SECOND)
    assert names(waiting.dispatch(3 * SECOND)) == ["a"]
    assert waiting.open_circuits() == {}


def test_an_open_circuit_does_not_hold_back_other_hosts():
    waiting = room()
    waiting.add(task("a"))
    waiting.dispatch(0)
    waiting.released(slot("a", unavailable=True), 0)
    waiting.add(task("b", resource="beta"))
    assert names(waiting.dispatch(1)) == ["b"]
    assert waiting.open_circuits() == {"alpha": "no route"}


def test_a_task_whose_kind_nobody_runs_waits_says_so_and_goes_when_somebody_does():
    waiting = room(limit=1)
    waiting.serve(WORKERS)
    waiting.add(replace(task("lonely"), kind="other"))
    waiting.add(task("common"))
    assert names(waiting.dispatch(0)) == ["common"], "it takes nobody's place"
    assert "a worker with the plugin 'other'" in dict(waiting.reasons())["lonely"]
    waiting.released(slot("common"), 0)
    assert waiting.dispatch(0) == []
    assert waiting.next_due_us() is None, "nothing to be busy about"
    waiting.serve({**WORKERS, "other": frozenset({"worker-2"})})
    assert names(waiting.dispatch(0)) == ["lonely"]


def test_a_task_whose_kind_nobody_runs_can_be_held_and_forgotten():
    waiting = room(limit=1)
    waiting.serve(WORKERS)
    waiting.add(replace(task("lonely"), kind="other"))
    assert waiting.dispatch(0) == []
    waiting.hold("e1")
    assert "held by a user" in dict(waiting.reasons())["lonely"]
    waiting.forget("e1", "p")
    waiting.serve({"other": frozenset({"worker-2"})})
    assert waiting.dispatch(0) == []


def test_what_could_not_be_sent_is_sent_later():
    waiting = room(limit=1)
    waiting.add(task("t"))
    waiting.take_back(waiting.dispatch(0))
    assert names(waiting.dispatch(0)) == ["t"]


# -- another worker ------------------------------------------------------------------------------
def test_a_worker_is_avoided_only_while_there_is_another_one():
    waiting = room(limit=10)
    waiting.serve({"command": {"worker-1", "worker-2"}})
    waiting.add(task("a", avoid=("worker-1",)))
    waiting.add(task("b", avoid=("worker-1", "worker-2")))
    assert [each.avoid for each in waiting.dispatch(0)] == [("worker-1",), ()]
    waiting.serve({"command": {"worker-1"}})
    waiting.add(task("c", avoid=("worker-1",)))
    assert [each.avoid for each in waiting.dispatch(0)] == [()]


def test_a_task_that_is_passed_on_gives_its_place_back_and_goes_again():
    waiting = room(limit=1)
    waiting.serve({"command": {"worker-1", "worker-2"}})
    waiting.add(task("a", avoid=("worker-1",)))
    (sent,) = waiting.dispatch(0)
    back = sent.passed_on("worker-1", 0, SECOND)
    waiting.add(back)
    waiting.add(task("b"))
    assert names(waiting.dispatch(0)) == ["b"]
    waiting.released(slot("b"), 0)
    assert [(each.task_id, each.passes) for each in waiting.dispatch(SECOND)] == [("a", 1)]


def test_a_task_is_passed_on_a_few_times_and_then_run():
    message, passes = task("a", avoid=("worker-1",)), 0
    assert message.passed_on("worker-2", 0, 0) is None
    while (passed := message.passed_on("worker-1", 0, 0)) is not None:
        message, passes = TaskMessage.from_body(passed.to_body()), passes + 1
    assert passes == MAX_PASSES


# -- circuits ---------------------------------------------------------------------------------------
def open_circuit(limit=10):
    waiting = room(limit=limit)
    waiting.add(task("first"))
    waiting.dispatch(0)
    waiting.released(slot("first", unavailable=True), 0)
    waiting.add(task("a"))
    waiting.add(task("b"))
    return waiting


def test_a_probe_that_did_not_get_there_is_followed_by_another_one():
    waiting = open_circuit()
    assert names(waiting.dispatch(SECOND)) == ["a"]
    waiting.released(replace(slot("a"), performed=False), SECOND)
    assert names(waiting.dispatch(SECOND)) == ["b"]


def test_a_probe_that_could_not_be_sent_is_followed_by_another_one():
    waiting = open_circuit()
    waiting.take_back(waiting.dispatch(SECOND))
    assert names(waiting.dispatch(SECOND)) == ["a"]


def test_a_probe_whose_worker_died_is_followed_by_another_one():
    waiting = open_circuit()
    assert names(waiting.dispatch(SECOND)) == ["a"]
    waiting.add(task("a", attempt=2))
    assert names(waiting.dispatch(SECOND)) == ["b"]


def test_a_probe_of_which_nothing_is_heard_is_followed_by_another_one():
    waiting = open_circuit()
    assert names(waiting.dispatch(SECOND)) == ["a"]
    later = SECOND + int(PROBE_TIME_S) * SECOND
    assert waiting.dispatch(later - 1) == []
    assert waiting.next_due_us() == later
    assert names(waiting.dispatch(later)) == ["b"]


# -- what it tells ----------------------------------------------------------------------------------
def test_the_state_counts_tasks_by_what_they_wait_for():
    waiting = room(limit=1)
    waiting.serve(WORKERS)
    for name in "abc":
        waiting.add(task(name))
    waiting.add(task("held", experiment="e2"))
    waiting.hold("e2")
    waiting.add(task("later", not_before_us=9 * SECOND))
    waiting.add(replace(task("odd"), kind="other"))
    assert names(waiting.dispatch(0)) == ["a"]
    waiting.add(task("b2", resource="beta"))
    waiting.dispatch(0)
    waiting.released(slot("b2", unavailable=True, resource="beta"), 0)
    state = waiting.state(0)
    assert (state["waiting"], state["running"]) == (5, 1)
    assert {each["reason"].split(";")[0]: each["tasks"] for each in state["reasons"]} == {
        "a free place on alpha (at most 1 tasks at once)": 2,
        "held by a user": 1,
        "their time to come: a start that was asked for, or the next attempt": 1,
        "a worker with the plugin 'other'": 1,
    }
    alpha, beta = state["resources"]
    assert (alpha["name"], alpha["running"], alpha["limit"], alpha["waiting"]) == ("alpha", 1, 1, 2)
    assert beta["circuit"] == {"state": "open", "reason": "no route", "until_us": SECOND, "failures": 1}
    assert json.loads(json.dumps(state)) == state


def test_the_state_stays_small():
    waiting = room(limit=1)
    for number in range(100):
        waiting.add(task(str(number), resource=f"r{number}"))
        waiting.add(task(f"{number} again", resource=f"r{number}"))
    waiting.dispatch(0)
    state = waiting.state(0)
    assert len(state["reasons"]) == 21
    assert sum(each["tasks"] for each in state["reasons"]) == state["waiting"] == 100
