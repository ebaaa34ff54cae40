"""Values for tests: small ones, and ones that hold everything that may get lost on the way through a store."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from airavata_workload.domain.change import Event, StateChange, Subject
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.dag import AbstractDag, DagNode
from airavata_workload.domain.experiment import (
    Application,
    DataType,
    Experiment,
    ExperimentInput,
    ExperimentOutput,
)
from airavata_workload.domain.identifiers import experiment_id, process_id, task_id
from airavata_workload.domain.job import Job, ResourceRequest
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.domain.states import JobState, TaskState
from airavata_workload.domain.task import LoadedDag, Priority, Task, Trigger
from airavata_workload.domain.transition import Transition
from airavata_workload.ports.registry import JobRecord

AWKWARD = 'it\'s "$( rm -rf / )"; `x` \\ 100% _ \n\t\x01 Grüße 試験 \U0001f9ea'
"""Text that breaks whatever does not quote, escape or encode."""

CHAIN: Mapping[str, Sequence[str]] = {"first": (), "second": ("first",), "third": ("second",)}
DIAMOND: Mapping[str, Sequence[str]] = {"top": (), "left": ("top",), "right": ("top",), "bottom": ("left", "right")}


def unique(prefix: str) -> str:
    """A name that no other test uses."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def loaded_dag(shape: Mapping[str, Sequence[str]], of_experiment: str | None = None) -> LoadedDag:
    """A loaded DAG of a new experiment: task names with the names of the tasks before them, those first."""
    owner = of_experiment or experiment_id("sample")
    process = process_id()
    ids = {name: task_id() for name in shape}
    tasks = tuple(
        Task(
            task_id=ids[name],
            experiment_id=owner,
            process_id=process,
            name=name,
            kind="command",
            resource="laptop",
            context={"parameters": {"name": name}},
            depends_on=tuple(ids[before] for before in after),
        )
        for name, after in shape.items()
    )
    return LoadedDag(experiment_id=owner, process_id=process, application_type="SAMPLE", dag_version=1, tasks=tasks)


def rich_task(of_experiment: str, of_process: str) -> Task:
    """A new task in which every member that its maker may set has a value of its own."""
    return Task(
        task_id=task_id(),
        experiment_id=of_experiment,
        process_id=of_process,
        name=f"rich {AWKWARD}",
        kind="job-submission",
        resource="cluster",
        gateway="portal",
        context={"parameters": {"text": AWKWARD, "list": [1, 2.5, None, True], "deep": {"a": {"b": []}}}},
        when=Trigger.ALWAYS,
        retry=RetryPolicy(attempts=7, first_delay_s=0.25, factor=3.0, max_delay_s=9.5),
        priority=Priority.URGENT,
        not_before_us=1_700_000_000_123_456,
    )


def named(tasks: Sequence[Task]) -> dict[str, Task]:
    """The tasks by name."""
    return {task.name: task for task in tasks}


def transition(task: Task, target: TaskState, **changes: Any) -> Transition:
    """A transition of the task from the state and attempt that it has; ``changes`` replace members."""
    plain = Transition(
        task_id=task.task_id,
        experiment_id=task.experiment_id,
        attempt=task.attempt,
        expected=task.state,
        target=target,
        at_us=now_us(),
        by="tester",
    )
    return replace(plain, **changes)


def job(of_cluster: str = "cluster") -> Job:
    """An accepted job."""
    return Job(
        job_id=unique("job"),
        job_name="A2b3c4d5e6f7g2",
        cluster=of_cluster,
        working_directory="/scratch/it's here",
        stdout="out.txt",
        stderr="err.txt",
        submitted_at_us=now_us(),
    )


def job_record(of_experiment: str, **changes: Any) -> JobRecord:
    """A job as last seen: just submitted, unless ``changes`` say otherwise."""
    plain = JobRecord(
        job=job(),
        experiment_id=of_experiment,
        task_id=task_id(),
        state=JobState.SUBMITTED,
        native_state="PENDING",
        reason=AWKWARD,
        updated_at_us=now_us(),
    )
    return replace(plain, **changes)


def abstract_dag(application_type: str, *names: str) -> AbstractDag:
    """An abstract DAG: a chain of commands with these names."""
    nodes = tuple(
        DagNode(name=name, kind="command", after=names[place - 1 : place] if place else (), parameters={"say": AWKWARD})
        for place, name in enumerate(names)
    )
    return AbstractDag(application_type=application_type, nodes=nodes, description="a sample")


def experiment(**changes: Any) -> Experiment:
    """A new experiment with a value in every member; ``changes`` replace members."""
    plain = Experiment(
        experiment_id=experiment_id("sample"),
        name=f"sample {AWKWARD}",
        application_type="SAMPLE",
        application=Application(
            name="hmmsearch",
            commands=(("hmmsearch", "--cpu", "2", "${inputs.profile}"), ("echo", AWKWARD)),
            modules=("hmmer/3.3",),
            environment={"OMP_NUM_THREADS": "2"},
        ),
        compute_resource="cluster",
        candidates=("cluster", "other cluster"),
        needs=("gpu",),
        user="ada",
        gateway="portal",
        description=AWKWARD,
        inputs=(
            ExperimentInput(name="profile", type=DataType.URI, value="/data/it's a profile.hmm"),
            ExperimentInput(name="cutoff", type=DataType.FLOAT, value=1e-5, required=False),
        ),
        outputs=(ExperimentOutput(name="hits", path="*.tbl", required=False),),
        parameters={"free": [1, {"a": None}]},
        resources=ResourceRequest(node_count=2, cpu_count=8, memory_mib=512, wall_time_s=60, queue="debug"),
        priority=Priority.URGENT,
        start_not_before_us=123_456,
        output_directory="/outputs/here",
        process_id=process_id(),
        created_at_us=now_us(),
        updated_at_us=now_us(),
        cloned_from="other",
    )
    return replace(plain, **changes)


def change(of: Experiment, subject: Subject, state: str, **changes: Any) -> StateChange:
    """A change of the experiment, or of its process, at this moment; ``changes`` replace members."""
    plain = StateChange(
        subject=subject,
        subject_id=of.experiment_id if subject is Subject.EXPERIMENT else of.process_id,
        experiment_id=of.experiment_id,
        state=state,
        at_us=now_us(),
        by="tester",
        name=of.name,
        reason=AWKWARD,
        user_message="for the user",
        detail={"exit_code": 0},
    )
    return replace(plain, **changes)


def event(**changes: Any) -> Event:
    """An event of topic ``state``; ``changes`` replace members."""
    return replace(
        Event(topic="state", experiment_id=unique("experiment"), body={"text": AWKWARD}, at_us=now_us()), **changes
    )
