"""When a cluster is asked about its jobs."""

from __future__ import annotations

from airavata_workload.domain.clock import microseconds
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import WatchJob
from airavata_workload.monitor.watch_list import WatchList

SECOND = microseconds(1)


def watched() -> WatchList:
    """A job on a cluster that is asked every 2 to 60 seconds, and for the first time at 2 s."""
    watches = WatchList(2.0, 60.0)
    job = Job(job_id="1", job_name="j", cluster="alpha", working_directory="/")
    watches.add(WatchJob(task_id="t", experiment_id="e", attempt=1, name="n", outputs={}, job=job), 0)
    return watches


def test_one_late_answer_does_not_put_the_next_question_off() -> None:
    watches = watched()
    watches.answered(2 * SECOND, took_s=0.1)
    watches.answered(40 * SECOND, took_s=30.0)
    assert watches.due_us() == (40 + 40 // 4) * SECOND, "a quarter of the job's age"


def test_a_batch_system_that_is_slow_is_asked_less_often() -> None:
    watches = watched()
    watches.answered(2 * SECOND, took_s=30.0)
    watches.answered(40 * SECOND, took_s=25.0)
    assert watches.due_us() == (40 + 4 * 25) * SECOND
