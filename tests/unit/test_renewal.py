"""Which tasks a retry takes over, and which it replaces."""

from __future__ import annotations

from airavata_workload.domain.job import Job
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task
from airavata_workload.orchestrator.renewal import renewed

JOB = Job(job_id="7", job_name="A", cluster="alpha", working_directory="/scratch")


def task(name: str, state: TaskState, *depends_on: str, **values: object) -> Task:
    return Task(
        task_id=name,
        experiment_id="e",
        process_id="p",
        name=name,
        kind="k",
        resource="alpha",
        state=state,
        depends_on=depends_on,
        **values,  # type: ignore[arg-type]
    )


def replaced(*tasks: Task) -> list[str]:
    return [each.name for each in renewed(tasks, "p2", 0, "me").tasks if each.task_id != each.name]


def test_what_completed_is_taken_over_and_what_did_not_or_comes_after_it_is_replaced() -> None:
    tasks = [
        task("one", TaskState.COMPLETED),
        task("two", TaskState.FAILED, "one"),
        task("three", TaskState.CANCELED, "two"),
        task("log", TaskState.COMPLETED, "two"),
        task("other", TaskState.COMPLETED, "one"),
    ]
    assert replaced(*tasks) == ["two", "three", "log"]


def test_a_job_that_failed_is_submitted_again_and_not_watched_again() -> None:
    outputs = {"job": JOB.to_json(), "job_id": "7"}
    for end in (TaskState.FAILED, TaskState.CANCELED):
        tasks = [
            task("set-up", TaskState.COMPLETED, outputs={"job": "no job"}),
            task("submit", TaskState.COMPLETED, "set-up", outputs=outputs),
            task("note", TaskState.COMPLETED, "submit"),
            task("monitor", end, "submit", job=JOB),
        ]
        assert replaced(*tasks) == ["submit", "note", "monitor"]


def test_a_job_whose_cancellation_was_confirmed_is_submitted_again_and_one_that_did_its_work_is_not() -> None:
    outputs = {"job": JOB.to_json()}
    after = task("after", TaskState.FAILED, "submit")
    assert replaced(task("submit", TaskState.COMPLETED, outputs=outputs, job=JOB), after) == ["submit", "after"]
    assert replaced(task("submit", TaskState.COMPLETED, outputs=outputs), after) == ["after"]


def test_a_job_that_was_never_watched_may_still_run_and_is_watched() -> None:
    outputs = {"job": JOB.to_json()}
    tasks = [task("submit", TaskState.COMPLETED, outputs=outputs), task("monitor", TaskState.CANCELED, "submit")]
    assert replaced(*tasks) == ["monitor"]
