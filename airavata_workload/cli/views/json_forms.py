"""What ``--output json`` and ``jsonl`` hold: one function a kind of object.

Members are added in later versions, never renamed or removed. Instants are
ISO 8601 in UTC, or null; durations and sizes have their unit in their name.
The docstrings go into the reference of the command line, and a test compares
them with what the functions give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from airavata_workload.cli.views.plain_text import utc_time
from airavata_workload.domain.change import Event, StateChange
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.task import Task
from airavata_workload.ports.credential_store import Credential
from airavata_workload.ports.registry import JobRecord


def experiment_form(experiment: Experiment) -> dict[str, Any]:
    """An experiment.

    experiment_id: its id
    name: what the user called it
    application_type: the abstract DAG that it follows
    application: name of the application
    compute_resource: where it runs, or empty as long as that is not decided
    candidates: list of the compute resources among which that was or is chosen, empty for all; null if one was named
    needs: list of what the chosen one must offer
    user: whose it is
    gateway: the gateway that it belongs to
    description: the user's words
    state: CREATED, VALIDATED, SCHEDULED, LAUNCHED, EXECUTING, CANCELING, CANCELED, COMPLETED or FAILED
    process_id: the present attempt to run it
    process_state: what that attempt is doing
    held: whether its tasks are kept back
    priority: normal or urgent
    start_not_before: earliest start, or null
    created_at: when it was made
    updated_at: when its state last changed
    reason: why it is in this state, for the operator
    user_message: the same for the user; empty unless it failed
    output_directory: where its outputs go
    cloned_from: id of the experiment that it is a clone of, or empty
    """
    return {
        "experiment_id": experiment.experiment_id,
        "name": experiment.name,
        "application_type": experiment.application_type,
        "application": experiment.application.name,
        "compute_resource": experiment.compute_resource,
        "candidates": None if experiment.candidates is None else list(experiment.candidates),
        "needs": list(experiment.needs),
        "user": experiment.user,
        "gateway": experiment.gateway,
        "description": experiment.description,
        "state": str(experiment.state),
        "process_id": experiment.process_id,
        "process_state": str(experiment.process_state),
        "held": experiment.held,
        "priority": experiment.priority.name.lower(),
        "start_not_before": utc_time(experiment.start_not_before_us),
        "created_at": utc_time(experiment.created_at_us),
        "updated_at": utc_time(experiment.updated_at_us),
        "reason": experiment.reason,
        "user_message": experiment.user_message,
        "output_directory": experiment.output_directory,
        "cloned_from": experiment.cloned_from,
    }


def task_form(task: Task) -> dict[str, Any]:
    """A task.

    task_id: its id
    name: its name in the DAG; with a number in brackets where the DAG makes one task an item
    kind: the task plugin
    resource: where it acts
    state: CREATED, EXECUTING, COMPLETED, FAILED or CANCELED
    parked: whether it waits for a job
    attempt: how often it has been handed out
    failures: how many attempts failed by its own fault
    depends_on: ids of the tasks before it
    when: success, failure or always
    waiting_for: what it waits for, or empty
    not_before: when it will be tried again, or null
    reason: why it is in this state, for the operator
    user_message: the same for the user
    job_id: the batch system's id of the job that it waits for, or null
    outputs: what it gave to the tasks after it
    history: list of its states, each with state, attempt, at, by and reason
    """
    return {
        "task_id": task.task_id,
        "name": task.name,
        "kind": task.kind,
        "resource": task.resource,
        "state": str(task.state),
        "parked": task.parked,
        "attempt": task.attempt,
        "failures": task.failures,
        "depends_on": list(task.depends_on),
        "when": str(task.when),
        "waiting_for": task.waiting_for,
        "not_before": utc_time(task.not_before_us),
        "reason": task.reason,
        "user_message": task.user_message,
        "job_id": task.job.job_id if task.job else None,
        "outputs": dict(task.outputs),
        "history": [
            {
                "state": str(line.state),
                "attempt": line.attempt,
                "at": utc_time(line.at_us),
                "by": line.by,
                "reason": line.reason,
            }
            for line in task.history
        ],
    }


def job_form(record: JobRecord) -> dict[str, Any]:
    """A job.

    job_id: the batch system's id
    job_name: ours, unique
    cluster: where it is
    task_id: the task that waits for it
    state: SUBMITTED, QUEUED, ACTIVE, COMPLETE, CANCELED, FAILED, SUSPENDED, UNKNOWN or NON_CRITICAL_FAIL
    native_state: the batch system's own word
    exit_code: of the job script, or null
    reason: why it waits, or why it failed
    working_directory: where it works, on the cluster
    stdout: file of its standard output, in that directory
    stderr: file of its standard error, in that directory
    submitted_at: when it was submitted
    updated_at: when it was last heard of
    """
    return {
        "job_id": record.job.job_id,
        "job_name": record.job.job_name,
        "cluster": record.job.cluster,
        "task_id": record.task_id,
        "state": str(record.state),
        "native_state": record.native_state,
        "exit_code": record.exit_code,
        "reason": record.reason,
        "working_directory": record.job.working_directory,
        "stdout": record.job.stdout,
        "stderr": record.job.stderr,
        "submitted_at": utc_time(record.job.submitted_at_us),
        "updated_at": utc_time(record.updated_at_us),
    }


def detail_form(
    experiment: Experiment, tasks: Sequence[Task], jobs: Sequence[JobRecord], outputs: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """What ``show`` gives: the members of an experiment and these.

    tasks: list of tasks, in the order of the DAG
    jobs: list of jobs, in order of submission
    outputs: list of the files in the output directory, each with path (relative) and size_bytes
    """
    return {
        **experiment_form(experiment),
        "tasks": [task_form(task) for task in tasks],
        "jobs": [job_form(job) for job in jobs],
        "outputs": [dict(output) for output in outputs],
    }


def change_form(change: StateChange) -> dict[str, Any]:
    """A line of the audit trail.

    at: when
    experiment_id: of which experiment
    subject: experiment, process, task or job
    subject_id: of which one
    name: its name
    state: what it became
    attempt: at which attempt of the task
    by: the service or user that changed it
    reason: why, for the operator
    user_message: why, for the user
    detail: more, such as exit_code and native_state of a job
    """
    return {
        "at": utc_time(change.at_us),
        "experiment_id": change.experiment_id,
        "subject": str(change.subject),
        "subject_id": change.subject_id,
        "name": change.name,
        "state": change.state,
        "attempt": change.attempt,
        "by": change.by,
        "reason": change.reason,
        "user_message": change.user_message,
        "detail": dict(change.detail),
    }


def event_form(event: Event) -> dict[str, Any]:
    """An event of ``watch --output jsonl``.

    sequence: grows; 'watch --since' continues after it
    at: when
    topic: state, progress or control
    experiment_id: of which experiment
    body: for state, a line of the audit trail with at_us in place of at; for progress task_id, name, done, total, what
    """
    return {
        "sequence": event.sequence,
        "at": utc_time(event.at_us),
        "topic": event.topic,
        "experiment_id": event.experiment_id,
        "body": dict(event.body),
    }


def dag_form(dag: AbstractDag) -> dict[str, Any]:
    """An abstract DAG.

    application_type: experiments of this type follow it
    description: what it is for
    version: counts from 1 with every change that was loaded
    nodes: its tasks, each with name, kind, after, parameters, when, retry, for_each and resource
    """
    return dag.to_json()


def cluster_form(cluster: Cluster) -> dict[str, Any]:
    """A compute resource: what its file says, with the defaults filled in.

    name: the name of its file
    host: host name or address
    port: of the SSH server
    user: login name there, or empty for one's own
    batch_system: what runs jobs
    scratch_directory: where processes work
    queues: list of queues with their limits, null for none
    settings: all other keys of the file
    """
    given = {name: getattr(cluster, name) for name in cluster.__slots__}
    own = ("name", "host", "port", "user", "batch_system", "scratch_directory")
    return {
        **{name: given[name] for name in own},
        "queues": [{name: getattr(queue, name) for name in queue.__slots__} for queue in cluster.queues],
        "settings": {
            name: list(value) if isinstance(value, tuple) else dict(value) if isinstance(value, Mapping) else value
            for name, value in given.items()
            if name not in (*own, "queues")
        },
    }


def credential_form(credential: Credential) -> dict[str, Any]:
    """A credential, without its secrets.

    token: what cluster files call it
    description: the words given with it
    user: login name that it is for, or empty
    public_key: the public key, or empty
    created_at: when it was stored
    """
    return {
        "token": credential.token,
        "description": credential.description,
        "user": credential.user,
        "public_key": credential.public_key,
        "created_at": utc_time(credential.created_at_us),
    }
