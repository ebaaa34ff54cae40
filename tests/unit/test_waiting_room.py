"""Which ready task goes when."""

from __future__ import annotations

import json
from dataclasses import replace

from airavata_workload.domain.message import MAX_PASSES, SlotReleased, TaskAction, TaskMessage
from airavata_workload.scheduler.circuit import PROBE_TIME_S, Circuit
from airavata_workload.scheduler.policy import Policy
from airavata_workload.scheduler.waiting_room import WaitingRoom

SECOND = 1_000_000


def task(name, *, resource="alpha", experiment="e1", gateway="g", user="ada", queue="", action="execute", **more):
    return TaskMessage(
        task_id=name,
        experiment_id=experiment,
        process_id="p",
        name=name,
        kind="command",
        resource=resource,
        gateway=gateway,
        parameters={},
        experiment={"user": user, "queue": queue, "compute_resource": resource},
        action=TaskAction(action),
        **{"attempt": 1, **more},
    )


WORKERS = {"command": frozenset({"worker-1"})}


class Room(WaitingRoom):
    """Tasks become ready at 0, unless the test says when."""

    def add(self, task, now_us=0):
        super().add(task, now_us)


def room(limit=2, **policy):
    return Room(Policy(host_limit=lambda _resource: limit, **policy), lambda: Circuit(1.0, 60.0))


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
    waiting.forget("e1")
    waiting.serve({"other": frozenset({"worker-2"})})
    assert waiting.dispatch(0) == []


def test_what_could_not_be_sent_is_sent_later():
    waiting = room(limit=1)
    waiting.add(task("t"))
    waiting.take_back(waiting.dispatch(0))
    assert names(waiting.dispatch(0)) == ["t"]


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
    back = sent.passed_on("worker-1", SECOND)
    waiting.add(back)
    waiting.add(task("b"))
    assert names(waiting.dispatch(0)) == ["b"]
    waiting.released(slot("b"), 0)
    assert [(each.task_id, each.passes) for each in waiting.dispatch(SECOND)] == [("a", 1)]


def test_a_task_is_passed_on_a_few_times_and_then_run():
    message, passes = task("a", avoid=("worker-1",)), 0
    assert message.passed_on("worker-2", 0) is None
    while (passed := message.passed_on("worker-1", 0)) is not None:
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
