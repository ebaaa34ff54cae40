"""Commands that come a second time, after later ones: whoever had them could not say that they are carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any
from unittest.mock import Mock

import pytest
from played_stages import Played, orchestrating
from waiting_rooms import room, task

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.errors import ConflictError, StoreUnavailableError
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.message import SCHEDULER_QUEUE, CommandKind, HoldChanged, TaskAction, Verdict, task_queue
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState, TaskState
from airavata_workload.domain.task import LoadedDag
from airavata_workload.orchestrator.ends import ending
from airavata_workload.partition import Partition
from airavata_workload.ports.task_queue import Message
from airavata_workload.scheduler.scheduler import Scheduler
from airavata_workload.settings import load_settings

PATIENCE_S = 20.0


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with orchestrating(tmp_path / "home") as orchestrator:
        yield orchestrator


def cancelled(played: Played) -> str:
    """Cancel the experiment before its first task has begun; the process that it had."""
    played.told("set-up", TaskAction.EXECUTE)
    process_id = played.workload.cancel(played.experiment_id).process_id
    played.until(lambda: played.state() is ExperimentState.CANCELED)
    return process_id


def test_a_cancellation_that_comes_after_the_next_try_was_not_meant_for_it(played: Played) -> None:
    process_id = cancelled(played)
    played.workload.retry(played.experiment_id)
    task = played.told("set-up", TaskAction.EXECUTE)
    played.command(CommandKind.CANCEL, process_id)
    played.commands_are_done()
    assert played.state() is ExperimentState.EXECUTING
    played.claim(task)
    played.report(task, Verdict.COMPLETED)
    assert played.told("stage-in", TaskAction.EXECUTE)


def test_the_next_try_is_made_once(played: Played) -> None:
    process_id = cancelled(played)
    played.workload.retry(played.experiment_id)
    cancelled(played)
    played.command(CommandKind.RETRY, process_id)
    played.commands_are_done()
    assert played.state() is ExperimentState.CANCELED


def test_what_a_dead_worker_had_does_not_begin_once_more_in_what_is_cancelled(played: Played) -> None:
    played.complete_up_to("set-up")
    played.cancel()
    played.commands_are_done()
    assert played.state() is ExperimentState.CANCELING
    played.restart()
    played.commands_are_done()
    assert played.untold("set-up", TaskAction.EXECUTE)
    assert played.state() is ExperimentState.CANCELED


def is_a_launch(changes: Sequence[StateChange]) -> bool:
    return any(each.state is ExperimentState.LAUNCHED for each in changes)


def stops_a_task(changes: Sequence[StateChange]) -> bool:
    return any(each.subject is Subject.TASK and each.state == TaskState.CANCELED for each in changes)


def is_for_scheduler(messages: Sequence[Message]) -> bool:
    return any(each.queue == SCHEDULER_QUEUE for each in messages)


def cut_off_once(port: object, method: str, concerns: Callable[..., bool], monkeypatch: pytest.MonkeyPatch) -> None:
    """The next call that ``concerns`` something fails, as if its server were gone for a moment."""
    whole = getattr(port, method)
    calls: list[str] = []

    def call(*arguments: Any, **keywords: Any) -> Any:
        if not calls and concerns(*arguments):
            calls.append(method)
            raise StoreUnavailableError("The server does not answer.")
        return whole(*arguments, **keywords)

    monkeypatch.setattr(port, method, call)


@pytest.mark.parametrize("where", ["process", "state", "queue"])
def test_a_next_try_that_was_cut_off_goes_on(played: Played, where: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cancelled(played)
    if where == "state":
        cut_off_once(played.installation.registry, "record", is_a_launch, monkeypatch)
    elif where == "process":
        cut_off_once(played.installation.registry, "start_process", lambda *_: True, monkeypatch)
    else:
        cut_off_once(played.installation.queue, "publish", is_for_scheduler, monkeypatch)
    played.workload.retry(played.experiment_id)
    again = played.told("set-up", TaskAction.EXECUTE)
    played.claim(again)
    played.report(again, Verdict.COMPLETED)
    assert played.told("stage-in", TaskAction.EXECUTE).process_id == again.process_id


def test_a_next_try_whose_orchestrator_died_half_way_is_resumed(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    cancelled(played)
    with monkeypatch.context() as dying:
        dying.setattr(played.installation.registry, "record", Mock(side_effect=ZeroDivisionError))
        played.workload.retry(played.experiment_id)
        played.commands_are_done()
    played.restart()
    assert played.told("set-up", TaskAction.EXECUTE).attempt == 1
    assert played.state() is ExperimentState.EXECUTING


def test_tasks_of_what_was_cancelled_while_it_was_loaded_are_written_down_by_whoever_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def prepare(installation: Installation) -> None:
        whole, registry = installation.graph.restore_loaded, installation.registry

        def loads_and_is_cancelled(dags: Sequence[LoadedDag], *, if_newest: bool) -> list[bool | None]:
            stored = whole(dags, if_newest=if_newest)
            experiment = registry.experiment(dags[0].experiment_id)
            if experiment.state not in EXPERIMENT_ENDS:
                registry.record(ending(experiment, ExperimentState.CANCELED, "another", 1, "cancelled", "cancelled"))
            return stored

        monkeypatch.setattr(installation.graph, "restore_loaded", loads_and_is_cancelled)
        cut_off_once(registry, "record", stops_a_task, monkeypatch)

    with orchestrating(tmp_path / "home", prepare=prepare) as played:
        played.until(lambda: played.state() is ExperimentState.CANCELED)
        played.commands_are_done()
        tasks = played.workload.tasks(played.experiment_id)
        told = [each for each in played.workload.audit_trail(played.experiment_id) if stops_a_task([each])]
        assert {each.state for each in tasks} == {TaskState.CANCELED}
        assert {each.subject_id for each in told} == {each.task_id for each in tasks}


def test_a_hold_that_comes_after_the_release_holds_nothing(played: Played) -> None:
    played.told("set-up", TaskAction.EXECUTE)
    played.workload.hold(played.experiment_id)
    played.workload.release(played.experiment_id)
    played.command(CommandKind.HOLD)
    played.commands_are_done()
    assert not played.workload.experiment(played.experiment_id).held


def test_who_could_not_tell_of_the_release_may_ask_again(played: Played) -> None:
    played.workload.hold(played.experiment_id)
    played.workload.release(played.experiment_id)
    with pytest.raises(ConflictError, match="is not held"):
        played.workload.release(played.experiment_id)


@pytest.mark.parametrize("held", [False, True])
def test_a_scheduler_keeps_back_what_the_registry_calls_held(tmp_path: Path, held: bool) -> None:
    with Installation(load_settings(home=tmp_path / "home"), service="test") as installation:
        made = Experiment(
            experiment_id="e1",
            name="held",
            application_type="hpc-batch",
            application=Application(name="sleep", commands=(("sleep", "300"),)),
            compute_resource="local",
            user="ada",
        )
        installation.workload().create([made])
        installation.registry.set_held("e1", held)
        nodes = installation.nodes
        nodes.join("worker", {"kinds": ["command"], "partition": ""})
        scheduler = Scheduler(
            nodes=nodes,
            partition=Partition("", nodes),
            queue=installation.queue,
            graph=installation.graph,
            registry=installation.registry,
            new_room=room,
            clock=installation.clock,
        )
        bodies = [HoldChanged(experiment_id="e1").to_body(), task("a").to_body(), task("b", experiment="e2").to_body()]
        installation.queue.publish([Message(queue=SCHEDULER_QUEUE, body=each) for each in bodies])
        scheduler.start()
        sent: set[str] = set()
        wanted = {"b"} if held else {"a", "b"}
        while not wanted <= sent:
            deliveries = installation.queue.consume([task_queue("command")], 2, PATIENCE_S)
            assert deliveries, f"only {sent} went"
            sent |= {str(each.body["task_id"]) for each in deliveries}
        scheduler.stop()
        assert scheduler.join(PATIENCE_S)
        assert sent == wanted
