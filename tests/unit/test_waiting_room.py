"""Which ready task goes when."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.domain.message import SlotReleased, TaskAction, TaskMessage
from airavata_workload.scheduler.circuit import Circuit
from airavata_workload.scheduler.waiting_room import WaitingRoom

SECOND = 1_000_000


def task(name, *, priority=0, resource="alpha", not_before_us=0, experiment="e1", attempt=1, action="execute"):
    return TaskMessage(
        task_id=name,
        experiment_id=experiment,
        process_id="p",
        name=name,
        kind="command",
        resource=resource,
        gateway="g",
        attempt=attempt,
        parameters={},
        experiment={},
        priority=priority,
        not_before_us=not_before_us,
        action=TaskAction(action),
    )


def room(limit=2):
    return WaitingRoom(lambda resource: limit, lambda: Circuit(1.0, 60.0))


def names(tasks):
    return [each.task_id for each in tasks]


def slot(name, *, attempt=1, unavailable=False, resource="alpha"):
    return SlotReleased(
        task_id=name, resource=resource, attempt=attempt, resource_unavailable=unavailable, reason="no route"
    )


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
    waiting.forget("e1")
    assert names(waiting.dispatch(0)) == ["b"]


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
    waiting.serve({"command"})
    waiting.add(replace(task("lonely"), kind="other"))
    waiting.add(task("common"))
    assert names(waiting.dispatch(0)) == ["common"], "it takes nobody's place"
    assert "a worker with the plugin 'other'" in dict(waiting.reasons())["lonely"]
    waiting.released(slot("common"), 0)
    assert waiting.dispatch(0) == []
    assert waiting.next_due_us() is None, "nothing to be busy about"
    waiting.serve({"command", "other"})
    assert names(waiting.dispatch(0)) == ["lonely"]


def test_a_task_whose_kind_nobody_runs_can_be_held_and_forgotten():
    waiting = room(limit=1)
    waiting.serve({"command"})
    waiting.add(replace(task("lonely"), kind="other"))
    assert waiting.dispatch(0) == []
    waiting.hold("e1")
    assert "held by a user" in dict(waiting.reasons())["lonely"]
    waiting.forget("e1")
    waiting.serve({"other"})
    assert waiting.dispatch(0) == []


def test_what_could_not_be_sent_is_sent_later():
    waiting = room(limit=1)
    waiting.add(task("t"))
    waiting.take_back(waiting.dispatch(0))
    assert names(waiting.dispatch(0)) == ["t"]
