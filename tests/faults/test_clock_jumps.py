"""A wall clock that jumps by an hour: nobody loses what is theirs, nothing runs twice, nothing waits for the hour."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from faults import wall_clock
from faults.wall_clock import HOUR_S
from hypothesis import given
from hypothesis import strategies as st
from waiting_rooms import WORKERS, names, room, slot, task

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.message import SCHEDULER_QUEUE, TaskMessage, task_queue
from airavata_workload.domain.states import ExperimentState, TaskState
from airavata_workload.partition import Partition
from airavata_workload.ports.task_queue import Message
from airavata_workload.scheduler.scheduler import Scheduler
from airavata_workload.settings import load_settings

SECOND_US = 1_000_000
PATIENCE_S = 30.0
JUMPS = pytest.mark.parametrize("jump_s", [HOUR_S, -HOUR_S], ids=["forwards", "backwards"])


class Offset:
    """By how much the wall clock is wrong, in seconds."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def offset(monkeypatch: pytest.MonkeyPatch) -> Offset:
    """Of this process's wall clock."""
    made = Offset()
    wall_clock.set_by(made, monkeypatch.setattr)
    return made


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def installation(home: Path) -> Iterator[Installation]:
    with Installation(load_settings(home=home), service="test") as opened:
        opened.load_missing_dags()
        yield opened


@JUMPS
def test_a_living_owner_keeps_its_experiment_and_a_dead_one_does_not(home: Path, offset: Offset, jump_s: float) -> None:
    with Installation(load_settings(home=home), service="heir") as heir:
        with Installation(load_settings(home=home), service="owner") as owner:
            owner.nodes.create("e")
            assert owner.nodes.lead("scheduler")
            offset.seconds = jump_s
            assert [(node.experiment_id, node.owner_alive) for node in heir.nodes.nodes()] == [("e", True)]
            assert not heir.nodes.claim("e")
            assert not heir.nodes.lead("scheduler")
            assert owner.nodes.lead("scheduler")
        assert heir.nodes.claim("e")
        assert heir.nodes.lead("scheduler")


@JUMPS
def test_what_a_living_service_has_taken_is_given_to_nobody_else(home: Path, offset: Offset, jump_s: float) -> None:
    with Installation(load_settings(home=home), service="other") as other:
        with Installation(load_settings(home=home), service="taker") as taker:
            taker.queue.publish([Message(queue="q", body={})])
            assert taker.queue.consume(["q"], 1, PATIENCE_S)
            offset.seconds = jump_s
            assert not other.queue.consume(["q"], 1, 1.5), "longer than what dead services held is looked for"
        assert [each.redelivered for each in other.queue.consume(["q"], 1, PATIENCE_S)] == [True]


@JUMPS
def test_a_job_is_asked_for_and_its_experiment_ends(
    installation: Installation, tmp_path: Path, offset: Offset, jump_s: float
) -> None:
    engine = installation.engine(adopt_orphans=True)
    engine.start()
    runs, go_on = tmp_path / "runs", tmp_path / "go on"
    script = 'echo ran >>"$1"; while [ ! -e "$2" ]; do sleep 0.1; done'
    experiment = Experiment(
        experiment_id="",
        name="jump",
        application_type="hpc-batch",
        application=Application(name="wait", commands=(("sh", "-c", script, "wait", str(runs), str(go_on)),)),
        compute_resource="local",
        user="",
    )
    workload = installation.workload()
    sequence = workload.latest_event()
    experiment_id = workload.submit([experiment])[0].experiment_id
    while not any(each.parked for each in installation.graph.tasks(experiment_id)):
        events = workload.events(sequence, experiment_id=experiment_id, wait_s=PATIENCE_S)
        assert events, "the job was not submitted in time"
        sequence = events[-1].sequence
    offset.seconds = jump_s
    go_on.touch()
    ended = workload.wait(experiment_id, timeout_s=PATIENCE_S)
    assert engine.stop(10.0)
    assert ended.state is ExperimentState.COMPLETED
    assert runs.read_text() == "ran\n"
    for each in installation.graph.tasks(experiment_id):
        claims = [(line.state, line.attempt) for line in each.history if line.state is TaskState.EXECUTING]
        assert set(claims) == {(TaskState.EXECUTING, 1)}, each.name
        assert [line.state for line in each.history].count(TaskState.COMPLETED) == 1, each.name


@JUMPS
def test_a_scheduler_goes_on_with_what_is_delayed_and_with_new_workers(
    installation: Installation, offset: Offset, jump_s: float
) -> None:
    nodes = installation.nodes
    scheduler = Scheduler(
        nodes=nodes,
        partition=Partition("", nodes),
        queue=installation.queue,
        graph=installation.graph,
        registry=installation.registry,
        new_room=room,
        clock=now_us,
    )
    scheduler.round()  # it has looked for workers: there are none
    offset.seconds = jump_s
    nodes.join("worker", {"kinds": ["command"], "partition": ""})
    # Set back by a machine whose clock has not jumped.
    delayed = task("d", not_before_us=now_us() - int(jump_s * SECOND_US) + SECOND_US, delay_us=SECOND_US)
    installation.queue.publish([Message(queue=SCHEDULER_QUEUE, body=each.to_body()) for each in (task("a"), delayed)])
    scheduler.start()
    sent: list[str] = []
    while len(sent) < 2:
        deliveries = installation.queue.consume([task_queue("command")], 2, PATIENCE_S)
        assert deliveries, f"only {sent} went"
        sent += [TaskMessage.from_body(each.body).task_id for each in deliveries]
        installation.queue.acknowledge(deliveries)
    scheduler.stop()
    assert scheduler.join(20.0)
    assert sent == ["a", "d"]


@JUMPS
def test_a_circuit_is_open_for_as_long_as_it_says(jump_s: float) -> None:
    waiting = room()
    waiting.follow_wall_clock(SECOND_US)
    waiting.released(slot("gone", unavailable=True), 0)
    waiting.add(task("a"))
    waiting.follow_wall_clock(int(jump_s * SECOND_US))
    assert names(waiting.dispatch(SECOND_US - 1)) == []
    (shown,) = waiting.state(SECOND_US - 1)["resources"]
    assert shown["circuit"]["until_us"] == int((jump_s + 1) * SECOND_US), "people are told the time of the wall"
    assert names(waiting.dispatch(SECOND_US)) == ["a"]


STEPS = st.lists(st.tuples(st.integers(0, 40), st.sampled_from([0, 0, 0, 3600, -3600, 600, -7200])), max_size=12)


@given(STEPS, st.integers(1, 60), st.integers(-4000, 4000))
def test_delays_last_as_long_as_they_are_and_starts_go_by_the_wall_clock(
    steps: list[tuple[int, int]], delay_s: int, start_s: int
) -> None:
    """Times in seconds: each step lets some pass and then sets the wall clock."""
    wall_s, steady_s = 1_000_000, 0
    waiting = room(limit=10)
    waiting.serve(WORKERS)
    waiting.follow_wall_clock((wall_s - steady_s) * SECOND_US)
    begun_s, asked_for_s = steady_s, wall_s + start_s
    waiting.add(task("delayed", not_before_us=(wall_s + delay_s) * SECOND_US, delay_us=delay_s * SECOND_US))
    waiting.add(task("asked for", not_before_us=asked_for_s * SECOND_US))
    expected = {"delayed", "asked for"}
    for passes_s, set_by_s in [(0, 0), *steps]:
        steady_s += passes_s
        wall_s += passes_s + set_by_s
        waiting.follow_wall_clock((wall_s - steady_s) * SECOND_US)
        due = {"delayed"} if steady_s - begun_s >= delay_s else set()
        due |= {"asked for"} if wall_s >= asked_for_s else set()
        assert set(names(waiting.dispatch(steady_s * SECOND_US))) == expected & due
        expected -= due
