"""What a job's end means for its task. Pure."""

from __future__ import annotations

from airavata_workload.domain.job import JobReport
from airavata_workload.domain.message import OutcomeMessage, Verdict, WatchJob
from airavata_workload.domain.states import JOB_ENDS, JobState


def outcome_of(watch: WatchJob, report: JobReport, by: str, at_us: int) -> OutcomeMessage | None:
    """The outcome for a job that is over, ``None`` for one that is not.

    Only a job that its batch system calls complete, and whose script left exit
    code 0, completes its task. (The legacy engine reported success for failed
    jobs. Source: GFAC weaknesses 4 and 5 in Airavata's own issue list.)
    """
    if report.state not in JOB_ENDS:
        return None
    job = watch.job
    if report.state is JobState.COMPLETE and report.exit_code in (0, None):
        outputs = {**watch.outputs, "job_id": job.job_id, "exit_code": 0, "state": str(report.state)}
        return _outcome(watch, Verdict.COMPLETED, by, at_us, outputs=outputs, reason="the job completed")
    named = f"job {job.job_id} ({job.job_name}) on {job.cluster}"
    if report.state is JobState.CANCELED:
        said = report.reason or "it was cancelled"
        reason, message = f"{named} was cancelled: {said}", f"The job was cancelled on {job.cluster}: {said}"
    elif report.exit_code not in (0, None) and not report.reason:
        reason = f"{named} ended with exit code {report.exit_code} ({report.native_state or report.state})"
        message = f"The application ended with exit code {report.exit_code}; its standard error is in {job.stderr}."
    else:
        said = report.reason or report.native_state or str(report.state)
        code = "" if report.exit_code is None else f" (exit code {report.exit_code})"
        reason, message = f"{named} failed: {said}{code}", f"The job on {job.cluster} failed: {said}{code}"
    return _outcome(watch, Verdict.FAILED, by, at_us, reason=reason, user_message=message)


def _outcome(
    watch: WatchJob,
    verdict: Verdict,
    by: str,
    at_us: int,
    *,
    outputs: dict[str, object] | None = None,
    reason: str = "",
    user_message: str = "",
) -> OutcomeMessage:
    return OutcomeMessage(
        task_id=watch.task_id,
        experiment_id=watch.experiment_id,
        attempt=watch.attempt,
        resource=watch.job.cluster,
        verdict=verdict,
        at_us=at_us,
        by=by,
        outputs=outputs or {},
        reason=reason,
        user_message=user_message,
    )
