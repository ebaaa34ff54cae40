"""One question to one cluster about all of its watched jobs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from airavata_workload.domain.job import Job, JobReport
from airavata_workload.domain.states import JobState
from airavata_workload.resources import Resources


def poll(resources: Resources, cluster: str, jobs: Sequence[Job]) -> Mapping[str, JobReport]:
    """Reports by job id from the queue and, for jobs that it no longer lists, from accounting.

    A job that no witness mentions is not in the result. Raises
    ``UnavailableError`` when the cluster or its batch system does not answer.
    """
    batch_system = resources.batch_system(cluster)
    shell = resources.shell(cluster)
    reports = dict(batch_system.parse_status(jobs, shell.run(batch_system.status_script(jobs))))
    unsure = [job for job in jobs if _unsure(reports.get(job.job_id))]
    if unsure:
        script = batch_system.accounting_script(unsure)
        if script is not None:
            accounted = batch_system.parse_accounting(unsure, shell.run(script))
            reports.update({job_id: report for job_id, report in accounted.items() if not _unsure(report)})
    return reports


def _unsure(report: JobReport | None) -> bool:
    return report is None or report.state is JobState.UNKNOWN
