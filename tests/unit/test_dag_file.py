"""DAG files: what is read, and what is refused, with file, line and key."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel, ConfigDict, Field

from airavata_workload.documents.dag_file import check, dag_files, load_dag, parse_dag
from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.errors import DagError
from airavata_workload.domain.task import Trigger

PATH = Path("flow.yaml")


class Copy(BaseModel):
    model_config = ConfigDict(extra="forbid")

    source: str
    target: str = Field(pattern="^/")
    times: int = 1
    words: list[str] = []


class Wait(BaseModel):
    model_config = ConfigDict(extra="forbid")

    job: dict[str, Any]
    timeout_s: float = 1.0


KINDS = {"copy": Copy, "wait": Wait}

GOOD = """\
application_type: flow
description: two tasks
tasks:
  first:
    kind: copy
    parameters: {source: "${inputs.text}", target: "/tmp/${process.id}", times: 3}
    retry: {attempts: 5, first_delay_s: 2}
  second:
    kind: wait
    after: first
    when: always
    for_each: "${inputs.parts}"
    resource: elsewhere
    parameters:
      job: "${tasks.first.outputs.job}"
"""


def test_a_good_file_becomes_a_dag() -> None:
    dag = parse_dag(GOOD, PATH, KINDS)
    first, second = dag.nodes
    assert (dag.application_type, dag.description, dag.version) == ("flow", "two tasks", 1)
    assert (first.name, first.kind, first.after, first.line, first.resource) == (
        "first",
        "copy",
        (),
        4,
        "${experiment.compute_resource}",
    )
    assert (first.retry.attempts, first.retry.first_delay_s, first.retry.factor) == (5, 2.0, 2.0)
    assert (second.after, second.when, second.for_each) == (("first",), Trigger.ALWAYS, "${inputs.parts}")
    assert second.parameters == {"job": "${tasks.first.outputs.job}"}
    assert second.resource == "elsewhere"


def test_a_checked_dag_survives_storing(tmp_path: Path) -> None:
    (tmp_path / "flow.yaml").write_text(GOOD)
    dag = load_dag(tmp_path / "flow.yaml", KINDS)
    check(AbstractDag.from_json(dag.to_json()), KINDS)


def refused(text: str) -> DagError:
    with pytest.raises(DagError) as caught:
        parse_dag(text, PATH, KINDS)
    assert caught.value.path == PATH
    return caught.value


def task(body: str, more: str = "") -> str:
    return f"application_type: flow\ntasks:\n  one:\n    kind: copy\n{body}{more}"


FINE = '    parameters: {source: "a", target: "/b"}\n'


@pytest.mark.parametrize(
    ("text", "line", "key", "words", "suggestion"),
    [
        (task(FINE + "    aftr: [x]\n"), 6, "tasks.one.aftr", "not a key of [tasks.one]", "after"),
        (
            task(FINE + "    after: [two]\n", "  too:\n    kind: wait\n    parameters: {job: {}}\n"),
            6,
            "tasks.one.after[0]",
            "not a task",
            "too",
        ),
        (task(FINE + "    when: sometimes\n"), 6, "tasks.one.when", "'success', 'failure' or 'always'", None),
        (task(FINE + "    retry: {attempt: 3}\n"), 6, "tasks.one.retry.attempt", "not a key", "attempts"),
        (task(FINE + "    retry: {attempts: 0}\n"), 6, "tasks.one.retry.attempts", "greater than or equal to 1", None),
        (task(FINE + "    retry: {attempts: '3'}\n"), 6, "tasks.one.retry.attempts", "not '3'", None),
        (task(FINE + "    for_each: [a, b]\n"), 6, "tasks.one.for_each", "string", None),
        (task(FINE + "    for_each: inputs.x\n"), 6, "tasks.one.for_each", "one reference", None),
        (task(FINE + "    for_each: '${tasks.a.outputs.b}'\n"), 6, "tasks.one.for_each", "none of", None),
        (
            task(FINE + "    resource: '${experiment.resource}'\n"),
            6,
            "tasks.one.resource",
            "does not have",
            "${experiment.compute_resource}",
        ),
        (task("    parameters:\n      source: a\n"), 5, "tasks.one.parameters.target", "lacks 'target'", None),
        (
            task("    parameters:\n      source: a\n      target: /b\n      time: 3\n"),
            8,
            "tasks.one.parameters.time",
            "not a key",
            "times",
        ),
        (
            task("    parameters:\n      source: a\n      target: b\n"),
            7,
            "tasks.one.parameters.target",
            "match pattern",
            None,
        ),
        (
            task("    parameters:\n      source: a\n      target: /b\n      times: often\n"),
            8,
            "tasks.one.parameters.times",
            "valid integer",
            None,
        ),
        (
            task("    parameters:\n      source: a\n      target: /b\n      words:\n      - x\n      - [y]\n"),
            10,
            "tasks.one.parameters.words[1]",
            "valid string",
            None,
        ),
        (
            task("    parameters: {source: '${input.x}', target: /b}\n"),
            5,
            "tasks.one.parameters.source",
            "refers to 'input'",
            "${inputs.x}",
        ),
        (
            task("    parameters: {source: '${experiment.usr}', target: /b}\n"),
            5,
            "tasks.one.parameters.source",
            "'usr'",
            "${experiment.user}",
        ),
        (
            task("    parameters: {source: 'a ${item}', target: /b}\n"),
            5,
            "tasks.one.parameters.source",
            "refers to 'item'",
            None,
        ),
        (
            task("    parameters: {source: '${tasks.two.outputs.x}', target: /b}\n"),
            5,
            "tasks.one.parameters.source",
            "does not come before",
            None,
        ),
        (
            task("    parameters: {source: '${tasks.one}', target: /b}\n"),
            5,
            "tasks.one.parameters.source",
            "must have the form",
            None,
        ),
        (
            task("    parameters: {source: '${inputs.x', target: /b}\n"),
            5,
            "tasks.one.parameters.source",
            "without its '}'",
            None,
        ),
        ("application_type: flow\ntasks:\n  one:\n    kind: coppy\n", 4, "tasks.one.kind", "no task plugin", "copy"),
        ("application_type: flow\ntasks:\n  one.two:\n    kind: copy\n", 3, 'tasks."one.two"', "match pattern", None),
        ("application_type: flow\ntasks: {}\n", 2, "tasks", "at least 1 item", None),
        ("application_type: flow\ntask:\n  one: {kind: copy}\n", 2, "task", "not a key of the file", "tasks"),
        ("tasks:\n  one: {kind: copy}\n", None, "application_type", "lacks 'application_type'", None),
        ("application_type: flow\ntasks:\n  one: copy\n", 3, "tasks.one", "should be a table", None),
        ("application_type: flow\ntasks:\n  one:\n", 3, "tasks.one", "should be a table", None),
    ],
)
def test_what_is_wrong_is_named(text: str, line: int | None, key: str, words: str, suggestion: str | None) -> None:
    error = refused(text)
    assert words in str(error)
    assert (error.line, error.key, error.suggestion) == (line, key, suggestion)
    assert str(error).startswith(f"{PATH}:{line}: " if line else f"{PATH}: ")


def test_a_circle_is_shown() -> None:
    error = refused(
        "application_type: flow\ntasks:\n"
        "  one: {kind: copy, after: two}\n  two: {kind: copy, after: [three]}\n  three: {kind: copy, after: [one]}\n"
    )
    assert "in a circle" in str(error)
    assert error.line in (3, 4, 5)
    assert str(error).count(str(PATH)) == 1


def test_every_problem_is_told_at_once_in_the_order_of_the_file() -> None:
    text = "application_type: flow\ntasks:\n  one: {kind: coppy}\n  two: {kind: wait, parameters: {jub: 1}}\n"
    lines = str(refused(text)).splitlines()
    assert [line.split(": ")[0] for line in lines] == ["flow.yaml:3", "flow.yaml:4"]


def test_values_that_hold_references_are_not_type_checked() -> None:
    parse_dag(
        task(
            "    parameters: {source: '${inputs.a}', target: '${inputs.t}', times: '${inputs.n}', words: '${inputs}'}\n"
        ),
        PATH,
        KINDS,
    )
    parse_dag(task("    parameters: {source: a, target: /b, words: ['${*inputs.w}', '${inputs.n}']}\n"), PATH, KINDS)


def test_references_inside_for_each_may_name_the_item() -> None:
    text = task(
        "    for_each: '${inputs.parts}'\n    resource: '${item}'\n"
        "    parameters: {source: '${item}', target: '/${index}'}\n"
    )
    assert parse_dag(text, PATH, KINDS).nodes[0].resource == "${item}"


def test_outputs_of_a_distant_ancestor_may_be_used() -> None:
    more = (
        "  two: {kind: copy, after: one, parameters: {source: a, target: /b}}\n"
        "  three: {kind: wait, after: two, parameters: {job: '${tasks.one.outputs.job}'}}\n"
    )
    assert len(parse_dag(task(FINE, more), PATH, KINDS).nodes) == 3


def test_without_plugins_references_are_checked_all_the_same() -> None:
    with pytest.raises(DagError, match="refers to 'input'"):
        parse_dag(task("    parameters: {source: '${input.x}'}\n"), PATH)


def test_a_stored_dag_is_checked_against_todays_plugins() -> None:
    dag = parse_dag(task(FINE), PATH, KINDS)
    with pytest.raises(DagError, match="no task plugin") as caught:
        check(dag, {"wait": Wait})
    assert (caught.value.line, caught.value.key) == (3, "tasks.one.kind")


def test_missing_and_unreadable_files_are_named(tmp_path: Path) -> None:
    with pytest.raises(DagError, match="no such file"):
        load_dag(tmp_path / "none.yaml")
    with pytest.raises(DagError, match="cannot be read"):
        load_dag(tmp_path)
    (tmp_path / "latin.yaml").write_bytes("a: b\nc: é\n".encode("latin-1"))
    with pytest.raises(DagError, match="UTF-8") as caught:
        load_dag(tmp_path / "latin.yaml")
    assert caught.value.line == 2


def test_dag_files_are_found_in_order(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yaml", "c.txt"):
        (tmp_path / name).touch()
    assert [path.name for path in dag_files((tmp_path, tmp_path / "none"))] == ["a.yaml", "b.yaml"]
