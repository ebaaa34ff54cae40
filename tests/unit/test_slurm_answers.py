"""What Slurm's answers mean, on recorded ones (``tests/recorded/slurm-22.05``)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from airavata_adapters.batch_systems.slurm import Slurm
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import (
    SubmissionRejectedError,
    SubmissionUncertainError,
    UnavailableError,
    WorkloadError,
)
from airavata_workload.domain.job import Job, JobReport
from airavata_workload.domain.states import JobState
from airavata_workload.ports.batch_system import TRY_LATER
from airavata_workload.ports.remote_shell import CommandResult

RECORDED = Path(__file__).parents[1] / "recorded" / "slurm-22.05"
SLURM = Slurm(Cluster(name="recorded"))


def recording(name: str) -> tuple[CommandResult, list[Job]]:
    value: Mapping[str, Any] = json.loads((RECORDED / f"{name}.json").read_text())
    result = CommandResult(
        exit_code=value["exit_code"], stdout=value["stdout"].encode(), stderr=value["stderr"].encode()
    )
    return result, [Job.from_json(job) for job in value.get("jobs", [])]


def answer(text: str, exit_code: int = 0, stderr: str = "") -> CommandResult:
    return CommandResult(exit_code=exit_code, stdout=text.encode(), stderr=stderr.encode())


def status(name: str) -> dict[str, JobReport]:
    """Reports of the queue by job name."""
    result, jobs = recording(name)
    reports = SLURM.parse_status(jobs, result)
    return {job.job_name: reports[job.job_id] for job in jobs if job.job_id in reports}


def accounting(name: str) -> dict[str, JobReport]:
    """Reports of accounting by job name."""
    result, jobs = recording(name)
    reports = SLURM.parse_accounting(jobs, result)
    return {job.job_name: reports[job.job_id] for job in jobs if job.job_id in reports}


# -- sbatch ---------------------------------------------------------------------------------


def test_an_accepted_job_has_its_id() -> None:
    assert SLURM.parse_job_id(recording("sbatch-accepted")[0]) == "6"


@pytest.mark.parametrize(
    ("printed", "job_id"),
    [
        ("123", "123"),
        ("123;cluster-1", "123"),
        ("Submitted batch job 123", "123"),
        ("Submitted batch job 123 on cluster other", "123"),
        ("Welcome to the machine!\n--> Verifying valid submit host (login1)...OK\n99\nSubmitted batch job 123", "123"),
    ],
)
def test_the_id_is_what_sbatch_says_last(printed: str, job_id: str) -> None:
    assert SLURM.parse_job_id(answer(f"garbage 7\n@@begin\n{printed}\n\n@@sbatch 0\n")) == job_id


@pytest.mark.parametrize("printed", ["", "12 34", "id: 123", "123\nhave a nice day", "-5", "1e3"])
def test_garbage_is_no_id(printed: str) -> None:
    with pytest.raises(SubmissionUncertainError):
        SLURM.parse_job_id(answer(f"55\n@@begin\n{printed}\n\n@@sbatch 0\n"))


def test_an_answer_that_was_cut_off_is_no_answer() -> None:
    with pytest.raises(SubmissionUncertainError):
        SLURM.parse_job_id(answer("@@begin\n123\n\n@@sbatch 0"))


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("invalid-partition", "Invalid partition name specified"),
        ("invalid-account", "Invalid account or account/partition combination"),
        ("invalid-qos", "Invalid qos specification"),
        ("invalid-reservation", "Requested reservation is invalid"),
        ("invalid-option", "unrecognized option '--nosuchoption'"),
        ("time-limit", "Requested time limit is invalid"),
        ("too-many-nodes", "More processors requested than permitted"),
        ("too-much-memory", "Requested node configuration is not available"),
        ("no-file", "Unable to open file"),
        ("no-shebang", "This does not look like a batch script"),
        ("not-installed", "command_directory"),
    ],
)
def test_a_refusal_says_why(name: str, said: str) -> None:
    with pytest.raises(SubmissionRejectedError, match=said.replace("[", "\\[")):
        SLURM.parse_job_id(recording(f"sbatch-{name}")[0])


def test_the_user_is_told_what_slurm_said() -> None:
    with pytest.raises(WorkloadError) as caught:
        SLURM.parse_job_id(recording("sbatch-invalid-partition")[0])
    assert "invalid partition specified: nosuch" in caught.value.user_message
    assert "sbatch: error" not in caught.value.user_message


@pytest.mark.parametrize("name", ["server-down", "submit-limit"])
def test_not_now_is_no_refusal(name: str) -> None:
    with pytest.raises(UnavailableError):
        SLURM.parse_job_id(recording(f"sbatch-{name}")[0])


def test_a_time_out_leaves_it_open() -> None:
    """The job of this recording existed all the same: see ``find-after-socket-timeout``."""
    with pytest.raises(SubmissionUncertainError):
        SLURM.parse_job_id(recording("sbatch-socket-timeout")[0])


@pytest.mark.parametrize("exit_code", [1, 2, 124, 137, 143])
def test_an_error_without_a_known_text_leaves_it_open(exit_code: int) -> None:
    with pytest.raises(SubmissionUncertainError):
        SLURM.parse_job_id(answer(f"@@begin\n\n@@sbatch {exit_code}\n", exit_code, "sbatch: error: something new"))


# -- looking for a job ------------------------------------------------------------------------


def test_a_job_is_found() -> None:
    assert SLURM.parse_found("Arunning0000000", recording("find-running")[0]) == "14"
    assert SLURM.parse_found("Asockettimeout0", recording("find-after-socket-timeout")[0]) == "30"


def test_no_job_is_found() -> None:
    assert SLURM.parse_found("Anosuchjob00000", recording("find-none")[0]) is None


@pytest.mark.parametrize("name", ["find-refused-record", "find-refused-record-accounted"])
def test_the_record_of_a_refused_job_is_no_job(name: str) -> None:
    assert SLURM.parse_found("Abadmemory00000", recording(name)[0]) is None


@pytest.mark.parametrize("name", ["find-server-down", "find-socket-timeout"])
def test_a_queue_that_does_not_answer_says_nothing(name: str) -> None:
    with pytest.raises(SubmissionUncertainError):
        SLURM.parse_found("A", recording(name)[0])


def test_the_job_that_runs_is_preferred_to_another_of_its_name() -> None:
    both = "@@begin\n{file}@@file 0\n20|None\n10|None\n@@squeue 0\n@@sacct 0\n"
    assert SLURM.parse_found("A", answer(both.format(file=""))) == "10"
    assert SLURM.parse_found("A", answer(both.format(file="20\n"))) == "20"


def test_accounting_that_is_switched_off_is_no_witness() -> None:
    text = "@@begin\n@@file 0\n@@squeue 0\n{said}\n@@sacct 1\n"
    assert SLURM.parse_found("A", answer(text.format(said="Slurm accounting storage is disabled"))) is None
    assert SLURM.parse_found("A", answer(text.format(said="sh: 3: sacct: not found"))) is None
    with pytest.raises(SubmissionUncertainError):
        SLURM.parse_found("A", answer(text.format(said="sacct: error: Problem talking to the database")))


# -- the queue ----------------------------------------------------------------------------------


def test_one_answer_about_jobs_in_many_states() -> None:
    reports = status("status-many")
    assert {name.rstrip("0"): str(report.state) for name, report in reports.items()} == {
        "Aokokokokokokok": "COMPLETE",
        "Acode3": "FAILED",
        "Atimeout": "ACTIVE",
        "Adeaf": "ACTIVE",
        "Aoom": "FAILED",
        "Akill9": "FAILED",
        "Arunning": "ACTIVE",
        "Acancelleduser": "CANCELED",
        "Acancelledroot": "CANCELED",
        "Asuspended": "SUSPENDED",
        "Aresources": "QUEUED",
        "Apriority": "QUEUED",
        "Abegin": "QUEUED",
        "Aheld": "QUEUED",
        "Adependency": "QUEUED",
        "Aneverdepend": "QUEUED",
    }


def test_exit_codes_of_ended_jobs() -> None:
    reports = status("status-many")
    assert reports["Aokokokokokokok"].exit_code == 0
    assert reports["Acode3000000000"].exit_code == 3
    assert reports["Akill9000000000"].exit_code == 137
    assert reports["Arunning0000000"].exit_code is None


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("Acode3000000000", ""),
        ("Akill9000000000", "it was ended by signal 9 (SIGKILL)"),
        (
            "Aoom00000000000",
            "it was ended by signal 9 (SIGKILL); it used 317904K of memory and had asked for 50M",
        ),
        ("Acancelleduser0", "by user 1001"),
        ("Acancelledroot0", "by the administrator (user 0)"),
        ("Aresources00000", "it waits for free resources (Resources)"),
        ("Apriority000000", "jobs of higher priority are before it (Priority)"),
        ("Aheld0000000000", "it is held (JobHeldUser)"),
    ],
)
def test_reasons_for_people(name: str, reason: str) -> None:
    assert status("status-many")[name].reason == reason


def test_a_job_that_is_not_listed_is_left_out() -> None:
    assert "Aunknown" not in status("status-many")
    assert status("status-unknown-only") == {}


def test_jobs_out_of_time() -> None:
    for reports in (status("status-timeout"), accounting("accounting-timeout")):
        assert {report.state for report in reports.values()} == {JobState.FAILED}
        assert {report.reason for report in reports.values()} == {"it was stopped after its wall time of 1 min"}
        assert reports["Adeaf0000000000"].exit_code is None, "it left no exit code, and Slurm's 0 is none"


def test_a_failed_node() -> None:
    for reports in (status("status-node-fail"), accounting("accounting-node-fail")):
        assert reports["Anodefail000000"].state is JobState.FAILED
        assert reports["Anodefail000000"].exit_code is None
        assert "node" in reports["Anodefail000000"].reason


def test_a_job_that_was_queued_again_is_queued() -> None:
    assert [report.state for report in status("status-requeued").values()] == [JobState.QUEUED]


def test_a_limit_of_the_account_is_named() -> None:
    (report,) = status("status-limit").values()
    assert report.reason == "a limit of its account is reached (AssocMaxJobsLimit)"


@pytest.mark.parametrize("name", ["status-server-down", "status-socket-timeout"])
def test_a_queue_that_does_not_answer_ends_no_job(name: str) -> None:
    """The exit-code files are there in these recordings, but the answer as a whole is none."""
    result, jobs = recording(name)
    with pytest.raises(UnavailableError):
        SLURM.parse_status(jobs, result)


def test_members_of_an_array_are_not_taken_for_other_jobs() -> None:
    raw = recording("array-raw")[0].text.split("\n")
    lines = "\n".join(line for line in raw if line.count("|") == 3)
    array = Job(job_id="24", job_name="A", cluster="recorded", working_directory="/w")
    assert SLURM.parse_status([array], answer(f"@@begin\n{lines}\n@@squeue 0\n@@files 0\n")) == {}


def one(state: str, files: str = "", reason: str = "None") -> JobReport | None:
    """The report about job 5, of which squeue prints this state ('' if nothing)."""
    row = f"5|{state}|{reason}|10:00\n" if state else ""
    job = Job(job_id="5", job_name="A", cluster="recorded", working_directory="/w")
    return SLURM.parse_status([job], answer(f"@@begin\n{row}@@squeue 0\n{files}@@files 0\n")).get("5")


def test_completing_is_not_over() -> None:
    assert (report := one("COMPLETING")) is not None
    assert report.state is JobState.ACTIVE


def test_completing_is_over_when_the_script_has_said_that_it_ended_well() -> None:
    assert (report := one("COMPLETING", "E\t5\t0\texit\n")) is not None
    assert (report.state, report.exit_code) == (JobState.COMPLETE, 0)


@pytest.mark.parametrize("record", ["1\texit", "143\tTERM", "143\texit", "0\tTERM"])
def test_of_any_other_end_slurm_will_say_more(record: str) -> None:
    assert (report := one("COMPLETING", f"E\t5\t{record}\n")) is not None
    assert report.state is JobState.ACTIVE


def test_the_exit_code_file_speaks_when_the_queue_is_silent() -> None:
    assert (report := one("", "E\t5\t0\texit\n")) is not None
    assert report.state is JobState.COMPLETE
    assert (report := one("", "E\t5\t3\texit\n")) is not None
    assert (report.state, report.exit_code, report.reason) == (JobState.FAILED, 3, "")


@pytest.mark.parametrize("files", ["E\t5\t143\tTERM\n", "E\t5\t137\texit\n", "E\t5\t\t\n", "E\t5\tgarbage\texit\n", ""])
def test_an_exit_code_file_that_does_not_decide_leaves_it_to_accounting(files: str) -> None:
    assert one("", files) is None


def test_out_of_memory() -> None:
    """Not recorded, but after sacct(1): the state needs control groups, which the recorded Slurm had not."""
    assert (report := one("OUT_OF_MEMORY", reason="OutOfMemory")) is not None
    assert report.state is JobState.FAILED
    assert "memory" in report.reason
    job = Job(job_id="5", job_name="A", cluster="recorded", working_directory="/w")
    rows = "5|FAILED|0:0|00:10:00|1G|\n5.batch|OUT_OF_MEMORY|0:125|||1048576K\n5.0|OUT_OF_MEMORY|0:125|||1K\n"
    reports = SLURM.parse_accounting([job], answer(f"@@begin\n{rows}@@sacct 0\n@@files 0\n"))
    assert reports["5"].reason == "it was ended because it used more memory than it had asked for"


# -- accounting -------------------------------------------------------------------------------------


def test_accounting_about_jobs_in_many_states() -> None:
    reports = accounting("accounting-many")
    assert {name.rstrip("0"): (str(report.state), report.exit_code) for name, report in reports.items()} == {
        "Aokokokokokokok": ("COMPLETE", 0),
        "Acode3": ("FAILED", 3),
        "Atimeout": ("ACTIVE", None),
        "Adeaf": ("ACTIVE", None),
        "Aoom": ("FAILED", 137),
        "Akill9": ("FAILED", 137),
        "Arunning": ("ACTIVE", None),
        "Acancelleduser": ("CANCELED", 143),
        "Acancelledroot": ("CANCELED", 143),
        "Asuspended": ("SUSPENDED", None),
        "Aresources": ("QUEUED", None),
        "Apriority": ("QUEUED", None),
        "Abegin": ("QUEUED", None),
        "Aheld": ("QUEUED", None),
        "Adependency": ("QUEUED", None),
        "Aneverdepend": ("QUEUED", None),
    }


def test_without_accounts_the_exit_code_file_has_the_last_word() -> None:
    reports = accounting("accounting-disabled")
    assert reports["Aokokokokokokok"].state is JobState.COMPLETE
    assert reports["Acode3000000000"].exit_code == 3
    assert reports["Acancelleduser0"].state is JobState.FAILED
    assert "SIGTERM" in reports["Acancelleduser0"].reason


def test_accounting_that_is_down_hides_nothing_and_invents_nothing() -> None:
    assert accounting("accounting-down")["Aokokokokokokok"].state is JobState.COMPLETE
    job = Job(job_id="5", job_name="A", cluster="recorded", working_directory="/w")
    down = "@@begin\nsacct: error: Problem talking to the database\n@@sacct 1\nE\t5\t143\tTERM\n@@files 0\n"
    assert SLURM.parse_accounting([job], answer(down)) == {}


# -- acting -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scancel-running", "scancel-ended-and-unknown", "scontrol-hold", "check"])
def test_acting_succeeds(name: str) -> None:
    assert recording(name)[0].exit_code == 0


@pytest.mark.parametrize("name", ["scancel-server-down", "scancel-socket-timeout"])
def test_acting_on_a_silent_server_is_for_later(name: str) -> None:
    assert recording(name)[0].exit_code == TRY_LATER
