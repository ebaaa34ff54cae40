"""Task kind ``job-submission``: writes the job script and submits it, exactly once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, Field

from airavata_plugins.diagnosis import failed_by
from airavata_plugins.job_cancelling import cancel_job
from airavata_plugins.places import AbsolutePath, InsidePath
from airavata_plugins.submission_guard import NotAcceptedError, SubmissionGuard
from airavata_plugins.words import Environment, Word
from airavata_workload.domain import identifiers
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.cluster import BatchQueue, Cluster
from airavata_workload.domain.errors import (
    CommandTimeoutError,
    ParameterError,
    RemoteError,
    SubmissionRejectedError,
    SubmissionUncertainError,
)
from airavata_workload.domain.job import Job, JobDescription, ResourceRequest
from airavata_workload.domain.outcome import Completed, Deferred, Failed, Outcome, Parked
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun

UNCERTAIN_DELAY_S = 5.0
"""How soon an unclear submission is looked at again."""
NOT_NOW_DELAY_S = 30.0
"""How soon a batch system that does not take jobs is asked again."""


def _command(words: list[str]) -> list[str]:
    if not words or not words[0]:
        raise ValueError("a command needs a program as its first word")
    return words


def _output_file(name: str) -> str:
    if "\n" in name or "\\" in name:
        raise ValueError("may hold neither a line break nor a backslash")
    return name


OutputFile = Annotated[InsidePath, AfterValidator(_output_file)]


class Resources(Parameters):
    """What the job asks of the batch system; what is left out, the cluster decides."""

    node_count: int | None = Field(default=None, gt=0, description="Number of nodes.")
    cpu_count: int | None = Field(default=None, gt=0, description="Number of processors in all.")
    memory_mib: int | None = Field(default=None, gt=0, description="Memory per node in MiB.")
    wall_time_s: int | None = Field(default=None, gt=0, description="Longest time that the job may run, in seconds.")
    queue: str | None = Field(default=None, description="Queue or partition; by default the cluster's.")
    allocation: str | None = Field(default=None, description="Account that pays; by default the cluster's.")
    quality_of_service: str | None = Field(default=None, description="Quality of service.")
    reservation: str | None = Field(default=None, description="Reservation to run in.")

    def on(self, cluster: Cluster) -> ResourceRequest:
        """The request with the cluster's defaults."""
        values = self.model_dump()
        values["queue"] = self.queue or cluster.default_queue
        values["allocation"] = self.allocation or cluster.default_allocation
        return ResourceRequest(**values)


class JobSubmissionParameters(Parameters):
    """What ``job-submission`` is told."""

    directory: AbsolutePath = Field(description="Working directory of the job: an absolute path on the resource.")
    commands: list[Annotated[list[Word], AfterValidator(_command)]] = Field(
        min_length=1, description="Commands, each a program and its arguments, run in order until one fails."
    )
    stdout: OutputFile = Field(default="job.stdout", description="File for standard output, in the directory.")
    stderr: OutputFile = Field(default="job.stderr", description="File for standard error, in the directory.")
    environment: Environment = Field(default={}, description="Environment variables, name to literal value.")
    modules: list[Word] = Field(default=[], description="Environment modules to load, in order.")
    resources: Resources = Field(default=Resources(), description="What the job asks of the batch system.")
    wait: bool = Field(default=False, description="Whether the task ends with the job, not with its submission.")


class JobSubmission(TaskPlugin[JobSubmissionParameters]):
    """Submits a job. Outputs: ``job`` (for ``job-monitoring``), ``job_id`` and ``job_name``.

    The job's name is announced first. An attempt that finds an announcement
    uses that name and asks the cluster what became of it, so there is one job
    however often the task is tried.
    """

    kind: ClassVar[str] = "job-submission"
    summary: ClassVar[str] = "Submits a batch job, exactly once"
    parameters_model: ClassVar[type[Parameters]] = JobSubmissionParameters
    process_state: ClassVar[ProcessState] = ProcessState.EXECUTING

    def execute(self, run: TaskRun[JobSubmissionParameters]) -> Outcome:
        """Submit. ``Failed`` says what the batch system, or the cluster's limits, have against the job."""
        run.check_cancelled()
        intent = run.intent or {
            "job_name": identifiers.job_name(run.task_id, run.attempt),
            "working_directory": run.parameters.directory,
            "cluster": run.resource,
        }
        cluster = run.cluster(intent["cluster"])
        description = _description(run.parameters, cluster, intent)
        # A job that was announced may exist already, so a limit that was lowered since does not fail it.
        excess = "" if run.intent else _over_limits(description.resources, cluster)
        if excess:
            return Failed(f"The job does not fit {cluster.name}: {excess}", excess)
        try:
            script_text = run.batch_system(cluster.name).job_script(description)
        except ParameterError as error:
            return Failed(str(error), error.user_message)
        # Announced by every attempt, also by one that finds an announcement: one that is not valid any more stops here.
        run.announce(intent)
        return _submit(run, cluster, description, script_text)

    def cancel(self, run: TaskRun[JobSubmissionParameters]) -> None:
        """Cancel the job, if there is one; see to it that the attempts up to this one submit none."""
        if run.job is not None:
            cancel_job(run, run.job)
        elif run.intent is not None:
            job_id = _guard(run, run.intent).forbid(run.attempt)
            if job_id is not None:
                # From the intent alone: whoever cancels is not given the parameters.
                job = {name: run.intent[name] for name in ("job_name", "working_directory", "cluster")}
                cancel_job(run, Job(job_id=job_id, **job))


def _submit(
    run: TaskRun[JobSubmissionParameters], cluster: Cluster, description: JobDescription, script_text: str
) -> Outcome:
    intent = {
        "job_name": description.job_name,
        "working_directory": description.working_directory,
        "cluster": cluster.name,
    }
    try:
        job_id = _guard(run, intent).submit(script_text, run.attempt)
    except NotAcceptedError as error:
        if isinstance(error.cause, SubmissionRejectedError):
            return Failed(str(error.cause), error.cause.user_message)
        return Deferred(f"{cluster.name} takes no jobs now: {error.cause}", NOT_NOW_DELAY_S)
    except (SubmissionUncertainError, CommandTimeoutError) as error:
        # Not counted as a failure: when the attempts are used up, there may be a job that nobody watches.
        return Deferred(f"Whether {cluster.name} has the job is not known yet: {error}", UNCERTAIN_DELAY_S)
    except RemoteError as error:
        return failed_by(run, error, f"Submitting the job in {description.working_directory}", cluster.name)
    job = _job(run.parameters, intent, job_id)
    outputs = {"job": job.to_json(), "job_id": job.job_id, "job_name": job.job_name}
    # Source: Airavata 0.17, the reason text of GFAC's submission task.
    reason = f"Successfully Submitted to {cluster.host}"
    return Parked(job, outputs, reason) if run.parameters.wait else Completed(outputs, reason)


def _guard(run: TaskRun[JobSubmissionParameters], intent: Mapping[str, Any]) -> SubmissionGuard:
    return SubmissionGuard(
        shell=run.shell(intent["cluster"]),
        batch_system=run.batch_system(intent["cluster"]),
        directory=intent["working_directory"],
        job_name=intent["job_name"],
        check=run.check_cancelled,
    )


def _job(wanted: JobSubmissionParameters, intent: Mapping[str, Any], job_id: str) -> Job:
    return Job(
        job_id=job_id,
        job_name=intent["job_name"],
        cluster=intent["cluster"],
        working_directory=intent["working_directory"],
        stdout=wanted.stdout,
        stderr=wanted.stderr,
        submitted_at_us=now_us(),
    )


def _description(wanted: JobSubmissionParameters, cluster: Cluster, intent: Mapping[str, Any]) -> JobDescription:
    """The job; the cluster's own environment, modules and lines are added by its batch system."""
    return JobDescription(
        job_name=intent["job_name"],
        working_directory=intent["working_directory"],
        commands=tuple(tuple(words) for words in wanted.commands),
        stdout=wanted.stdout,
        stderr=wanted.stderr,
        resources=wanted.resources.on(cluster),
        environment=wanted.environment,
        modules=tuple(wanted.modules),
    )


def _over_limits(request: ResourceRequest, cluster: Cluster) -> str:
    """What the job asks for beyond the limits of its queue, if the cluster file declares them; '' if nothing."""
    queue = cluster.queue(request.queue) if request.queue else None
    if queue is None:
        return ""
    return " ".join(
        f"The job asks for {asked} {what}, and queue '{queue.name}' of {cluster.name} allows {allowed}."
        for what, asked, allowed in _limits(request, queue)
        if asked is not None and allowed is not None and asked > allowed
    )


def _limits(request: ResourceRequest, queue: BatchQueue) -> tuple[tuple[str, int | None, int | None], ...]:
    return (
        ("seconds of wall time", request.wall_time_s, queue.max_wall_time_s),
        ("nodes", request.node_count, queue.max_node_count),
        ("processors", request.cpu_count, queue.max_cpu_count),
        ("MiB of memory per node", request.memory_mib, queue.max_memory_mib),
    )
