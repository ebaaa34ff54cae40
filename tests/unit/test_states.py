"""The state machines have Airavata's names and numbers, and only sensible transitions."""

from __future__ import annotations

import pytest

from airavata_workload.domain.errors import ConflictError
from airavata_workload.domain.states import (
    EXPERIMENT_ENDS,
    JOB_ENDS,
    PROCESS_ENDS,
    TASK_ENDS,
    ExperimentState,
    JobState,
    ProcessState,
    TaskState,
    may_follow,
    require_transition,
    transitions_of,
)

# Source: Airavata 0.17 status_models.thrift; NON_CRITICAL_FAIL from 0.19, QUEUED..REQUEUED from 0.21.
NUMBERS = {
    ExperimentState: "CREATED VALIDATED SCHEDULED LAUNCHED EXECUTING CANCELING CANCELED COMPLETED FAILED",
    ProcessState: (
        "CREATED VALIDATED STARTED PRE_PROCESSING CONFIGURING_WORKSPACE INPUT_DATA_STAGING EXECUTING MONITORING "
        "OUTPUT_DATA_STAGING POST_PROCESSING COMPLETED FAILED CANCELLING CANCELED QUEUED DEQUEUING REQUEUED"
    ),
    TaskState: "CREATED EXECUTING COMPLETED FAILED CANCELED",
    JobState: "SUBMITTED QUEUED ACTIVE COMPLETE CANCELED FAILED SUSPENDED UNKNOWN NON_CRITICAL_FAIL",
}
MACHINES = [
    (ExperimentState, EXPERIMENT_ENDS, ExperimentState.CREATED),
    (ProcessState, PROCESS_ENDS, ProcessState.CREATED),
    (TaskState, TASK_ENDS, TaskState.CREATED),
    (JobState, JOB_ENDS, JobState.SUBMITTED),
]


@pytest.mark.parametrize("states", NUMBERS)
def test_names_and_numbers_are_airavatas(states):
    assert {state.name: state.number for state in states} == {
        name: number for number, name in enumerate(NUMBERS[states].split())
    }


@pytest.mark.parametrize(("states", "ends", "start"), MACHINES)
def test_every_state_is_in_the_table_and_can_reach_an_end(states, ends, start):
    table = transitions_of(states)
    assert set(table) == set(states)
    for state in states:
        reached, waiting = set(), [state]
        while waiting:
            present = waiting.pop()
            if present not in reached:
                reached.add(present)
                waiting.extend(table[present])
        assert reached & ends, f"{state} never ends"


def test_a_completed_task_never_runs_again():
    assert transitions_of(TaskState)[TaskState.COMPLETED] == frozenset()


def test_a_finished_job_stays_finished():
    assert all(transitions_of(JobState)[state] == frozenset() for state in JOB_ENDS)


def test_the_same_state_again_is_allowed_and_others_are_refused_with_the_alternatives():
    assert may_follow(TaskState.COMPLETED, TaskState.COMPLETED)
    with pytest.raises(ConflictError, match=r"task t1 is CREATED and cannot become COMPLETED.*CANCELED, EXECUTING"):
        require_transition(TaskState.CREATED, TaskState.COMPLETED, "task t1")


def test_an_unknown_word_is_refused_with_the_known_ones():
    with pytest.raises(ValueError, match="'DONE' is not a TaskState; it is one of CREATED, EXECUTING"):
        TaskState("DONE")
