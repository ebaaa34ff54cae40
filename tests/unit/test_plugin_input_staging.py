from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import pytest
from waiting_rooms import task

from airavata_plugins.file_list import FILE_LIST_LIMIT_BYTES
from airavata_plugins.input_staging import InputStaging
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import DiskFullError, QuotaExceededError, TransferError, WorkloadError
from airavata_workload.domain.message import Verdict
from airavata_workload.domain.outcome import Completed, Failed
from airavata_workload.ports.file_transfer import FileTransfer
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.task_run import RecordedTaskRun
from airavata_workload.worker.performance import Performance

AWKWARD = 'it\'s $(touch ran) \n"ü" *.csv'


def run_of(tmp_path: Path, files: list[dict[str, Any]], **parameters: Any) -> RecordedTaskRun[Any]:
    machines = Machines([local_cluster(tmp_path, "here"), local_cluster(tmp_path, "there")])
    values = {"files": files, "directory": str(tmp_path / "process"), **parameters}
    return RecordedTaskRun.of(InputStaging, values, tmp_path, machines)


def written(path: Path, text: str = "some data\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_all_local_files_go_in_one_transfer(tmp_path: Path) -> None:
    paths = [written(tmp_path / name, name) for name in ("one", "two", AWKWARD)]
    run = run_of(tmp_path, [{"input": f"i{n}", "place": str(path)} for n, path in enumerate(paths)])
    outcome = InputStaging().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert run.recording.uses == [("put", "here")]
    assert run.recording.progress
    for path, described in zip(paths, outcome.outputs["files"], strict=True):
        staged = tmp_path / "process" / path.name
        assert staged.read_text() == path.name
        assert described["path"] == str(staged)
        assert described["name"] == path.name
        assert described["size_bytes"] == len(path.name.encode())
        assert described["sha256"] == hashlib.sha256(path.name.encode()).hexdigest()


def test_a_file_may_get_another_name_and_a_subdirectory(tmp_path: Path) -> None:
    path = written(tmp_path / "source.dat")
    outcome = InputStaging().execute(run_of(tmp_path, [{"input": "i", "place": str(path), "name": "data/in.dat"}]))
    assert isinstance(outcome, Completed), outcome
    assert (tmp_path / "process" / "data" / "in.dat").read_text() == path.read_text()
    assert outcome.outputs["files"][0]["name"] == "data/in.dat"


def test_what_is_on_the_resource_is_copied_there_with_one_command(tmp_path: Path) -> None:
    names = [AWKWARD, "plain", "-n"]
    paths = [written(tmp_path / "library" / name, name) for name in names]
    run = run_of(tmp_path, [{"input": "i", "place": f"here:{path}"} for path in paths])
    outcome = InputStaging().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert run.recording.uses == [("run", "here")]
    assert [(tmp_path / "process" / name).read_text() for name in names] == names
    assert [file["sha256"] for file in outcome.outputs["files"]] == [
        hashlib.sha256(name.encode()).hexdigest() for name in names
    ]
    assert len(list((tmp_path / "process").iterdir())) == len(names)
    assert not list(tmp_path.rglob("ran"))


def test_what_is_on_another_resource_comes_over_the_worker(tmp_path: Path) -> None:
    path = written(tmp_path / "library" / AWKWARD)
    run = run_of(tmp_path, [{"input": "i", "place": f"there:{path}"}])
    outcome = InputStaging().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert run.recording.uses == [("run", "there"), ("get", "there"), ("put", "here")]
    assert (tmp_path / "process" / AWKWARD).read_text() == path.read_text()


def test_without_checksums_none_are_told(tmp_path: Path) -> None:
    files = [
        {"input": "a", "place": str(written(tmp_path / "a"))},
        {"input": "b", "place": f"here:{written(tmp_path / 'b')}"},
    ]
    outcome = InputStaging().execute(run_of(tmp_path, files, checksum=False))
    assert isinstance(outcome, Completed), outcome
    assert [file["sha256"] for file in outcome.outputs["files"]] == [None, None]


@pytest.mark.parametrize("resource", ["", "here:", "there:"])
def test_every_missing_file_is_named_with_its_input(tmp_path: Path, resource: str) -> None:
    files = [
        {"input": "molecule", "place": f"{resource}{tmp_path}/no such.pdb"},
        {"input": "folder", "place": f"{resource}{tmp_path}"},
        {"input": "blank", "place": f"{resource}{written(tmp_path / 'blank.dat', '')}"},
    ]
    outcome = InputStaging().execute(run_of(tmp_path, files))
    assert isinstance(outcome, Failed)
    assert f"Input 'molecule': the file {resource}{tmp_path}/no such.pdb does not exist" in outcome.user_message
    assert f"Input 'folder': the file {resource}{tmp_path} is not a file" in outcome.user_message
    assert f"Input 'blank': the file {resource}{tmp_path}/blank.dat is empty" in outcome.user_message


@pytest.mark.parametrize("resource", ["", "here:", "there:"])
def test_optional_files_may_be_missing_or_empty(tmp_path: Path, resource: str) -> None:
    blank = written(tmp_path / "blank.dat", "")
    files = [
        {"input": "a", "place": f"{resource}{tmp_path}/nothing", "required": False},
        {"input": "b", "place": "", "required": False},
        {"input": "c", "place": f"{resource}{blank}", "required": False},
    ]
    outcome = InputStaging().execute(run_of(tmp_path, files))
    assert isinstance(outcome, Completed), outcome
    assert [(file["input"], file["size_bytes"]) for file in outcome.outputs["files"]] == [("c", 0)]
    assert [path.name for path in (tmp_path / "process").iterdir()] == ["blank.dat"]


def test_an_unreadable_file_is_named(tmp_path: Path) -> None:
    place = "/proc/self/mem"  # its first byte cannot be read, not even by root
    outcome = InputStaging().execute(run_of(tmp_path, [{"input": "i", "place": place, "required": False}]))
    assert isinstance(outcome, Failed)
    assert f"Input 'i': the file {place} cannot be read" in outcome.user_message


def test_two_inputs_of_one_name_are_refused_and_nothing_is_sent(tmp_path: Path) -> None:
    first, second = written(tmp_path / "one" / "data.csv"), written(tmp_path / "two" / "data.csv")
    run = run_of(tmp_path, [{"input": "a", "place": str(first)}, {"input": "b", "place": str(second)}])
    outcome = InputStaging().execute(run)
    assert isinstance(outcome, Failed)
    assert "'a' and 'b'" in outcome.user_message
    assert run.recording.uses == []


def test_two_inputs_may_be_the_same_file(tmp_path: Path) -> None:
    place = str(written(tmp_path / "data.csv"))
    outcome = InputStaging().execute(run_of(tmp_path, [{"input": "a", "place": place}, {"input": "b", "place": place}]))
    assert isinstance(outcome, Completed), outcome
    assert [file["input"] for file in outcome.outputs["files"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("file", "what"),
    [
        ({"place": "relative/path"}, "not an absolute path"),
        ({"place": "here:relative"}, "not an absolute path"),
        ({"place": "/data/../etc/shadow"}, "'..'"),
        ({"place": "", "required": True}, "names no file"),
        ({"place": "/data/x", "name": "../x"}, "leads out"),
        ({"place": "/data/x", "name": "/etc/x"}, "absolute"),
        ({"place": "/data/x\0"}, "NUL"),
    ],
)
def test_places_that_are_none_are_refused(tmp_path: Path, file: dict[str, Any], what: str) -> None:
    outcome = InputStaging().execute(run_of(tmp_path, [{"input": "molecule", **file}]))
    assert isinstance(outcome, Failed)
    assert "'molecule'" in outcome.user_message
    assert what in outcome.user_message


class Full(FileTransfer):
    """Fails as a real transfer does."""

    def __init__(self, error: Exception) -> None:
        self._error = error

    def put(self, *_arguments: Any, **_options: Any) -> Any:
        raise self._error

    def get(self, *_arguments: Any, **_options: Any) -> Any:
        raise self._error

    def list_files(self, *_arguments: Any) -> Any:
        raise self._error

    def close(self) -> None:
        return None


def with_failing_transfer(tmp_path: Path, error: Exception) -> RecordedTaskRun[Any]:
    machines = Machines([local_cluster(tmp_path)], transfers={"here": Full(error)})
    files = [{"input": "i", "place": str(written(tmp_path / "data"))}]
    return RecordedTaskRun.of(InputStaging, {"files": files, "directory": "/s/p"}, tmp_path, machines)


@pytest.mark.parametrize("kind", [DiskFullError, QuotaExceededError])
def test_a_full_disk_and_a_used_up_quota_are_told(tmp_path: Path, kind: type[WorkloadError]) -> None:
    error = kind("Nothing more fits on here.", user_message="It is full.", remedy="Free some space there.")
    outcome = InputStaging().execute(with_failing_transfer(tmp_path, error))
    assert isinstance(outcome, Failed)
    assert "Nothing more fits on here. Free some space there." in outcome.user_message


def test_a_full_disk_of_the_worker_is_no_fault_of_the_task(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run = with_failing_transfer(tmp_path, DiskFullError("Nothing more fits on here."))
    monkeypatch.setattr(run, "scratch_is_full", lambda: True)
    monkeypatch.setattr(run, "tidy", lambda: None, raising=False)
    outcome = Performance("worker", now_us).perform(InputStaging(), run, task("stage-in"))  # type: ignore[arg-type]
    assert outcome.verdict is Verdict.DEFERRED
    assert "The worker's own disk is full" in outcome.reason


def test_a_broken_transfer_may_be_tried_again(tmp_path: Path) -> None:
    with pytest.raises(TransferError):
        InputStaging().execute(with_failing_transfer(tmp_path, TransferError("broke off")))


def test_thousands_of_files_stay_within_the_limit_of_outputs(tmp_path: Path) -> None:
    folder = tmp_path / "many"
    folder.mkdir()
    for number in range(2000):
        (folder / f"part-{number:05}.dat").write_text("x")
    files = [{"input": "parts", "place": str(folder / name)} for name in sorted(os.listdir(folder))]
    outcome = InputStaging().execute(run_of(tmp_path, files))
    assert isinstance(outcome, Completed), outcome
    assert len(list((tmp_path / "process").iterdir())) == 2000
    told = len(outcome.outputs["files"])
    assert told + outcome.outputs["omitted_files"] == 2000
    assert len(json.dumps(dict(outcome.outputs))) < 1.1 * FILE_LIST_LIMIT_BYTES
