"""Plugins that raise, return nonsense, are gone, or never notice that nobody wants them any more."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest
from faults.site import Ran, Site, until, waits_for

from airavata_workload.bootstrap import Installation
from airavata_workload.documents.experiment_file import load_experiment
from airavata_workload.domain.dag import AbstractDag, DagNode
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.settings import load_settings

MISDEEDS = '''
import os, sys, time
from airavata_workload.domain.errors import TaskCancelled
from airavata_workload.domain.job import Job
from airavata_workload.domain.outcome import Completed, Deferred, Failed, Parked
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin


class MisdeedParameters(Parameters):
    how: str


class Unprintable(Exception):
    def __str__(self):
        raise RuntimeError("no words")
    __repr__ = __str__


JOB = Job(job_id="1", job_name="A", cluster="local", working_directory="/tmp")


def loop():
    found = {}
    found["me"] = found
    return found


WAYS = {
    "raises": lambda: 1 // 0,
    "exits": lambda: sys.exit("enough"),
    "interrupts": lambda: (_ for _ in ()).throw(KeyboardInterrupt()),
    "unprintable": lambda: (_ for _ in ()).throw(Unprintable()),
    "pretends": lambda: (_ for _ in ()).throw(TaskCancelled("somebody, surely")),
    "nothing": lambda: None,
    "type": lambda: Completed,
    "outputs": lambda: Completed({"file": object()}),
    "keys": lambda: Completed({1: 2}),
    "no outputs": lambda: Completed(None),
    "circle": lambda: Completed(loop()),
    "huge": lambda: Completed({"data": "x" * 2_000_000}),
    "infinite": lambda: Completed({"x": float("inf")}),
    "reason": lambda: Failed(reason=ValueError("not text")),
    "delay": lambda: Deferred("later", delay_s=float("nan")),
    "long delay": lambda: Deferred("later", delay_s=1e300),
    "text delay": lambda: Deferred("later", delay_s="soon"),
    "no job": lambda: Parked(None),
    "job": lambda: Parked({"job_id": "1"}),
    "job id": lambda: Parked(Job(job_id=b"1", job_name="A", cluster="local", working_directory="/tmp")),
    "parked outputs": lambda: Parked(JOB, {"x": {1, 2}}),
}


class Misdeed(TaskPlugin):
    kind = "misdeed"
    parameters_model = MisdeedParameters

    def execute(self, run):
        return WAYS[run.parameters.how]()


class Deaf(TaskPlugin):
    """Says that it has begun and then never looks whether it is still wanted."""
    kind = "deaf"
    parameters_model = MisdeedParameters

    def execute(self, run):
        with open(run.parameters.how + ".begun", "w"):
            pass
        with open(run.parameters.how + ".end"):
            pass
        return Completed()


class Unmade(TaskPlugin):
    kind = "unmade"
    parameters_model = MisdeedParameters

    def __init__(self):
        raise OSError("it needs a licence")

    def execute(self, run):
        return Completed()
'''
POINTS = ("tasks: misdeed = Misdeed", "tasks: deaf = Deaf", "tasks: unmade = Unmade")
ALL_AT_ONCE = """
application_type: misdeeds
tasks:
  bad:
    kind: misdeed
    for_each: "${inputs.ways}"
    parameters: {how: "${item}"}
    retry: {attempts: 1}
  unmade: {kind: unmade, parameters: {how: ""}}
  good: {kind: command, parameters: {command: [echo, good]}}
"""
SAID = {
    "raises": "broke: ZeroDivisionError: integer division or modulo by zero",
    "exits": "broke: SystemExit: enough",
    "interrupts": "broke: KeyboardInterrupt",
    "unprintable": "broke: Unprintable",
    "pretends": "it stopped as if it had been cancelled, and it had not: somebody, surely",
    "nothing": "it returned None, which is not an outcome",
    "type": "which is not an outcome",
    "outputs": "the outputs of its outcome cannot be written as JSON",
    "keys": "not a mapping from names to values",
    "no outputs": "not a mapping from names to values",
    "circle": "the outputs of its outcome cannot be written as JSON",
    "huge": "more than 1000000",
    "infinite": "the outputs of its outcome cannot be written as JSON",
    "reason": "the reason of its outcome is ValueError('not text'), not text",
    "delay": "the delay_s of its outcome is nan",
    "long delay": "the delay_s of its outcome is 1e+300",
    "text delay": "the delay_s of its outcome is 'soon', not a number",
    "no job": "the job of its outcome is None, not a Job",
    "job": "the job of its outcome is {'job_id': '1'}, not a Job",
    "job id": "job_id of its outcome is b'1', not text",
    "parked outputs": "the outputs of its outcome cannot be written as JSON",
}
DEAF = """
application_type: deaf
tasks:
  listen: {{kind: deaf, parameters: {{how: "{where}"}}}}
  after: {{kind: command, after: listen, parameters: {{command: [echo, after]}}}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    site = Site(tmp_path)
    site.plugin("misdeeds", MISDEEDS, *POINTS)
    return site


def load(site: Site, text: str) -> None:
    done = site.cli("dags", "load", site.file("dag.yaml", text))
    assert done.returncode == 0, done.stderr


def test_whatever_a_plugin_does_ends_its_own_task_and_nothing_else(site: Site) -> None:
    load(site, ALL_AT_ONCE)
    ran = site.run(site.experiment(application_type="misdeeds", inputs={"ways": list(SAID)}))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert ran.task("good")["state"] == "COMPLETED"
    for number, (way, said) in enumerate(SAID.items()):
        task = ran.task(f"bad[{number}]")
        assert task["state"] == "FAILED", way
        assert said in task["reason"], way
        assert task["user_message"], way
        if "broke: " in task["reason"]:
            assert task["reason"].startswith("the plugin 'misdeed' broke: "), "the operator knows whose fault it is"
            assert "a fault in its program; tell the operator" in task["user_message"]
    unmade = ran.task("unmade")
    assert (unmade["state"], unmade["reason"]) == (
        "FAILED",
        "the plugin 'unmade' broke: OSError: it needs a licence",
    )
    assert "Traceback" in ran.stderr, "the log shows where it broke"
    site.assert_nothing_left(ran)


def test_a_plugin_that_never_notices_cancels_with_it_and_holds_nobody_up(site: Site, tmp_path: Path) -> None:
    """The experiment is CANCELING as long as the plugin works, CANCELED when it ends, and nothing comes after it."""
    where = tmp_path / "deaf"
    for name in ("begun", "end"):
        os.mkfifo(f"{where}.{name}")
    load(site, DEAF.format(where=where))
    with site.serve():
        path = site.experiment(application_type="deaf")
        assert site.cli("submit", path).returncode == 0
        Path(f"{where}.begun").read_text()
        (listed,) = site.listed()
        assert site.cli("cancel", listed["experiment_id"]).returncode == 0
        during = site.show(listed["experiment_id"])
        assert (during["state"], [task["state"] for task in during["tasks"]]) == (
            "CANCELING",
            ["EXECUTING", "CANCELED"],
        )
        other = site.cli("submit", "--wait", site.experiment([["true"]], file="other.toml"))
        assert other.returncode == 0, "the others go on meanwhile"
        Path(f"{where}.end").write_text("")
        watched = site.cli("watch", listed["experiment_id"])
        assert watched.returncode == 1, "not completed"
        after = site.show(listed["experiment_id"])
        assert after["state"] == "CANCELED"
        assert [task["state"] for task in after["tasks"]] == ["COMPLETED", "CANCELED"]
        assert site.cli("retry", listed["experiment_id"]).returncode == 0
        assert site.cli("watch", listed["experiment_id"]).returncode == 0
    again = site.show(listed["experiment_id"])
    assert [task["state"] for task in again["tasks"]] == ["COMPLETED", "COMPLETED"]
    assert again["tasks"][0]["task_id"] == after["tasks"][0]["task_id"], "what had completed did not run again"
    site.assert_nothing_left(Ran(0, "", "", again))


def test_an_engine_with_a_plugin_that_never_ends_stops_in_its_drain_time_and_the_cancelling_goes_on(
    site: Site, tmp_path: Path
) -> None:
    where = tmp_path / "deaf"
    for name in ("begun", "end"):
        os.mkfifo(f"{where}.{name}")
    load(site, DEAF.format(where=where))
    with site.serve() as server:
        assert site.cli("submit", site.experiment(application_type="deaf")).returncode == 0
        Path(f"{where}.begun").read_text()
        (listed,) = site.listed()
        assert site.cli("cancel", listed["experiment_id"]).returncode == 0
        server.send_signal(signal.SIGTERM)
        assert server.wait(30) == 0, "the drain time is 2 s"
    assert site.show(listed["experiment_id"])["state"] == "CANCELING", "said, not forgotten"
    with site.serve():
        assert site.cli("watch", listed["experiment_id"]).returncode == 1
        site.until_queues_are_empty()
    ran = Ran(1, "", "", site.show(listed["experiment_id"]))
    assert ran.state == "CANCELED"
    assert set(ran.states().values()) == {"CANCELED"}
    site.assert_nothing_left(ran)


# -- plugins that are not there ---------------------------------------------------------------------

NEEDY = """
from airavata_workload.domain.outcome import Completed
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin

class Needy(TaskPlugin):
    kind = "needy"
    parameters_model = Parameters

    def execute(self, run):
        return Completed()
"""


def test_an_unknown_kind_is_refused_when_the_dag_is_loaded(site: Site) -> None:
    path = site.file("dag.yaml", "application_type: a\ntasks:\n  one: {kind: comand, parameters: {command: [echo]}}\n")
    done = site.cli("dags", "load", path)
    assert done.returncode == 2
    said = " ".join(done.stderr.split())
    assert f"{path}:3: task 'one' is of kind 'comand', for which there is no task plugin." in said
    assert "Did you mean 'command'?" in said
    assert "Task plugins are: " in said
    assert site.cli("run", site.experiment(application_type="a")).returncode == 4


def test_a_task_whose_plugin_was_uninstalled_waits_says_so_and_goes_on_when_it_is_back(
    site: Site, tmp_path: Path
) -> None:
    where = tmp_path / "deaf"
    for name in ("begun", "end"):
        Path(f"{where}.{name}").touch()
    load(site, DEAF.format(where=where))
    with site.serving() as workload:  # this process does not know the plugin
        (submitted,) = workload.submit([load_experiment(site.experiment(application_type="deaf"))])
        until(workload, submitted, waits_for("a worker with the plugin 'deaf'"))
        shown = site.show(submitted.experiment_id)
        assert (shown["state"], shown["tasks"][0]["state"]) == ("EXECUTING", "CREATED")
        assert "'airavata-workload plugins list'" in shown["tasks"][0]["waiting_for"]
    ran = site.recover()
    assert (ran.exit_code, ran.state) == (0, "COMPLETED"), ran.shown.get("reason")
    site.assert_nothing_left(ran)


def test_a_plugin_that_cannot_be_loaded_fails_its_task_and_names_the_distribution(site: Site) -> None:
    module = site.plugin("needy", "import a_library_that_nobody_has\n", "tasks: needy = Needy") / "needy.py"
    node = DagNode(name="one", kind="needy", retry=RetryPolicy(attempts=1))
    with Installation(load_settings(home=site.home), service="test") as installation:
        installation.graph.save_abstract(AbstractDag(application_type="needy", nodes=(node,)))
    ran = site.run(site.experiment(application_type="needy"))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert "needy 1.0 cannot be loaded" in ran.shown["user_message"]
    assert "a_library_that_nobody_has" in ran.shown["user_message"]
    assert "Mend or uninstall that distribution" in ran.shown["reason"]
    site.assert_nothing_left(ran)
    module.write_text(NEEDY)
    again = site.retry(ran)
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]


# -- validators ---------------------------------------------------------------------------------------

VALIDATORS = """
import os
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.validation import Validator


class Moody(Validator):
    name = "moody"

    def validate(self, experiment, cluster):
        mood = os.environ["MOOD"]
        if mood == "breaks":
            raise LookupError("it has lost its table")
        if mood == "refuses":
            raise InputError("On Sundays nobody computes.", remedy="Come back tomorrow.")
"""


@pytest.mark.parametrize(
    ("mood", "reason", "message"),
    [
        ("breaks", "LookupError: it has lost its table", "a fault in a program of the gateway; tell the operator"),
        ("refuses", "On Sundays nobody computes. Come back tomorrow.", "On Sundays nobody computes."),
    ],
)
def test_a_validator_that_breaks_or_refuses_fails_the_experiment_and_a_retry_asks_it_again(
    site: Site, mood: str, reason: str, message: str
) -> None:
    site.plugin("moods", VALIDATORS, "validators: moody = Moody")
    site.configure(validators=["moody"])
    site.environment["MOOD"] = mood
    ran = site.run(site.experiment())
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert reason in ran.shown["reason"]
    assert message in ran.shown["user_message"]
    site.assert_nothing_left(ran)
    site.environment["MOOD"] = "content"
    again = site.retry(ran)
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown.get("reason")
    site.assert_nothing_left(again)
