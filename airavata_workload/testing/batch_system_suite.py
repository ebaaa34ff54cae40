"""The conformance suite of the port ``BatchSystem`` that needs no batch system, for ours and other people's.

It looks at the scripts and runs job scripts by themselves; the one with real
jobs is ``live_batch_system_suite``. Derive a class whose name starts with
``Test``, give it ``batch_system_class``, and let pytest run it. Needs the extra
``testing`` of this distribution.
"""

from __future__ import annotations

import os
import signal
import subprocess
import time
from abc import ABC
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import pytest

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import (
    ParameterError,
    SubmissionUncertainError,
    UnavailableError,
)
from airavata_workload.domain.job import Job, JobDescription, ResourceRequest
from airavata_workload.domain.states import JobState
from airavata_workload.ports.batch_system import BatchSystem, exit_code_file
from airavata_workload.ports.remote_shell import CommandResult

AWKWARD_WORDS = (
    "a b",
    "it's",
    '"quoted"',
    "$(touch ran)",
    "`touch ran`",
    "$HOME",
    "new\nline",
    "ünïcödé",
    "*",
    "-n",
    "",
)
"""Words that a careless script changes, or runs."""
_NAME = "Atestofscripts1"
_LONGEST_ARGUMENT_BYTES = 128 * 1024
"""Source: execve(2), MAX_ARG_STRLEN on Linux."""


class BatchSystemSuite(ABC):
    """Checks one batch system without one."""

    batch_system_class: ClassVar[type[BatchSystem]]
    job_id: ClassVar[str] = "4711"
    """An id as the batch system gives them."""

    def batch_system(self, **cluster: Any) -> BatchSystem:
        """The batch system of a cluster with these attributes."""
        return self.batch_system_class(Cluster(name="test", batch_system=self.batch_system_class.name, **cluster))

    def description(self, directory: Path, *commands: Sequence[str], **values: Any) -> JobDescription:
        """A job in the directory."""
        return JobDescription(
            job_name=_NAME,
            working_directory=str(directory),
            commands=tuple(tuple(command) for command in commands) or (("true",),),
            stdout="out file",
            stderr="err file",
            **values,
        )

    def run_job_script(self, description: JobDescription, **cluster: Any) -> tuple[str, str]:
        """Run a job script by its own interpreter and return its exit-code file and its standard error."""
        directory = Path(description.working_directory)
        text = self.batch_system(**cluster).job_script(description)
        script = directory / "script"
        script.write_text(text)
        interpreter = text.split("\n", 1)[0].removeprefix("#!").strip()
        done = subprocess.run(  # noqa: S603 - a test runs the script that it tests
            [interpreter, str(script)],
            cwd="/",
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=60,
            start_new_session=True,
            check=False,
        )
        errors = directory / description.stderr
        said = done.stderr.decode() + (errors.read_text() if errors.exists() else "")
        return (directory / exit_code_file(description.job_name)).read_text(), said

    # -- the job script -----------------------------------------------------------

    def test_says_what_it_is(self) -> None:
        system = self.batch_system()
        assert system.name
        assert system.script_suffix.startswith(".")
        assert 0 < system.min_poll_interval_s <= system.max_poll_interval_s
        assert system.submission_settle_s >= 0

    def test_a_job_script_depends_on_nothing_but_its_description(self, tmp_path: Path) -> None:
        description = self.description(tmp_path, ["true"])
        assert self.batch_system().job_script(description) == self.batch_system().job_script(description)

    def test_words_reach_the_program_unchanged(self, tmp_path: Path) -> None:
        code, said = self.run_job_script(
            self.description(tmp_path, ["sh", "-c", 'printf "%s\\0" "$@" >words', "sh", *AWKWARD_WORDS])
        )
        assert code.split()[0] == "0", said
        assert (tmp_path / "words").read_text() == "".join(f"{word}\0" for word in AWKWARD_WORDS)
        assert not (tmp_path / "ran").exists()

    def test_environment_values_reach_the_program_unchanged(self, tmp_path: Path) -> None:
        environment = {f"VALUE_{index}": word for index, word in enumerate(AWKWARD_WORDS)}
        command = [
            "sh",
            "-c",
            'for n in "$@"; do eval "printf \'%s\\\\0\' \\"\\$$n\\""; done >words',
            "sh",
            *environment,
        ]
        code, said = self.run_job_script(self.description(tmp_path, command, environment=environment))
        assert code.split()[0] == "0", said
        assert (tmp_path / "words").read_text() == "".join(f"{word}\0" for word in AWKWARD_WORDS)

    def test_commands_stop_at_the_first_that_fails_and_its_code_is_the_jobs(self, tmp_path: Path) -> None:
        code, _ = self.run_job_script(
            self.description(tmp_path, ["touch", "first"], ["sh", "-c", "exit 7"], ["touch", "third"])
        )
        assert code.split()[0] == "7"
        assert (tmp_path / "first").exists()
        assert not (tmp_path / "third").exists()

    def test_a_command_that_does_not_exist_fails_the_job(self, tmp_path: Path) -> None:
        code, said = self.run_job_script(self.description(tmp_path, ["no-such-program"]))
        assert code.split()[0] == "127"
        assert "no-such-program" in said

    @pytest.mark.parametrize("word", ["exit", "if", "A=b", "trap", "exec", "airavata_code=0"])
    def test_a_program_may_be_called_like_a_word_of_the_shell(self, tmp_path: Path, word: str) -> None:
        program = tmp_path / word
        program.write_text("#!/bin/sh\nexit 9\n")
        program.chmod(0o755)
        code, said = self.run_job_script(self.description(tmp_path, [f"./{word}"], ["touch", "never"]))
        assert code.split()[0] == "9", said
        assert not (tmp_path / "never").exists()

    def test_the_administrators_lines_surround_the_commands(self, tmp_path: Path) -> None:
        # The working directory is entered after the administrator's first lines.
        code, said = self.run_job_script(
            self.description(tmp_path, ["sh", "-c", "echo command >>order; exit 4"]),
            environment={"SITE": "here"},
            pre_commands=(f'echo "before $SITE" >>{tmp_path}/order',),
            post_commands=("echo after >>order",),
        )
        assert code.split()[0] == "4", said
        assert (tmp_path / "order").read_text().split("\n") == ["before here", "command", "after", ""]

    def test_a_path_of_the_jobs_own_does_not_keep_it_from_saying_how_it_ended(self, tmp_path: Path) -> None:
        description = self.description(tmp_path, ["/bin/sh", "-c", "exit 5"], environment={"PATH": "/no/programs/here"})
        code, said = self.run_job_script(description)
        assert code.split()[0] == "5", said

    @pytest.mark.parametrize("name", ["SIGTERM", "SIGINT", "SIGHUP", "SIGXCPU"])
    def test_a_job_that_is_asked_to_end_says_so(self, tmp_path: Path, name: str) -> None:
        description = self.description(tmp_path, ["sh", "-c", "echo >started; exec sleep 60"])
        text = self.batch_system().job_script(description)
        (tmp_path / "script").write_text(text)
        interpreter = text.split("\n", 1)[0].removeprefix("#!").strip()
        with subprocess.Popen(  # noqa: S603 - a test runs the script that it tests
            [interpreter, str(tmp_path / "script")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            end_s = time.monotonic() + 30
            while not (tmp_path / "started").exists():
                assert time.monotonic() < end_s, "it did not start"
                time.sleep(0.01)
            os.killpg(process.pid, signal.Signals[name])
            process.wait(30)
        record = (tmp_path / exit_code_file(_NAME)).read_text().split()
        assert record[0] == str(128 + signal.Signals[name])

    def test_missing_modules_are_a_clear_failure(self, tmp_path: Path) -> None:
        code, said = self.run_job_script(self.description(tmp_path, ["touch", "ran"], modules=("gcc/12", "mpi")))
        assert code.split()[0] != "0"
        assert "gcc/12" in said
        assert "module" in said
        assert not (tmp_path / "ran").exists()

    @pytest.mark.parametrize("member", ["queue", "allocation", "quality_of_service", "reservation"])
    @pytest.mark.parametrize("value", ["a\n#SBATCH --uid=0", "a\nrm x", "a b", "-x", "a\0b", "a\rb"])
    def test_no_name_brings_a_directive_of_its_own(self, tmp_path: Path, member: str, value: str) -> None:
        description = self.description(tmp_path, ["true"], resources=ResourceRequest.from_json({member: value}))
        try:
            text = self.batch_system().job_script(description)
        except ParameterError as error:
            assert member.replace("_", " ") in str(error)  # noqa: PT017 - not raising is right as well
        else:
            assert value not in text, "a value that is not used need not be refused, but may not appear"

    @pytest.mark.parametrize("name", ["../out", "/etc/passwd", "a\nb", "a\0b"])
    def test_output_files_stay_in_the_working_directory(self, tmp_path: Path, name: str) -> None:
        plain = self.description(tmp_path, ["true"])
        for description in (replace(plain, stdout=name), replace(plain, stderr=name)):
            with pytest.raises(ParameterError):
                self.batch_system().job_script(description)

    @pytest.mark.parametrize("commands", [((),), (("",),), (("a\0b",),)])
    def test_commands_that_cannot_be_run_are_refused(self, tmp_path: Path, commands: Any) -> None:
        description = JobDescription(
            job_name=_NAME, working_directory=str(tmp_path), commands=commands, stdout="out", stderr="err"
        )
        with pytest.raises(ParameterError):
            self.batch_system().job_script(description)

    @pytest.mark.parametrize("name", ["A B", "1A", "A=B", "A\nB", ""])
    def test_environment_names_that_no_shell_takes_are_refused(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ParameterError):
            self.batch_system().job_script(self.description(tmp_path, ["true"], environment={name: "x"}))

    # -- the other scripts -----------------------------------------------------------

    def test_every_script_is_shell(self, tmp_path: Path) -> None:
        system, jobs = self.batch_system(), self.jobs(tmp_path, 3)
        scripts = {
            "submit": system.submit_script(_NAME, f"{tmp_path}/it's a script.sh"),
            "find": system.find_script(_NAME),
            "status": system.status_script(jobs),
            "accounting": system.accounting_script(jobs),
            "cancel": system.cancel_script(jobs),
            "hold": system.hold_script(jobs),
            "release": system.release_script(jobs),
            "check": system.check_script(),
            "load": system.load_script(),
        }
        for what, script in scripts.items():
            done = subprocess.run(["sh", "-n"], input=script or "", text=True, capture_output=True, timeout=30)  # noqa: S607, PLW1510 - looked at below
            assert done.returncode == 0, f"{what}: {done.stderr}"

    def test_one_question_holds_ten_thousand_jobs(self, tmp_path: Path) -> None:
        script = self.batch_system().status_script(self.jobs(tmp_path, 10_000))
        longest = max(len(word.encode()) for word in script.replace("\n", " ").split(" "))
        assert longest < _LONGEST_ARGUMENT_BYTES

    def jobs(self, directory: Path, count: int) -> list[Job]:
        """Jobs with different ids, names and directories."""
        return [
            Job(
                job_id=f"{self.job_id}{index}",
                job_name=f"A{index:014d}",
                cluster="test",
                working_directory=f"{directory}/it's {index}",
            )
            for index in range(count)
        ]

    # -- what answers mean ---------------------------------------------------------------

    @pytest.mark.parametrize(
        "result",
        [
            CommandResult(exit_code=0, stdout=b"", stderr=b""),
            CommandResult(exit_code=0, stdout=b"Welcome to node 12345\n", stderr=b""),
            CommandResult(exit_code=0, stdout=b"12345\n", stderr=b""),
            CommandResult(exit_code=0, stdout=b"\xff\x00\xfe", stderr=b"\xff"),
            CommandResult(exit_code=1, stdout=b"12345\n", stderr=b"Killed\n"),
            CommandResult(exit_code=137, stdout=b"", stderr=b""),
        ],
    )
    def test_what_is_no_answer_is_no_job_id_either(self, result: CommandResult) -> None:
        with pytest.raises(SubmissionUncertainError):
            self.batch_system().parse_job_id(result)
        with pytest.raises(SubmissionUncertainError):
            self.batch_system().parse_found(_NAME, result)
        with pytest.raises(UnavailableError):
            self.batch_system().parse_status([], result)
        with pytest.raises(UnavailableError):
            self.batch_system().parse_load(result)

    @pytest.mark.parametrize("word", ["", "no such state", "\n", "PENDING?", "C" * 1000])
    def test_an_unknown_state_is_unknown(self, word: str) -> None:
        assert self.batch_system().job_state(word) is JobState.UNKNOWN

    def test_no_job_is_looked_for_in_vain(self, tmp_path: Path) -> None:
        """A question about no job at all is a valid script, too."""
        script = self.batch_system().status_script([])
        assert subprocess.run(["sh", "-n"], input=script, text=True, timeout=30).returncode == 0  # noqa: S607, PLW1510 - looked at
