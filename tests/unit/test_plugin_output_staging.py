from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from airavata_plugins.output_staging import OutputStaging
from airavata_workload.domain.outcome import Completed, Failed
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.task_run import RecordedTaskRun

AWKWARD = 'it\'s $(touch ran) \n"ü" [a]*.csv'


@pytest.fixture
def process(tmp_path: Path) -> Path:
    directory = tmp_path / "process with blank"
    (directory / "run 1").mkdir(parents=True)
    (directory / "app.stdout").write_text("out\n")
    (directory / "app.stderr").write_text("")
    (directory / "a.csv").write_text("a\n")
    (directory / "b.csv").write_text("b\n")
    (directory / ".hidden.csv").write_text("hidden\n")
    (directory / "run 1" / "c.csv").write_text("c\n")
    (directory / AWKWARD).write_text("awkward\n")
    return directory


def run_of(
    tmp_path: Path, process: Path, outputs: list[dict[str, Any]], destination: str = "", **parameters: Any
) -> RecordedTaskRun[Any]:
    machines = Machines([local_cluster(tmp_path, "here"), local_cluster(tmp_path, "there")])
    values = {
        "outputs": outputs,
        "directory": str(process),
        "destination": destination or str(tmp_path / "outputs"),
        **parameters,
    }
    return RecordedTaskRun.of(OutputStaging, values, tmp_path, machines)


def names(outcome: Any, output: str) -> list[str]:
    return [Path(file["path"]).name for file in outcome.outputs["files"][output]]


def test_finds_with_one_command_and_brings_with_one_get(tmp_path: Path, process: Path) -> None:
    outputs = [
        {"name": "log", "path": "app.stdout", "type": "STDOUT"},
        {"name": "errors", "path": "app.stderr", "type": "STDERR"},
        {"name": "tables", "path": "*.csv"},
        {"name": "one", "path": "run 1/?.csv"},
        {"name": "maybe", "path": "maybe.dat", "required": False},
    ]
    run = run_of(tmp_path, process, outputs)
    outcome = OutputStaging().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert run.recording.uses == [("run", "here"), ("get", "here")]
    assert run.recording.progress
    assert names(outcome, "tables") == ["a.csv", "b.csv", AWKWARD]
    assert names(outcome, "one") == ["c.csv"]
    assert outcome.outputs["files"]["maybe"] == []
    assert outcome.outputs["files"]["errors"][0]["size_bytes"] == 0, "an empty output is accepted"
    assert outcome.outputs["files"]["log"] == [
        {
            "path": str(tmp_path / "outputs" / "app.stdout"),
            "size_bytes": 4,
            "sha256": hashlib.sha256(b"out\n").hexdigest(),
        }
    ]
    assert (tmp_path / "outputs" / AWKWARD).read_text() == "awkward\n"
    assert not list(tmp_path.rglob("ran"))


def test_an_exact_awkward_name_is_not_a_pattern_for_the_shell(tmp_path: Path, process: Path) -> None:
    (process / "$HOME").write_text("dollar")
    (process / "{a,b}.csv").write_text("braces")
    (process / "-rf").write_text("dash")
    (process / "[ab].csv").write_text("brackets")
    wanted = ["$HOME", "{a,b}.csv", "-rf", "[ab].csv"]
    outcome = OutputStaging().execute(run_of(tmp_path, process, [{"name": n, "path": n} for n in wanted]))
    assert isinstance(outcome, Completed), outcome
    assert [names(outcome, name) for name in wanted] == [[name] for name in wanted]


def test_what_exists_is_brought_before_the_missing_is_named(tmp_path: Path, process: Path) -> None:
    outputs = [
        {"name": "log", "path": "app.stdout"},
        {"name": "result", "path": "result.dat"},
        {"name": "frames", "path": "frame-*.xyz"},
    ]
    outcome = OutputStaging().execute(run_of(tmp_path, process, outputs))
    assert isinstance(outcome, Failed)
    assert "Output 'result' is missing" in outcome.user_message
    assert "'result.dat'" in outcome.user_message
    assert "Output 'frames' is missing" in outcome.user_message
    assert "'frame-*.xyz'" in outcome.user_message
    assert "'log'" not in outcome.user_message
    assert (tmp_path / "outputs" / "app.stdout").read_text() == "out\n"


def test_a_working_directory_that_is_gone_misses_everything(tmp_path: Path) -> None:
    outcome = OutputStaging().execute(run_of(tmp_path, tmp_path / "gone", [{"name": "log", "path": "app.stdout"}]))
    assert isinstance(outcome, Failed)
    assert "'log' is missing" in outcome.user_message


@pytest.mark.parametrize(
    ("path", "what"),
    [
        ("../secret", "leads out"),
        ("/etc/passwd", "absolute"),
        ("run 1/../../secret", "leads out"),
        ("", "does not name"),
        ("a\0b", "NUL"),
    ],
)
def test_a_path_out_of_the_working_directory_is_refused(tmp_path: Path, process: Path, path: str, what: str) -> None:
    (tmp_path / "secret").write_text("secret")
    run = run_of(tmp_path, process, [{"name": "loot", "path": path}, {"name": "log", "path": "app.stdout"}])
    outcome = OutputStaging().execute(run)
    assert isinstance(outcome, Failed)
    assert "'loot'" in outcome.user_message
    assert what in outcome.user_message
    assert [file.name for file in (tmp_path / "outputs").iterdir()] == ["app.stdout"]


def test_a_link_that_leads_out_is_refused_and_one_that_stays_is_followed(tmp_path: Path, process: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "secret.csv").write_text("secret")
    (process / "stolen.csv").symlink_to(tmp_path / "elsewhere" / "secret.csv")
    (process / "by-folder").symlink_to(tmp_path / "elsewhere")
    (process / "latest.csv").symlink_to("run 1/c.csv")
    outputs = [
        {"name": "tables", "path": "*.csv"},
        {"name": "deep", "path": "by-folder/secret.csv", "required": False},
    ]
    outcome = OutputStaging().execute(run_of(tmp_path, process, outputs))
    assert isinstance(outcome, Failed)
    assert "'stolen.csv'" in outcome.user_message
    assert "'by-folder/secret.csv'" in outcome.user_message
    brought = {path.name: path.read_text() for path in (tmp_path / "outputs").rglob("*")}
    assert "secret" not in brought.values()
    assert brought["latest.csv"] == "c\n"


def test_files_of_one_name_do_not_overwrite_each_other(tmp_path: Path, process: Path) -> None:
    (process / "run 2").mkdir()
    (process / "run 2" / "c.csv").write_text("another c\n")
    outcome = OutputStaging().execute(run_of(tmp_path, process, [{"name": "all", "path": "run */c.csv"}]))
    assert isinstance(outcome, Completed), outcome
    assert (tmp_path / "outputs" / "run 1" / "c.csv").read_text() == "c\n"
    assert (tmp_path / "outputs" / "run 2" / "c.csv").read_text() == "another c\n"


def test_outputs_may_stay_on_the_resource(tmp_path: Path, process: Path) -> None:
    run = run_of(tmp_path, process, [{"name": "tables", "path": "*.csv"}], f"here:{tmp_path / 'kept'}")
    outcome = OutputStaging().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert run.recording.uses == [("run", "here"), ("run", "here")]
    assert outcome.outputs["files"]["tables"][0]["path"] == f"here:{tmp_path / 'kept' / 'a.csv'}"
    assert (tmp_path / "kept" / AWKWARD).read_text() == "awkward\n"


def test_outputs_may_go_to_another_resource(tmp_path: Path, process: Path) -> None:
    run = run_of(tmp_path, process, [{"name": "tables", "path": "*.csv"}], f"there:{tmp_path / 'kept'}")
    outcome = OutputStaging().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert run.recording.uses == [("run", "here"), ("get", "here"), ("put", "there")]
    assert (tmp_path / "kept" / AWKWARD).read_text() == "awkward\n"


def test_a_copy_that_cannot_be_made_is_told_with_its_cause(tmp_path: Path, process: Path) -> None:
    (tmp_path / "kept").write_text("a file where a directory should be")
    run = run_of(tmp_path, process, [{"name": "log", "path": "app.stdout"}], f"here:{tmp_path / 'kept'}")
    outcome = OutputStaging().execute(run)
    assert isinstance(outcome, Failed)
    assert "app.stdout" in outcome.user_message
    assert "a file stands on here where a directory should be" in outcome.user_message


def test_a_name_that_no_json_can_hold_is_refused(tmp_path: Path, process: Path) -> None:
    (process / os.fsdecode(b"caf\xe9.csv")).write_text("latin-1")
    outcome = OutputStaging().execute(run_of(tmp_path, process, [{"name": "tables", "path": "*.csv"}]))
    assert isinstance(outcome, Failed)
    assert "not UTF-8" in outcome.user_message
    assert "caf\\xe9.csv" in outcome.user_message


def test_nothing_to_bring_costs_one_command(tmp_path: Path, process: Path) -> None:
    run = run_of(tmp_path, process, [{"name": "maybe", "path": "maybe", "required": False}])
    assert isinstance(OutputStaging().execute(run), Completed)
    assert run.recording.uses == [("run", "here")]


def test_wrong_parameters_are_refused(tmp_path: Path, process: Path) -> None:
    with pytest.raises(ValidationError):
        run_of(tmp_path, process, [], "relative")
    with pytest.raises(ValidationError):
        run_of(tmp_path, process, [{"name": "x", "path": "x", "type": "NO_SUCH_TYPE"}])
