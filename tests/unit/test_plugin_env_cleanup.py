from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from airavata_plugins.env_cleanup import EnvCleanup
from airavata_workload.domain.outcome import Completed, Failed
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.task_run import RecordedTaskRun

AWKWARD = 'it\'s $(touch ran) \n"ü"\n'


@pytest.fixture
def scratch(tmp_path: Path) -> Path:
    return Path(local_cluster(tmp_path).scratch_directory)


def run_of(tmp_path: Path, directory: Path | str, scratch_directory: str | None = None) -> RecordedTaskRun[Any]:
    cluster = local_cluster(tmp_path)
    if scratch_directory is not None:
        cluster = dataclasses.replace(cluster, scratch_directory=scratch_directory)
    return RecordedTaskRun.of(EnvCleanup, {"directory": str(directory)}, tmp_path, Machines([cluster]))


def filled(directory: Path) -> Path:
    (directory / "data").mkdir(parents=True)
    (directory / "data" / "one.txt").write_text("one\n")
    (directory / ".hidden").write_text("hidden\n")
    return directory


@pytest.mark.parametrize("name", ["process", "-rf", AWKWARD, f"deep/{AWKWARD}"])
def test_removes_the_directory_with_one_command(tmp_path: Path, scratch: Path, name: str) -> None:
    directory = filled(scratch / name)
    neighbour = filled(scratch / "neighbour")
    run = run_of(tmp_path, directory)
    outcome = EnvCleanup().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert not directory.exists()
    assert neighbour.exists()
    assert run.recording.uses == [("run", "here")]
    assert not list(tmp_path.rglob("ran"))


def test_a_directory_that_is_gone_is_done(tmp_path: Path, scratch: Path) -> None:
    assert isinstance(EnvCleanup().execute(run_of(tmp_path, scratch / "gone")), Completed)


def test_directories_that_nobody_may_write_to_go_too(tmp_path: Path, scratch: Path) -> None:
    directory = filled(scratch / "process")
    (directory / "data").chmod(0o500)
    assert isinstance(EnvCleanup().execute(run_of(tmp_path, directory)), Completed)
    assert not directory.exists()


def test_what_links_inside_point_to_stays(tmp_path: Path, scratch: Path) -> None:
    treasure = filled(tmp_path / "treasure")
    directory = filled(scratch / "process")
    (directory / "link").symlink_to(treasure)
    assert isinstance(EnvCleanup().execute(run_of(tmp_path, directory)), Completed)
    assert (treasure / "data" / "one.txt").exists()


@pytest.mark.parametrize("where", ["{scratch}", "{scratch}/", "{tmp}/other", "/", "{scratch}-neighbour/x"])
def test_what_is_not_strictly_inside_scratch_is_refused(tmp_path: Path, scratch: Path, where: str) -> None:
    other = filled(tmp_path / "other")
    run = run_of(tmp_path, where.format(scratch=scratch, tmp=tmp_path))
    outcome = EnvCleanup().execute(run)
    assert isinstance(outcome, Failed)
    assert "does not lie inside the scratch directory" in outcome.reason
    assert run.recording.uses == []
    assert other.exists()
    assert scratch.exists()


@pytest.mark.parametrize("scratch_directory", ["", "/", "relative"])
def test_without_a_scratch_directory_nothing_is_removed(tmp_path: Path, scratch_directory: str) -> None:
    directory = filled(tmp_path / "process")
    run = run_of(tmp_path, directory, scratch_directory)
    assert isinstance(EnvCleanup().execute(run), Failed)
    assert run.recording.uses == []
    assert directory.exists()


def test_a_link_that_leads_out_is_refused(tmp_path: Path, scratch: Path) -> None:
    treasure = filled(tmp_path / "treasure")
    (scratch / "link").symlink_to(treasure)
    for directory in (scratch / "link", scratch / "link" / "data"):
        outcome = EnvCleanup().execute(run_of(tmp_path, directory))
        assert isinstance(outcome, Failed)
        assert "link" in outcome.reason
    assert (treasure / "data" / "one.txt").exists()


def test_a_scratch_directory_behind_a_link_is_no_obstacle(tmp_path: Path, scratch: Path) -> None:
    (tmp_path / "scratch-link").symlink_to(scratch)
    directory = filled(scratch / "process")
    run = run_of(tmp_path, tmp_path / "scratch-link" / "process", str(tmp_path / "scratch-link"))
    assert isinstance(EnvCleanup().execute(run), Completed)
    assert not directory.exists()


def test_a_file_is_refused(tmp_path: Path, scratch: Path) -> None:
    (scratch / "file").write_text("a file")
    outcome = EnvCleanup().execute(run_of(tmp_path, scratch / "file"))
    assert isinstance(outcome, Failed)
    assert "not a directory" in outcome.reason
    assert (scratch / "file").exists()


def test_a_path_that_climbs_is_refused(tmp_path: Path, scratch: Path) -> None:
    with pytest.raises(ValidationError):
        run_of(tmp_path, f"{scratch}/../other")
