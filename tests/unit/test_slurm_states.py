"""Every state and reason of Slurm in Airavata's words."""

from __future__ import annotations

import pytest

from airavata_adapters.batch_systems import slurm_states
from airavata_workload.domain.states import JobState

# Source: squeue(1) and sacct(1) of Slurm 22.05; Airavata's own mapping: GFAC 0.17, JobUtil.
EXPECTED = {
    "BF BOOT_FAIL": "FAILED",
    "CA CANCELLED": "CANCELED",
    "CD COMPLETED": "COMPLETE",
    "CF CONFIGURING": "ACTIVE",
    "CG COMPLETING": "ACTIVE",
    "DL DEADLINE": "FAILED",
    "F FAILED": "FAILED",
    "NF NODE_FAIL": "FAILED",
    "OOM OUT_OF_MEMORY": "FAILED",
    "PD PENDING": "QUEUED",
    "PR PREEMPTED": "FAILED",
    "R RUNNING": "ACTIVE",
    "RD RESV_DEL_HOLD": "QUEUED",
    "RF REQUEUE_FED": "QUEUED",
    "RH REQUEUE_HOLD": "QUEUED",
    "RQ REQUEUED": "QUEUED",
    "RS RESIZING": "ACTIVE",
    "RV REVOKED": "UNKNOWN",
    "SI SIGNALING": "ACTIVE",
    "SE SPECIAL_EXIT": "QUEUED",
    "SO STAGE_OUT": "ACTIVE",
    "ST STOPPED": "SUSPENDED",
    "S SUSPENDED": "SUSPENDED",
    "TO TIMEOUT": "FAILED",
}


def test_every_state_of_the_manual() -> None:
    assert {f"{row.compact} {row.long}": str(row.state) for row in slurm_states.STATES} == EXPECTED


@pytest.mark.parametrize("row", slurm_states.STATES, ids=lambda row: row.long)
def test_compact_and_long_forms_mean_the_same(row: slurm_states.NativeState) -> None:
    for word in (row.compact, row.long, row.long.lower(), f"{row.long}+"):
        assert slurm_states.job_state(word) is row.state
        assert slurm_states.native_state(word) == row.long


def test_who_cancelled_belongs_to_the_state() -> None:
    assert slurm_states.job_state("CANCELLED by 1000") is JobState.CANCELED
    assert slurm_states.reason("CANCELLED by 1000", "", "") == "by user 1000"
    assert slurm_states.reason("CANCELLED by 0", "", "") == "by the administrator (user 0)"
    assert slurm_states.reason("CANCELLED", "None", "") == "on request"


@pytest.mark.parametrize(
    ("limit", "words"),
    [
        ("1:00", " of 1 min"),
        ("00:01:00", " of 1 min"),
        ("1:00:00", " of 60 min"),
        ("02:30:00", " of 2 h 30 min"),
        ("10-00:00:00", " of 240 h 0 min"),
        ("UNLIMITED", ""),
        ("Partition_Limit", ""),
        ("", ""),
    ],
)
def test_wall_times_in_words(limit: str, words: str) -> None:
    assert slurm_states.reason("TIMEOUT", "TimeLimit", limit) == f"it was stopped after its wall time{words}"


@pytest.mark.parametrize("state", ["BOOT_FAIL", "DEADLINE", "NODE_FAIL", "OUT_OF_MEMORY", "PREEMPTED"])
def test_every_end_that_is_not_the_jobs_own_has_a_reason(state: str) -> None:
    assert slurm_states.reason(state, "None", "").startswith("it ")


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("None", ""),
        ("QOSMaxCpuPerUserLimit", "a limit of its quality of service is reached (QOSMaxCpuPerUserLimit)"),
        ("AssocGrpCpuLimit", "a limit of its account is reached (AssocGrpCpuLimit)"),
        ("ReqNodeNotAvail, UnavailableNodes:n1", "a node that it needs is not available (ReqNodeNotAvail)"),
        ("SomethingNew", "Slurm's reason is SomethingNew"),
    ],
)
def test_why_a_job_waits(code: str, words: str) -> None:
    assert slurm_states.reason("PENDING", code, "") == words


def test_a_running_job_needs_no_reason() -> None:
    assert slurm_states.reason("RUNNING", "Prolog", "") == ""
