"""The whole engine, with its embedded adapters, against a model: random DAGs of tasks with random fates."""

from __future__ import annotations

import itertools
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from stevedore.extension import ExtensionManager

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.dag import AbstractDag, DagNode
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.domain.task import Trigger
from airavata_workload.settings import load_settings

PLUGIN = '''
import collections
from airavata_workload.domain.errors import TransferError, HostUnreachableError
from airavata_workload.domain.outcome import Completed, Deferred, Failed
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin

calls = collections.Counter()

class FateParameters(Parameters):
    fates: list[str]
    seen: list = []

class Fated(TaskPlugin):
    """Does, at its n-th call for a task, what the n-th fate says."""
    kind = "fated"
    parameters_model = FateParameters

    def execute(self, run):
        number = calls[run.task_id]
        calls[run.task_id] += 1
        fate = run.parameters.fates[min(number, len(run.parameters.fates) - 1)]
        if fate == "defer":
            return Deferred("not now", delay_s=0.0)
        if fate == "transient":
            raise TransferError("broke off")
        if fate == "fail":
            return Failed("it cannot work", "sorry")
        if fate == "break":
            raise ZeroDivisionError("a fault of the plugin")
        return Completed({"name": run.name})
'''
FATES = ["complete", "defer", "transient", "fail", "break"]
sequence = itertools.count()


@pytest.fixture(scope="module")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    plugins = tmp_path_factory.mktemp("plugins")
    info = plugins / "fated_plugin-1.0.dist-info"
    info.mkdir()
    (plugins / "fated_plugin.py").write_text(PLUGIN)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fated-plugin\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[airavata_workload.tasks]\nfated = fated_plugin:Fated\n")
    sys.path.insert(0, str(plugins))
    # stevedore reads the entry points of a namespace once, which another test may have made it do already.
    ExtensionManager.ENTRY_POINT_CACHE.pop("airavata_workload.tasks", None)
    home = tmp_path_factory.mktemp("home")
    with Installation(load_settings(home=home), service="test", private=True) as opened:
        engine = opened.engine(kinds=["fated"], adopt_orphans=False)
        engine.start()
        yield opened
        assert engine.stop(10.0)
    sys.path.remove(str(plugins))
    ExtensionManager.ENTRY_POINT_CACHE.pop("airavata_workload.tasks", None)


@dataclass(frozen=True)
class Node:
    after: tuple[int, ...]
    when: Trigger
    attempts: int
    fates: tuple[str, ...]


@st.composite
def dags(draw: st.DrawFn) -> list[Node]:
    nodes = []
    for number in range(draw(st.integers(1, 7))):
        after = draw(st.lists(st.integers(0, number - 1), max_size=3, unique=True)) if number else []
        fates = draw(st.lists(st.sampled_from(FATES), min_size=1, max_size=4))
        if fates[-1] in ("defer", "transient"):
            fates.append("complete")  # the last fate repeats, and would do so for ever
        nodes.append(Node(tuple(after), draw(st.sampled_from(Trigger)), draw(st.integers(1, 3)), tuple(fates)))
    return nodes


def fate_of(node: Node) -> tuple[str, int]:
    """Final state of a task that runs, and how often its plugin is called."""
    failures = 0
    for calls, fate in enumerate(node.fates, 1):
        if fate == "complete":
            return "COMPLETED", calls
        if fate in ("fail", "break"):
            return "FAILED", calls
        if fate == "transient":
            failures += 1
            if failures >= node.attempts:
                return "FAILED", calls
    raise AssertionError(node.fates)


def model(nodes: list[Node]) -> tuple[str, list[str], list[int]]:
    states: list[str] = []
    calls: list[int] = []
    for node in nodes:
        unsuccessful = sum(states[before] != "COMPLETED" for before in node.after)
        state, count = fate_of(node) if node.when.fires(unsuccessful) else ("CANCELED", 0)
        states.append(state)
        calls.append(count)
    return ("FAILED" if "FAILED" in states else "COMPLETED"), states, calls


def node_is_removed(installation: Installation, experiment_id: str) -> bool:
    """Whether the recovery node, which is the last thing to go, is gone within ten seconds."""
    end_s = time.monotonic() + 10
    while any(node.experiment_id == experiment_id for node in installation.nodes.nodes()):
        if time.monotonic() > end_s:
            return False
        threading.Event().wait(0.005)
    return True


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(nodes=dags())
def test_every_experiment_ends_as_the_model_says(installation: Installation, nodes: list[Node]) -> None:
    application_type = f"random-{next(sequence)}"
    installation.graph.save_abstract(
        AbstractDag(
            application_type=application_type,
            nodes=tuple(
                DagNode(
                    name=f"t{number}",
                    kind="fated",
                    after=tuple(f"t{before}" for before in node.after),
                    when=node.when,
                    retry=RetryPolicy(attempts=node.attempts, first_delay_s=0.001, max_delay_s=0.002),
                    parameters={"fates": list(node.fates)},
                )
                for number, node in enumerate(nodes)
            ),
        )
    )
    workload = installation.workload()
    experiment = workload.submit(
        [
            Experiment(
                experiment_id="",
                name="random",
                application_type=application_type,
                application=Application(name="none"),
                compute_resource="local",
                user="",
            )
        ]
    )[0]
    ended = workload.wait(experiment.experiment_id, timeout_s=30)
    tasks = {task.name: task for task in workload.tasks(experiment.experiment_id)}
    in_order = [tasks[f"t{number}"] for number in range(len(nodes))]
    counted: Counter[str] = sys.modules["fated_plugin"].calls
    found = (ended.state, [task.state for task in in_order], [counted[task.task_id] for task in in_order])
    assert found == model(nodes)
    assert node_is_removed(installation, experiment.experiment_id)
    trail = [change.state for change in workload.audit_trail(experiment.experiment_id) if change.subject == "task"]
    assert trail.count("COMPLETED") == sum(state == "COMPLETED" for state in found[1])


def test_nothing_was_set_aside(installation: Installation) -> None:
    assert installation.queue.dead_letters() == []
