"""Which tasks of a cancelled experiment end at once, and whose jobs have to be cancelled first."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.domain.job import Job
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task, TaskChange
from airavata_workload.orchestrator.stopping import confirmed, stop

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


def names(tasks: object) -> list[str]:
    return [each.name for each in tasks]  # type: ignore[attr-defined]


def history(*states: TaskState) -> tuple[TaskChange, ...]:
    return tuple(TaskChange(state=state, attempt=1, at_us=at_us, by="w") for at_us, state in enumerate(states))


SUBMITTED = task("submit", TaskState.COMPLETED, outputs={"job": JOB.to_json()})
WAITED = history(TaskState.CREATED, TaskState.EXECUTING, TaskState.EXECUTING, TaskState.COMPLETED)
OTHER_JOB = replace(JOB, job_id="8")


def test_what_has_not_begun_ends_at_once_and_a_parked_task_waits_for_its_job() -> None:
    tasks = [task("a", TaskState.EXECUTING, job=JOB), task("b", TaskState.CREATED, "a")]
    found = stop(tasks)
    assert (names(found.cancel), names(found.end)) == (["a"], ["b"])


def test_a_job_that_nobody_waits_for_yet_is_cancelled_before_its_successors_end() -> None:
    tasks = [
        SUBMITTED,
        task("gate", TaskState.EXECUTING, "submit"),
        task("monitor", TaskState.CREATED, "gate"),
        task("other", TaskState.CREATED),
    ]
    found = stop(tasks)
    assert (names(found.cancel), names(found.end)) == (["submit"], ["other"])
    assert found.cancel[0].job == JOB
    later = [replace(SUBMITTED, job=JOB), *tasks[1:3], task("other", TaskState.CANCELED)]
    assert (names(confirmed("submit", later)), names(stop(later).cancel)) == (["monitor"], [])


def test_a_task_that_is_kept_open_for_two_jobs_ends_with_the_second() -> None:
    other = task("other", TaskState.COMPLETED, outputs={"job": OTHER_JOB.to_json()})
    tasks = [SUBMITTED, other, task("monitor", TaskState.CREATED, "submit", "other")]
    assert (names(stop(tasks).cancel), names(stop(tasks).end)) == (["submit", "other"], [])
    tasks[0] = replace(SUBMITTED, job=JOB)
    assert (names(stop(tasks).cancel), names(confirmed("submit", tasks))) == (["other"], [])
    tasks[1] = replace(other, job=OTHER_JOB)
    assert (names(stop(tasks).cancel), names(confirmed("other", tasks))) == ([], ["monitor"])


def test_a_job_that_is_waited_for_or_over_is_not_cancelled_through_its_submission() -> None:
    waiting = [SUBMITTED, task("monitor", TaskState.EXECUTING, "submit", job=JOB)]
    assert names(stop(waiting).cancel) == ["monitor"]
    over = [SUBMITTED, task("monitor", TaskState.COMPLETED, "submit", history=WAITED, outputs={"job_id": "7"})]
    assert names(stop(over).cancel) == []


def test_a_task_between_submission_and_waiting_sees_no_end_of_the_job() -> None:
    gate = task("gate", TaskState.COMPLETED, "submit")
    tasks = [SUBMITTED, gate, task("monitor", TaskState.CANCELED, "gate")]
    assert names(stop(tasks).cancel) == ["submit"]


def test_who_waits_for_another_job_sees_no_end_of_this_one() -> None:
    second = task("second", TaskState.COMPLETED, "submit", outputs={"job": OTHER_JOB.to_json()})
    waiting = [SUBMITTED, second, task("monitor", TaskState.EXECUTING, "second", job=OTHER_JOB)]
    assert names(stop(waiting).cancel) == ["submit", "monitor"]
    monitor = task("monitor", TaskState.COMPLETED, "second", history=WAITED, outputs={"job_id": "8"})
    assert names(stop([SUBMITTED, second, monitor]).cancel) == ["submit"]


def test_a_job_that_its_own_task_waited_for_is_over() -> None:
    run = task("run", TaskState.COMPLETED, history=WAITED, outputs={"job": JOB.to_json(), "job_id": "7"})
    tasks = [run, task("stage-out", TaskState.CREATED, "run")]
    assert (names(stop(tasks).cancel), names(stop(tasks).end)) == ([], ["stage-out"])


def test_a_job_for_which_nobody_will_wait_any_more_is_cancelled_through_its_submission() -> None:
    too_late = [SUBMITTED, task("monitor", TaskState.CANCELED, "submit"), task("out", TaskState.CANCELED, "monitor")]
    assert names(stop(too_late).cancel) == ["submit"]
    just_begun = [SUBMITTED, task("monitor", TaskState.EXECUTING, "submit")]
    assert names(stop(just_begun).cancel) == ["submit"]
    dead = [SUBMITTED, task("monitor", TaskState.CANCELED, "submit", job=JOB)]
    assert names(stop(dead).cancel) == []


def test_a_submission_that_was_cut_off_is_looked_into_before_it_ends() -> None:
    tasks = [
        task("submit", TaskState.CREATED, attempt=2, intent={"job_name": "A"}),
        task("m", TaskState.CREATED, "submit"),
    ]
    found = stop(tasks)
    assert (names(found.cancel), names(found.end)) == (["submit"], ["m"])
    assert names(confirmed("submit", [tasks[0], replace(tasks[1], state=TaskState.CANCELED)])) == ["submit"]


def test_another_plugins_output_that_is_called_job_is_no_job() -> None:
    tasks = [task("a", TaskState.COMPLETED, outputs={"job": {"title": "baker"}}), task("b", TaskState.CREATED, "a")]
    assert (names(stop(tasks).cancel), names(stop(tasks).end)) == ([], ["b"])
