"""The scripts that the slurm batch system builds."""

from __future__ import annotations

import re

import pytest

from airavata_adapters.batch_systems.slurm import Slurm
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import ParameterError
from airavata_workload.domain.job import Job, JobDescription, ResourceRequest

FULL = ResourceRequest(
    node_count=2,
    cpu_count=64,
    memory_mib=2048,
    wall_time_s=3601,
    queue="compute",
    allocation="TG-ABC123",
    quality_of_service="high",
    reservation="course_1",
)


def description(**values: object) -> JobDescription:
    members = {
        "job_name": "Aabcdefghijklmn",
        "working_directory": "/scratch/p",
        "commands": (("run", "x"),),
        "stdout": "app.stdout",
        "stderr": "app.stderr",
        **values,
    }
    return JobDescription(**members)  # type: ignore[arg-type]


def directives(text: str) -> list[str]:
    """The directives, which all stand before the first command."""
    found = re.findall(r"^#SBATCH (.*)$", text, re.MULTILINE)
    head = text[: text.index("airavata_job_file=")]
    assert head.count("#SBATCH") == text.count("#SBATCH")
    return found


def slurm(**cluster: object) -> Slurm:
    return Slurm(Cluster(name="test", **cluster))  # type: ignore[arg-type]


def jobs(count: int) -> list[Job]:
    return [
        Job(job_id=str(1000 + index), job_name=f"A{index}", cluster="test", working_directory=f"/scratch/p{index}")
        for index in range(count)
    ]


def test_all_directives() -> None:
    text = slurm().job_script(description(resources=FULL))
    assert text.startswith("#!/bin/bash\n#SBATCH -J Aabcdefghijklmn\n")
    assert directives(text) == [
        "-J Aabcdefghijklmn",
        "-N 2",
        "-n 64",
        "--mem=2048M",
        "-t 61",
        "-p compute",
        "-A TG-ABC123",
        "--qos=high",
        "--reservation=course_1",
        '-o "app.stdout"',
        '-e "app.stderr"',
    ]


def test_what_is_not_asked_for_is_left_out() -> None:
    text = slurm().job_script(description(stdout="", stderr=""))
    assert directives(text) == ["-J Aabcdefghijklmn"]


def test_one_file_for_both_outputs_is_named_once() -> None:
    assert directives(slurm().job_script(description(stdout="all", stderr="all")))[1:] == ['-o "all"']


@pytest.mark.parametrize(("wall_time_s", "minutes"), [(1, 1), (60, 1), (61, 2), (3600, 60), (864000, 14400)])
def test_wall_time_is_in_minutes_rounded_up(wall_time_s: int, minutes: int) -> None:
    text = slurm().job_script(description(resources=ResourceRequest(wall_time_s=wall_time_s)))
    assert f"-t {minutes}" in directives(text)


def test_file_names_are_no_patterns() -> None:
    text = slurm().job_script(description(stdout='100% "done" #1', stderr="%j"))
    assert directives(text)[1:] == ['-o "100%% \\"done\\" #1"', '-e "%%j"']


def test_the_administrators_directives_come_verbatim() -> None:
    text = slurm(directives=("#SBATCH --constraint=haswell", "--exclusive", "#PBS ignored")).job_script(description())
    assert directives(text)[3:] == ["--constraint=haswell", "--exclusive"]
    assert "\n#PBS ignored\n" in text


def test_a_file_name_may_not_hold_a_backslash() -> None:
    with pytest.raises(ParameterError, match="backslash"):
        slurm().job_script(description(stdout="a\\b"))


def test_commands_are_taken_from_the_command_directory() -> None:
    system = slurm(command_directory="/opt/slurm's/bin")
    scripts = (
        system.submit_script("A", "/scratch/p/A.slurm"),
        system.find_script("A"),
        system.status_script(jobs(1)),
        system.accounting_script(jobs(1)) or "",
        system.cancel_script(jobs(1)),
        system.hold_script(jobs(1)) or "",
        system.release_script(jobs(1)) or "",
        system.check_script(),
    )
    for script in scripts:
        called = re.findall(r"(?<![\w-])(\S*)\b(sbatch|squeue|sacct|scancel|scontrol|sinfo)['\s]+-", script)
        assert all("bin/" in directory for directory, _ in called), script
        assert "'/opt/slurm'\"'\"'s/bin/s" in script


def test_a_few_jobs_are_asked_for_by_id_and_many_by_user() -> None:
    few, many = slurm().status_script(jobs(3)), slurm().status_script(jobs(10_000))
    assert "--jobs=1000,1001,1002 " in few
    assert "--jobs=1000" not in many
    assert '--user="$(id -u)"' in many
    assert many.count("squeue --") == 1, "one question, however many jobs"


def test_an_id_that_is_no_number_is_not_passed_on() -> None:
    odd = Job(job_id="1; rm -rf /", job_name="A", cluster="test", working_directory="/w")
    system = slurm()
    for script in (system.status_script([odd]), system.cancel_script([odd]), system.accounting_script([odd])):
        assert "rm -rf" not in (script or "")
