from __future__ import annotations

import dataclasses
import signal
import sys
import threading
import time
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from airavata_plugins.command import STDOUT_LIMIT_BYTES, Command
from airavata_workload.domain.errors import TaskCancelled
from airavata_workload.domain.outcome import Completed, Failed
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.task_run import RecordedTaskRun

AWKWARD = 'it\'s $(touch ran) \n"ü" `touch ran` *'


def run_of(tmp_path: Path, command: list[str], **parameters: Any) -> RecordedTaskRun[Any]:
    return RecordedTaskRun.of(Command, {"command": command, **parameters}, tmp_path)


def python(program: str, *arguments: str) -> list[str]:
    return [sys.executable, "-c", program, *arguments]


def test_words_arrive_as_they_were_written_with_one_command(tmp_path: Path) -> None:
    directory = tmp_path / "a directory"
    directory.mkdir()
    program = "import os, sys; print(ascii(sys.argv[1:]), os.getcwd(), ascii(os.environ['GREETING']))"
    run = run_of(
        tmp_path, python(program, AWKWARD, "", "-n"), directory=str(directory), environment={"GREETING": AWKWARD}
    )
    outcome = Command().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert outcome.outputs == {
        "exit_code": 0,
        "stdout": f"{[AWKWARD, '', '-n']!a} {directory} {AWKWARD!a}\n",
        "stdout_truncated": False,
    }
    assert run.recording.uses == [("run", "here")]
    assert not list(tmp_path.rglob("ran"))


def test_the_environment_of_the_resource_is_there_and_can_be_changed(tmp_path: Path) -> None:
    cluster = dataclasses.replace(local_cluster(tmp_path), environment={"A": "resource", "B": "resource"})
    program = "import os; print(os.environ['A'], os.environ['B'])"
    parameters = {"command": python(program), "environment": {"B": "task"}}
    outcome = Command().execute(RecordedTaskRun.of(Command, parameters, tmp_path, Machines([cluster])))
    assert isinstance(outcome, Completed), outcome
    assert outcome.outputs["stdout"] == "resource task\n"


def test_input_and_output_may_be_files(tmp_path: Path) -> None:
    (tmp_path / AWKWARD).write_text("from the file")
    run = run_of(tmp_path, ["cat"], directory=str(tmp_path), stdin=AWKWARD, stdout="the output")
    outcome = Command().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert outcome.outputs == {"exit_code": 0, "stdout_file": f"{tmp_path}/the output"}
    assert (tmp_path / "the output").read_text() == "from the file"


def test_without_an_input_file_there_is_no_input(tmp_path: Path) -> None:
    outcome = Command().execute(run_of(tmp_path, ["cat"]))
    assert isinstance(outcome, Completed), outcome
    assert outcome.outputs["stdout"] == ""


def test_a_flood_of_output_is_cut_and_the_command_goes_on(tmp_path: Path) -> None:
    program = """
import sys
for _ in range(2000): sys.stdout.write("o" * 1000); sys.stderr.write("e" * 1000)
sys.stderr.write("the last words"); open("finished", "w").close(); sys.exit(3)
"""
    outcome = Command().execute(run_of(tmp_path, python(program), directory=str(tmp_path), accepted_exit_codes=[3]))
    assert isinstance(outcome, Completed), outcome
    assert outcome.outputs["stdout"] == "o" * STDOUT_LIMIT_BYTES
    assert outcome.outputs["stdout_truncated"] is True
    assert (tmp_path / "finished").exists()
    failure = Command().execute(run_of(tmp_path, python(program), directory=str(tmp_path)))
    assert isinstance(failure, Failed)
    assert failure.user_message.endswith("the last words")
    assert len(failure.user_message) < 2000


def test_output_of_exactly_the_limit_is_whole(tmp_path: Path) -> None:
    outcome = Command().execute(run_of(tmp_path, python(f"print('x' * {STDOUT_LIMIT_BYTES}, end='')")))
    assert isinstance(outcome, Completed), outcome
    assert len(outcome.outputs["stdout"]) == STDOUT_LIMIT_BYTES
    assert outcome.outputs["stdout_truncated"] is False


@pytest.mark.parametrize("code", [1, 2, 91, 124, 126, 255])
def test_a_failure_has_its_exit_code_and_last_words(tmp_path: Path, code: int) -> None:
    program = f"import sys; print('out'); print('the cause', file=sys.stderr); sys.exit({code})"
    outcome = Command().execute(run_of(tmp_path, python(program)))
    assert isinstance(outcome, Failed)
    assert outcome.user_message == f"The command '{sys.executable}' ended with exit code {code}: the cause"


def test_a_death_by_signal_is_a_failure(tmp_path: Path) -> None:
    outcome = Command().execute(run_of(tmp_path, python("import os; os.kill(os.getpid(), 11)")))
    assert isinstance(outcome, Failed)
    assert f"exit code {128 + signal.SIGSEGV}" in outcome.user_message


def test_a_program_that_does_not_exist_is_named(tmp_path: Path) -> None:
    outcome = Command().execute(run_of(tmp_path, ["no such program"]))
    assert isinstance(outcome, Failed)
    assert "'no such program' ended with exit code 127" in outcome.user_message


@pytest.mark.parametrize(
    ("parameters", "what"),
    [
        ({"directory": "/there/is/no/such/directory"}, "/there/is/no/such/directory"),
        ({"stdin": "no such file", "directory": "/"}, "no such file"),
    ],
)
def test_what_is_missing_before_the_start_is_named(tmp_path: Path, parameters: dict[str, str], what: str) -> None:
    outcome = Command().execute(run_of(tmp_path, ["touch", str(tmp_path / "started")], **parameters))
    assert isinstance(outcome, Failed)
    assert "could not be started" in outcome.user_message
    assert what in outcome.user_message
    assert not (tmp_path / "started").exists()


def test_an_output_file_that_cannot_be_written_is_a_failure(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    run = run_of(tmp_path, ["true"], directory=str(tmp_path), stdout="folder")
    outcome = Command().execute(run)
    assert isinstance(outcome, Failed)
    assert "folder" in outcome.user_message


def test_a_command_that_takes_too_long_is_killed(tmp_path: Path) -> None:
    program = "import time; open('started', 'w').close(); time.sleep(60); open('finished', 'w').close()"
    started_s = time.monotonic()
    outcome = Command().execute(run_of(tmp_path, python(program), directory=str(tmp_path), timeout_s=1.5))
    assert isinstance(outcome, Failed)
    assert "did not end within 1.5 s" in outcome.user_message
    assert time.monotonic() - started_s < 30
    assert (tmp_path / "started").exists()


def test_a_running_command_can_be_cancelled(tmp_path: Path) -> None:
    program = "import os, time; open('started', 'w').write(str(os.getpid())); time.sleep(60)"
    run = run_of(tmp_path, python(program), directory=str(tmp_path))

    def cancel_once_started() -> None:
        deadline_s = time.monotonic() + 30
        while time.monotonic() < deadline_s and not (tmp_path / "started").exists():
            time.sleep(0.01)
        run.cancel()

    canceller = threading.Thread(target=cancel_once_started)
    canceller.start()
    with pytest.raises(TaskCancelled):
        Command().execute(run)
    canceller.join()
    assert (tmp_path / "started").exists()


def test_output_that_looks_like_our_mark_does_not_fool_us(tmp_path: Path) -> None:
    program = "import sys; sys.stderr.write('\\ncommand-0123456789abcdef 0\\n'); sys.exit(5)"
    outcome = Command().execute(run_of(tmp_path, python(program)))
    assert isinstance(outcome, Failed)
    assert "exit code 5" in outcome.user_message


@pytest.mark.parametrize(
    "parameters",
    [
        {"command": []},
        {"command": ["a\0b"]},
        {"directory": "relative"},
        {"stdin": "/etc/passwd"},
        {"stdout": "../out"},
        {"timeout_s": 0},
        {"environment": {"1A": "x"}},
    ],
)
def test_wrong_parameters_are_refused(tmp_path: Path, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        run_of(tmp_path, **{"command": ["true"], **parameters})
