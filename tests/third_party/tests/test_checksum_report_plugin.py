"""The example's task plugin: in the suite of airavata-workload, and for what only it does."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from airavata_workload_example.checksum_report import ChecksumReport
from pydantic import ValidationError

from airavata_workload.domain.errors import CommandFailedError
from airavata_workload.domain.outcome import Completed, Failed
from airavata_workload.testing.task_plugin_suite import Ground, TaskPluginSuite
from airavata_workload.testing.task_run import RecordedTaskRun

AWKWARD = 'it\'s $(touch ran) \n"ü"'


class TestConformance(TaskPluginSuite):
    plugin_class = ChecksumReport

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        process = ground.here_scratch / "process"
        process.mkdir()
        (process / "result.csv").write_text("1,2\n")
        return {"directory": str(process)}


def test_the_manifest_lists_every_file_and_can_be_checked(tmp_path: Path) -> None:
    (tmp_path / "process" / "deep").mkdir(parents=True)
    (tmp_path / "process" / "deep" / AWKWARD).write_text("awkward")
    (tmp_path / "process" / "a").write_text("a")
    (tmp_path / "process" / ".hidden").write_text("hidden")
    run = RecordedTaskRun.of(ChecksumReport, {"directory": str(tmp_path / "process")}, tmp_path)
    for _attempt in range(2):
        outcome = ChecksumReport().execute(run)
        assert outcome == Completed({"manifest": f"{tmp_path}/process/MANIFEST.sha256", "files": 2})
    manifest = (tmp_path / "process" / "MANIFEST.sha256").read_text()
    assert f"{hashlib.sha256(b'a').hexdigest()}  ./a\n" in manifest
    check = ["sha256sum", "--check", "--strict", "MANIFEST.sha256"]
    checked = subprocess.run(check, cwd=tmp_path / "process", capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
    assert run.recording.uses == [("run", "here")] * 2
    assert not list(tmp_path.rglob("ran"))


def test_an_empty_directory_has_an_empty_manifest(tmp_path: Path) -> None:
    outcome = ChecksumReport().execute(
        RecordedTaskRun.of(ChecksumReport, {"directory": str(tmp_path), "manifest": "sums"}, tmp_path / "else")
    )
    assert isinstance(outcome, Completed)
    assert (tmp_path / "sums").exists()


def test_a_missing_directory_is_named(tmp_path: Path) -> None:
    outcome = ChecksumReport().execute(RecordedTaskRun.of(ChecksumReport, {"directory": "/no/such"}, tmp_path))
    assert isinstance(outcome, Failed)
    assert "/no/such" in outcome.user_message


def test_a_manifest_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    (tmp_path / ".sums.new").mkdir()
    with pytest.raises(CommandFailedError, match="sums"):
        ChecksumReport().execute(
            RecordedTaskRun.of(ChecksumReport, {"directory": str(tmp_path), "manifest": "sums"}, tmp_path / "else")
        )


@pytest.mark.parametrize("parameters", [{"directory": "relative"}, {"directory": "/a", "manifest": "../b"}])
def test_wrong_parameters_are_refused(tmp_path: Path, parameters: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        RecordedTaskRun.of(ChecksumReport, parameters, tmp_path)
