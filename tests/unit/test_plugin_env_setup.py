from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from airavata_plugins.env_setup import EnvSetup
from airavata_workload.domain.outcome import Completed, Failed
from airavata_workload.ports.remote_shell import CommandResult, RemoteShell
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.task_run import RecordedTaskRun

AWKWARD = "a name with 'quotes', $(touch ran) \n`and` a newline, ü"

# Stands in for Environment Modules, which test machines do not have: the interface of `module load` alone.
MODULE_FUNCTION = """
echo "welcome to the cluster"; echo "be nice" >&2
module() {
  case $2 in
    gcc) export LOADED=gcc ;;
    openmpi) [ "$LOADED" = gcc ] ;;
    needs-variable) [ "$SITE" = "a b" ] ;;
    silent-failure) echo "ModuleCmd_Load.c(213):ERROR:105: Unable to locate a modulefile for '$2'" >&2; return 0 ;;
    *) echo "unknown module: $2" >&2; return 1 ;;
  esac
}
"""


def run_of(tmp_path: Path, **parameters: Any) -> RecordedTaskRun[Any]:
    return RecordedTaskRun.of(EnvSetup, parameters, tmp_path)


@pytest.fixture
def login_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    home = tmp_path / "home"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    return home


def test_makes_all_directories_with_one_command(tmp_path: Path) -> None:
    directory = tmp_path / "scratch" / AWKWARD
    run = run_of(tmp_path, directory=str(directory), subdirectories=["data", "-rf", f"deep/{AWKWARD}"])
    outcome = EnvSetup().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert outcome.outputs["directory"] == str(directory)
    assert sorted(path.relative_to(directory).as_posix() for path in directory.rglob("*")) == sorted(
        ["data", "-rf", "deep", f"deep/{AWKWARD}"]
    )
    assert run.recording.uses == [("run", "here")]
    assert not list(tmp_path.rglob("ran"))


def test_may_be_done_again(tmp_path: Path) -> None:
    run = run_of(tmp_path, directory=str(tmp_path / "process"))
    first = EnvSetup().execute(run)
    (tmp_path / "process" / "result").write_text("kept")
    assert EnvSetup().execute(run) == first
    assert (tmp_path / "process" / "result").read_text() == "kept"


def test_a_file_in_the_way_is_named(tmp_path: Path) -> None:
    (tmp_path / "process").write_text("a file")
    outcome = EnvSetup().execute(run_of(tmp_path, directory=str(tmp_path / "process")))
    assert isinstance(outcome, Failed)
    assert str(tmp_path / "process") in outcome.user_message
    assert "a file stands" in outcome.user_message


class Complaining(RemoteShell):
    """A shell whose every command fails with a recorded complaint: disks are not filled up for a unit test."""

    def __init__(self, exit_code: int, complaint: str) -> None:
        self._result = CommandResult(exit_code=exit_code, stdout=b"", stderr=complaint.encode())

    def run(self, script: str, **_options: Any) -> CommandResult:
        return self._result

    def check(self) -> str:
        return "complaining"

    def close(self) -> None:
        return None


@pytest.mark.parametrize(
    ("exit_code", "complaint", "cause"),
    [
        (91, "mkdir: cannot create directory '/s/p': Permission denied", "does not permit it"),
        (91, "mkdir: cannot create directory '/s/p': No space left on device", "the disk of here is full"),
        (91, "mkdir: cannot create directory '/s/p': Disk quota exceeded", "the quota on here is used up"),
        (92, "tee: /s/p/.write-test.9: No space left on device", "the disk of here is full"),
        (92, "tee: /s/p/.write-test.9: Read-only file system", "read-only"),
        (91, "mkdir: something new", "mkdir: something new"),
        (127, "", "gave no reason"),
    ],
)
def test_each_cause_is_told(tmp_path: Path, exit_code: int, complaint: str, cause: str) -> None:
    machines = Machines([local_cluster(tmp_path)], shells={"here": Complaining(exit_code, complaint)})
    outcome = EnvSetup().execute(RecordedTaskRun.of(EnvSetup, {"directory": "/s/p"}, tmp_path, machines))
    assert isinstance(outcome, Failed)
    assert cause in outcome.user_message
    assert "/s/p" in outcome.user_message
    assert complaint in outcome.reason


def test_modules_load_in_order_whatever_login_files_print(tmp_path: Path, login_home: Path) -> None:
    (login_home / ".bash_profile").write_text(MODULE_FUNCTION)
    directory = tmp_path / "process"
    run = run_of(
        tmp_path,
        directory=str(directory),
        modules=["gcc", "openmpi", "needs-variable"],
        environment={"SITE": "a b"},
    )
    outcome = EnvSetup().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert outcome.outputs["environment"] == {"SITE": "a b"}
    assert run.recording.uses == [("run", "here")]
    assert list(directory.iterdir()) == []


def test_every_missing_module_is_named(tmp_path: Path, login_home: Path) -> None:
    (login_home / ".bash_profile").write_text(MODULE_FUNCTION)
    modules = ["gcc", "foo; touch ran", "silent-failure"]
    outcome = EnvSetup().execute(run_of(tmp_path, directory=str(tmp_path / "process"), modules=modules))
    assert isinstance(outcome, Failed)
    assert "'foo; touch ran'" in outcome.user_message
    assert "'silent-failure'" in outcome.user_message
    assert "'gcc'" not in outcome.user_message
    assert "unknown module" in outcome.user_message
    assert not list(tmp_path.rglob("ran"))


@pytest.mark.parametrize(
    ("profile", "what"), [("", "no 'module' command"), ("exit 0\n", "end the shell"), ("exec true\n", "end the shell")]
)
def test_a_login_that_cannot_load_modules_is_told(tmp_path: Path, login_home: Path, profile: str, what: str) -> None:
    (login_home / ".bash_profile").write_text(profile)
    outcome = EnvSetup().execute(run_of(tmp_path, directory=str(tmp_path / "process"), modules=["gcc"]))
    assert isinstance(outcome, Failed)
    assert what in outcome.user_message


@pytest.mark.parametrize(
    "parameters",
    [
        {"directory": "relative"},
        {"directory": "/scratch/../etc"},
        {"directory": "/a\0b"},
        {"directory": "/a", "subdirectories": ["../b"]},
        {"directory": "/a", "subdirectories": ["/b"]},
        {"directory": "/a", "environment": {"NOT A NAME": "x"}},
        {"directory": "/a", "environment": {"A": "x\0y"}},
        {"directory": "/a", "modules": ["x\0y"]},
    ],
)
def test_wrong_parameters_are_refused(tmp_path: Path, parameters: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        run_of(tmp_path, **parameters)
