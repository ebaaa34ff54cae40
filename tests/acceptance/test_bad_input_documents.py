"""Experiments whose type, tasks, resource or lists are not what they should be."""

from __future__ import annotations

from pathlib import Path

import pytest
from faults.site import Ran, Site

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.dag import AbstractDag, DagNode
from airavata_workload.domain.states import ExperimentState
from airavata_workload.settings import load_settings

CHAIN = """
application_type: chain
tasks:
  first: {{kind: command, {first} parameters: {{command: [echo, one]}}}}
  second: {{kind: command, {second} parameters: {{command: [echo, two]}}}}
"""
LISTS = """
application_type: lists
description: A list task between two others, and one that needs all of its results
tasks:
  before: {kind: command, parameters: {command: [touch, "${parameters.mark}"]}}
  each:
    kind: command
    after: before
    for_each: "${inputs.items}"
    parameters: {command: [echo, "${item}"]}
  sum:
    kind: command
    after: each
    parameters: {command: [ls, "${parameters.mark}", "${*tasks.each.outputs.stdout}"]}
"""
ONLY_A_LIST = """
application_type: only-a-list
tasks:
  each: {kind: command, for_each: "${inputs.items}", parameters: {command: [echo, "${item}"]}}
"""


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return Site(tmp_path)


def one_line(text: str) -> str:
    return " ".join(text.split())


def load(site: Site, text: str, name: str = "dag.yaml") -> None:
    done = site.cli("dags", "load", site.file(name, text))
    assert done.returncode == 0, done.stderr


# -- application type, resource ---------------------------------------------------------


@pytest.mark.parametrize("command", ["run", "submit"])
def test_an_unknown_application_type_is_refused_before_anything_is_made(site: Site, command: str) -> None:
    done = site.cli(command, site.experiment(application_type="hpc-bach"), own_process=True)
    assert done.returncode == 4
    said = one_line(done.stderr)
    assert "There is no DAG for application type 'hpc-bach'. Did you mean 'hpc-batch'?" in said
    assert "'airavata-workload dags load FILE' adds one" in said
    assert done.stdout == ""
    assert site.listed() == []
    site.assert_nothing_left()


def test_an_application_type_that_is_unknown_at_launch_fails_the_experiment_and_a_retry_runs_it(site: Site) -> None:
    """As when a client of the programming interface creates an experiment now and launches it later."""
    from airavata_workload.documents.experiment_file import load_experiment

    with site.serving() as workload:
        (made,) = workload.create([load_experiment(site.experiment(application_type="chain"))])
        workload.launch([made.experiment_id])
        ended = workload.wait(made.experiment_id, 30)
    assert ended.state is ExperimentState.FAILED
    assert ended.user_message == "There is no DAG for application type 'chain'."
    assert "Validation failed" in ended.reason
    assert "'airavata-workload dags load FILE' adds one" in ended.reason
    site.assert_nothing_left()
    load(site, CHAIN.format(first="", second="after: first,"))
    (listed,) = site.listed()
    again = site.retry(Ran(1, "", "", listed))
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]
    assert again.states() == {"first": "COMPLETED", "second": "COMPLETED"}
    site.assert_nothing_left(again)


def test_an_unknown_resource_fails_the_experiment_and_a_retry_runs_it(site: Site) -> None:
    site.cluster("alpha")
    ran = site.run(site.experiment(compute_resource="alhpa"))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    assert ran.shown["user_message"] == "There is no cluster 'alhpa'. Did you mean 'alpha'?"
    assert f"Describe it in {site.home / 'clusters' / 'alhpa.toml'}" in ran.shown["reason"]
    assert ran.shown["tasks"] == []
    site.assert_nothing_left(ran)
    site.cluster("alhpa")
    again = site.retry(ran)
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]
    site.assert_nothing_left(again)


def test_a_cluster_file_with_a_mistake_fails_the_experiment_with_the_line(site: Site) -> None:
    site.cluster("alpha", scratch_directoy="/scratch")
    ran = site.run(site.experiment(compute_resource="alpha"))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    for told in (ran.shown["reason"], ran.shown["user_message"]):
        assert "alpha.toml:5: 'scratch_directoy' is not a key of the file. Did you mean 'scratch_directory'?" in told
    site.cluster("alpha")
    assert site.retry(ran).state == "COMPLETED"
    site.assert_nothing_left(ran)


# -- cycles ------------------------------------------------------------------------------------


def test_a_cyclic_dag_is_refused_and_the_version_before_it_stays_in_force(site: Site) -> None:
    load(site, CHAIN.format(first="", second="after: first,"))
    path = site.file("cyclic.yaml", CHAIN.format(first="after: second,", second="after: first,"))
    for command in ("load", "check"):
        done = site.cli("dags", command, path)
        assert done.returncode == 2
        said = one_line(done.stderr)
        assert f"{path}:4: the tasks wait for one another in a circle: " in said
        assert "first -> second" in said or "second -> first" in said
    ran = site.run(site.experiment(application_type="chain"))
    assert (ran.exit_code, ran.state) == (0, "COMPLETED"), ran.shown["reason"]
    site.assert_nothing_left(ran)


def test_a_cyclic_dag_that_got_past_the_check_fails_the_experiment_before_its_first_task(site: Site) -> None:
    nodes = [
        DagNode(name=name, kind="command", after=(before,), parameters={"command": ["true"]})
        for name, before in (("first", "second"), ("second", "first"))
    ]
    with Installation(load_settings(home=site.home), service="test") as installation:
        installation.graph.save_abstract(AbstractDag(application_type="chain", nodes=tuple(nodes)))
    ran = site.run(site.experiment(application_type="chain"))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    for told in (ran.shown["reason"], ran.shown["user_message"]):
        assert "the tasks wait for one another in a circle" in told
    assert ran.shown["tasks"] == []
    site.assert_nothing_left(ran)
    load(site, CHAIN.format(first="", second="after: first,"))
    again = site.retry(ran)
    assert (again.exit_code, again.state) == (0, "COMPLETED"), again.shown["reason"]
    site.assert_nothing_left(again)


# -- lists ----------------------------------------------------------------------------------------


def of_lists(site: Site, items: object, application_type: str = "lists") -> Path:
    path = site.experiment(application_type=application_type, inputs={"items": items})
    path.write_text(f'{path.read_text()}[parameters]\nmark = "{site.directory / "mark"}"\n')
    return path


def test_a_list_of_no_items_is_refused_unless_it_is_optional(site: Site) -> None:
    load(site, LISTS)
    done = site.cli("run", of_lists(site, []))
    assert done.returncode == 2
    said = one_line(done.stderr)
    assert "'inputs.items' is empty. Give it a value, or write items = {value = [], required = false}." in said
    assert site.listed() == []


def test_what_comes_after_a_list_of_no_items_runs_with_no_results_and_in_its_turn(site: Site) -> None:
    load(site, LISTS)
    ran = site.run(of_lists(site, {"value": [], "required": False}))
    assert (ran.exit_code, ran.state) == (0, "COMPLETED"), ran.shown["reason"]
    assert ran.states() == {"before": "COMPLETED", "sum": "COMPLETED"}
    assert ran.task("sum")["depends_on"] == [ran.task("before")["task_id"]]
    # That the mark was there proves the order: ls fails without it.
    assert ran.task("sum")["outputs"]["stdout"].strip() == str(site.directory / "mark")
    site.assert_nothing_left(ran)


def test_an_experiment_of_nothing_but_an_empty_list_completes(site: Site) -> None:
    load(site, ONLY_A_LIST)
    ran = site.run(of_lists(site, {"value": [], "required": False}, "only-a-list"))
    assert (ran.exit_code, ran.state) == (0, "COMPLETED")
    assert ran.shown["tasks"] == []
    site.assert_nothing_left(ran)


def test_a_list_that_is_none_fails_the_experiment_before_its_first_task(site: Site) -> None:
    load(site, LISTS)
    ran = site.run(of_lists(site, "not a list"))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    for told in (ran.shown["reason"], ran.shown["user_message"]):
        assert "task 'each': for_each = ${inputs.items} is not a list but 'not a list'" in told
    assert not (site.directory / "mark").exists()
    site.assert_nothing_left(ran)


def test_a_value_that_the_experiment_does_not_have_fails_it_and_names_the_task(site: Site) -> None:
    load(site, LISTS)
    ran = site.run(site.experiment(application_type="lists", inputs={"items": ["a"]}))
    assert (ran.exit_code, ran.state) == (1, "FAILED")
    for told in (ran.shown["reason"], ran.shown["user_message"]):
        assert "task 'before': ${parameters.mark} refers to 'mark', which 'parameters' does not have" in told
    site.assert_nothing_left(ran)
