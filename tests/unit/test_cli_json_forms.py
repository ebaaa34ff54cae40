"""The JSON of the command line has the members that its documentation lists, and is JSON."""

from __future__ import annotations

import json
from typing import Any

import pytest

from airavata_workload.cli.finding import Check, Verdict
from airavata_workload.cli.reference import documented
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.check_views import check_form
from airavata_workload.cli.views.plugin_views import plugin_form
from airavata_workload.cli.views.top_views import top_form
from airavata_workload.domain.change import Event, StateChange, Subject
from airavata_workload.domain.cluster import BatchQueue, Cluster
from airavata_workload.domain.dag import AbstractDag, DagNode
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.job import Job
from airavata_workload.domain.secret import Secret
from airavata_workload.domain.states import JobState, TaskState
from airavata_workload.domain.task import Task, TaskChange
from airavata_workload.plugins import Registration
from airavata_workload.ports.credential_store import Credential
from airavata_workload.ports.recovery_nodes import Member
from airavata_workload.ports.registry import JobRecord

EXPERIMENT = Experiment(
    experiment_id="x_1",
    name="x",
    application_type="local",
    application=Application(name="a"),
    compute_resource="local",
    user="me",
    created_at_us=1,
)
JOB = Job(job_id="7", job_name="A7", cluster="local", working_directory="/w")
TASK = Task(
    task_id="t",
    experiment_id="x_1",
    process_id="p",
    name="run",
    kind="command",
    resource="local",
    state=TaskState.EXECUTING,
    job=JOB,
    history=(TaskChange(state=TaskState.CREATED, attempt=1, at_us=1, by="me"),),
)
RECORD = JobRecord(job=JOB, experiment_id="x_1", task_id="t", state=JobState.ACTIVE)
CHANGE = StateChange(subject=Subject.TASK, subject_id="t", experiment_id="x_1", state="FAILED", at_us=1, by="me")
EVENT = Event(topic="state", experiment_id="x_1", body=CHANGE.to_json(), at_us=1, sequence=5)
DAG = AbstractDag(application_type="local", nodes=(DagNode(name="run", kind="command"),))
CLUSTER = Cluster(name="far", queues=(BatchQueue(name="short"),), environment={"A": "b"}, modules=("gcc",))
CREDENTIAL = Credential(token="k", private_key=Secret("hush"), password=Secret("hush"), created_at_us=1)
MEMBER = Member(
    session="scheduler-1",
    service="scheduler",
    host="vm",
    pid=1,
    started_at_us=1,
    capabilities={
        "scheduler": {
            "leads": True,
            "waiting": 1,
            "running": 1,
            "reasons": [{"reason": "a free place on alpha", "tasks": 1}],
            "resources": [
                {
                    "name": "alpha",
                    "running": 1,
                    "limit": 1,
                    "waiting": 1,
                    "circuit": {"state": "open", "reason": "no route", "until_us": 1, "failures": 1},
                }
            ],
        }
    },
)
REGISTRATION = Registration(namespace="tasks", name="x", target="no:where", error="broken")


@pytest.mark.parametrize(
    ("form", "arguments"),
    [
        (json_forms.experiment_form, (EXPERIMENT,)),
        (json_forms.task_form, (TASK,)),
        (json_forms.job_form, (RECORD,)),
        (json_forms.change_form, (CHANGE,)),
        (json_forms.event_form, (EVENT,)),
        (json_forms.dag_form, (DAG,)),
        (json_forms.cluster_form, (CLUSTER,)),
        (json_forms.credential_form, (CREDENTIAL,)),
        (check_form, (Check("home", Verdict.OK, "fine"),)),
        (plugin_form, (REGISTRATION,)),
        (top_form, ([MEMBER], {"task.command": 2}, 0, "")),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_members_are_those_documented(form: Any, arguments: tuple[Any, ...]) -> None:
    made = form(*arguments)
    assert list(made) == list(documented(form)[1])
    assert json.loads(json.dumps(made)) == made


def test_show_adds_to_the_experiment_what_is_documented() -> None:
    made = json_forms.detail_form(EXPERIMENT, [TASK], [RECORD], [])
    experiment = json_forms.experiment_form(EXPERIMENT)
    assert list(made) == [*experiment, *documented(json_forms.detail_form)[1]]
    assert made["tasks"][0]["job_id"] == "7"


def test_no_secret_comes_out() -> None:
    assert "hush" not in json.dumps(json_forms.credential_form(CREDENTIAL))


def test_instants_are_iso_8601_in_utc_or_null() -> None:
    made = json_forms.experiment_form(EXPERIMENT)
    assert made["created_at"] == "1970-01-01T00:00:00.000001Z"
    assert made["start_not_before"] is None
