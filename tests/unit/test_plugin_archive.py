from __future__ import annotations

import io
import stat
import tarfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from airavata_plugins.archive import Archive
from airavata_plugins.tar_file import UnsafeTarError, unpack
from airavata_workload.domain.errors import DiskFullError, TaskCancelled, TransferError
from airavata_workload.domain.outcome import Completed, Failed
from airavata_workload.ports.file_transfer import FilePair, FileTransfer
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.task_run import RecordedTaskRun

AWKWARD = 'it\'s $(touch ran) \n"ü"'


@pytest.fixture
def process(tmp_path: Path) -> Path:
    directory = tmp_path / "process"
    (directory / "data" / "raw").mkdir(parents=True)
    (directory / "data" / "raw" / "one.txt").write_text("one\n")
    (directory / AWKWARD).write_text("awkward\n")
    (directory / "-rf").write_text("dash\n")
    (directory / ".hidden").write_text("hidden\n")
    return directory


def run_of(tmp_path: Path, process: Path, **parameters: Any) -> RecordedTaskRun[Any]:
    values = {"directory": str(process), "destination": str(tmp_path / "outputs"), **parameters}
    return RecordedTaskRun.of(Archive, values, tmp_path)


def tree(directory: Path) -> dict[str, str]:
    return {path.relative_to(directory).as_posix(): path.read_text() for path in directory.rglob("*") if path.is_file()}


CONTENTS = {"data/raw/one.txt": "one\n", AWKWARD: "awkward\n", "-rf": "dash\n"}


def test_the_working_directory_is_kept_without_hidden_entries(tmp_path: Path, process: Path) -> None:
    before = sorted(path.name for path in process.iterdir())
    run = run_of(tmp_path, process)
    outcome = Archive().execute(run)
    assert isinstance(outcome, Completed), outcome
    assert tree(tmp_path / "outputs" / "ARCHIVE") == CONTENTS
    assert outcome.outputs["files"] == len(CONTENTS)
    assert outcome.outputs["archive"] == str(tmp_path / "outputs" / "ARCHIVE")
    assert run.recording.uses == [("run", "here"), ("get", "here"), ("run", "here")]
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["ARCHIVE"], "the tar file is gone here"
    assert sorted(path.name for path in process.iterdir()) == before, "and there"
    assert not list(tmp_path.rglob("ran"))


def test_a_later_attempt_replaces_an_earlier_archive(tmp_path: Path, process: Path) -> None:
    Archive().execute(run_of(tmp_path, process))
    (process / "-rf").unlink()
    (process / "new").write_text("new\n")
    outcome = Archive().execute(run_of(tmp_path, process))
    assert isinstance(outcome, Completed), outcome
    kept = tree(tmp_path / "outputs" / "ARCHIVE")
    assert "-rf" not in kept
    assert kept["new"] == "new\n"
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["ARCHIVE"]


def test_what_a_broken_attempt_left_is_not_packed(tmp_path: Path, process: Path) -> None:
    run = run_of(tmp_path, process)
    run.recording.lose_answer_at_use = 1
    with pytest.raises(Exception, match="is lost"):
        Archive().execute(run)
    assert (process / "archive.tar").exists()
    assert isinstance(Archive().recover(run.next_attempt()), Completed)
    assert tree(tmp_path / "outputs" / "ARCHIVE") == CONTENTS


def test_a_file_of_the_users_called_archive_tar_is_kept_like_any_other(tmp_path: Path, process: Path) -> None:
    (process / "archive.tar").write_text("mine\n")
    outcome = Archive().execute(run_of(tmp_path, process))
    assert isinstance(outcome, Completed), outcome
    assert tree(tmp_path / "outputs" / "ARCHIVE") == {**CONTENTS, "archive.tar": "mine\n"}
    assert (process / "archive.tar").read_text() == "mine\n"


def test_the_tar_file_may_be_kept_instead(tmp_path: Path, process: Path) -> None:
    outcome = Archive().execute(run_of(tmp_path, process, unpack=False))
    assert isinstance(outcome, Completed), outcome
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == ["archive.tar"]
    with tarfile.open(outcome.outputs["archive"]) as archive:
        assert {member.name for member in archive if member.isfile()} == set(CONTENTS)


@pytest.mark.parametrize("unpacked", [True, False])
def test_an_empty_directory_has_an_empty_archive(tmp_path: Path, unpacked: bool) -> None:
    (tmp_path / "empty").mkdir()
    outcome = Archive().execute(run_of(tmp_path, tmp_path / "empty", unpack=unpacked))
    assert isinstance(outcome, Completed), outcome
    assert outcome.outputs["size_bytes"] == 0
    assert [path.name for path in (tmp_path / "outputs").iterdir()] == (["ARCHIVE"] if unpacked else [])


def test_a_directory_that_is_missing_is_named(tmp_path: Path) -> None:
    outcome = Archive().execute(run_of(tmp_path, tmp_path / "gone"))
    assert isinstance(outcome, Failed)
    assert str(tmp_path / "gone") in outcome.user_message
    assert not (tmp_path / "outputs").exists()


def test_links_that_lead_out_are_left_out_and_told(tmp_path: Path, process: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    (process / "absolute").symlink_to(tmp_path / "secret")
    (process / "upwards").symlink_to("../secret")
    (process / "inner").symlink_to("data/raw/one.txt")
    outcome = Archive().execute(run_of(tmp_path, process))
    assert isinstance(outcome, Completed), outcome
    assert sorted(outcome.outputs["left_out"]) == ["absolute", "upwards"]
    assert (tmp_path / "outputs" / "ARCHIVE" / "inner").is_symlink()
    assert (tmp_path / "outputs" / "ARCHIVE" / "inner").read_text() == "one\n"


class Breaking(FileTransfer):
    def __init__(self, error: Exception) -> None:
        self._error = error

    def put(self, *_arguments: Any, **_options: Any) -> Any:
        raise self._error

    def get(self, pairs: Sequence[FilePair], **_options: Any) -> Any:
        raise self._error

    def list_files(self, *_arguments: Any) -> Any:
        raise self._error

    def close(self) -> None:
        return None


@pytest.mark.parametrize("error", [DiskFullError("ENOSPC"), TaskCancelled("not wanted")])
def test_a_failure_for_good_leaves_nothing_behind(tmp_path: Path, process: Path, error: Exception) -> None:
    before = sorted(path.name for path in process.iterdir())
    Archive().execute(run_of(tmp_path, process))
    machines = Machines([local_cluster(tmp_path)], transfers={"here": Breaking(error)})
    parameters = {"directory": str(process), "destination": str(tmp_path / "outputs")}
    run = RecordedTaskRun.of(Archive, parameters, tmp_path, machines)
    if isinstance(error, TaskCancelled):
        with pytest.raises(TaskCancelled):
            Archive().execute(run)
    else:
        outcome = Archive().execute(run)
        assert isinstance(outcome, Failed)
        assert "Archiving" in outcome.user_message
        assert "ENOSPC" in outcome.user_message
    assert sorted(path.name for path in process.iterdir()) == before
    assert tree(tmp_path / "outputs" / "ARCHIVE") == CONTENTS, "the earlier archive stands"


def test_a_transfer_that_broke_off_may_be_tried_again(tmp_path: Path, process: Path) -> None:
    machines = Machines([local_cluster(tmp_path)], transfers={"here": Breaking(TransferError("broke off"))})
    parameters = {"directory": str(process), "destination": str(tmp_path / "outputs")}
    with pytest.raises(TransferError):
        Archive().execute(RecordedTaskRun.of(Archive, parameters, tmp_path, machines))
    assert list((tmp_path / "outputs").iterdir()) == []


def test_a_destination_that_cannot_be_made_is_told(tmp_path: Path, process: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    outcome = Archive().execute(run_of(tmp_path, process, destination=str(tmp_path / "file" / "outputs")))
    assert isinstance(outcome, Failed)
    assert "a file stands on the engine's machine" in outcome.user_message


def hostile(path: Path, *members: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w") as archive:
        for member, content in members:
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def member(name: str, kind: bytes = tarfile.REGTYPE, linkname: str = "") -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type = kind
    info.linkname = linkname
    return info


def test_a_tar_that_climbs_out_is_refused(tmp_path: Path) -> None:
    tar = hostile(tmp_path / "a.tar", (member("../outside"), b"loot"))
    (tmp_path / "in").mkdir()
    with pytest.raises(UnsafeTarError):
        unpack(tar, tmp_path / "in", lambda: None)
    assert not (tmp_path / "outside").exists()


def test_devices_links_out_and_what_hangs_on_them_are_left_out(tmp_path: Path) -> None:
    tar = hostile(
        tmp_path / "a.tar",
        (member("good"), b"good"),
        (member("pipe", tarfile.FIFOTYPE), b""),
        (member("out", tarfile.SYMTYPE, "/etc/passwd"), b""),
        (member("hard", tarfile.LNKTYPE, "missing"), b""),
    )
    (tmp_path / "in").mkdir()
    contents = unpack(tar, tmp_path / "in", lambda: None)
    assert contents.left_out == ["pipe", "out", "hard"]
    assert contents.files == 1
    assert [path.name for path in (tmp_path / "in").iterdir()] == ["good"]


@pytest.mark.parametrize("names", [["/absolute"], ["a/../../b"], ["x", "x/y"], ["d/f", "d"]])
def test_names_that_no_tar_of_ours_has_are_refused(tmp_path: Path, names: list[str]) -> None:
    tar = hostile(tmp_path / "a.tar", *((member(name), b"content") for name in names))
    (tmp_path / "in").mkdir()
    with pytest.raises(UnsafeTarError):
        unpack(tar, tmp_path / "in", lambda: None)


def test_nothing_is_written_through_a_link(tmp_path: Path) -> None:
    """A link that is harmless by itself, then a file below it, then a link that replaces it."""
    (tmp_path / "in").mkdir()
    below = hostile(tmp_path / "a.tar", (member("link", tarfile.SYMTYPE, "real"), b""), (member("link/file"), b"x"))
    with pytest.raises(UnsafeTarError):
        unpack(below, tmp_path / "in", lambda: None)
    (tmp_path / "again").mkdir()
    (tmp_path / "victim").write_text("untouched")
    replaced = hostile(
        tmp_path / "b.tar",
        (member("deep/er/link", tarfile.SYMTYPE, "../../file"), b""),
        (member("a", tarfile.SYMTYPE, "deep/er"), b""),
        (member("b", tarfile.SYMTYPE, "a/../../../victim"), b""),
        (member("c", tarfile.SYMTYPE, "../victim"), b""),
        (member("deep/er/link"), b"a file now"),
        (member("hard", tarfile.LNKTYPE, "a"), b""),
        (member("same", tarfile.LNKTYPE, "deep/er/link"), b""),
    )
    contents = unpack(replaced, tmp_path / "again", lambda: None)
    assert contents.left_out == ["b", "c", "hard"]
    assert (tmp_path / "again" / "same").read_text() == "a file now"
    assert (tmp_path / "victim").read_text() == "untouched"
    assert not (tmp_path / "again" / "file").exists()


def test_nobody_else_may_write_and_nothing_runs_as_another(tmp_path: Path) -> None:
    program = member("program")
    program.mode, program.mtime = 0o6777, 1_000_000_000
    (tmp_path / "in").mkdir()
    unpack(hostile(tmp_path / "a.tar", (program, b"x")), tmp_path / "in", lambda: None)
    status = (tmp_path / "in" / "program").stat()
    assert stat.S_IMODE(status.st_mode) == 0o755
    assert status.st_mtime == 1_000_000_000


@pytest.mark.parametrize("modified", [-1, 1e30, float("nan"), float("inf")])
def test_an_impossible_time_does_no_harm(tmp_path: Path, modified: float) -> None:
    strange = member("strange")
    strange.pax_headers = {"mtime": str(modified)}
    (tmp_path / "in").mkdir()
    assert unpack(hostile(tmp_path / "a.tar", (strange, b"x")), tmp_path / "in", lambda: None).files == 1


def test_a_tar_that_is_cut_short_is_refused(tmp_path: Path) -> None:
    tar = hostile(tmp_path / "a.tar", (member("good"), b"x" * 20_000))
    tar.write_bytes(tar.read_bytes()[:5_000])
    (tmp_path / "in").mkdir()
    with pytest.raises(UnsafeTarError):
        unpack(tar, tmp_path / "in", lambda: None)


def test_unpacking_can_be_cancelled(tmp_path: Path, process: Path) -> None:
    def stop() -> None:
        raise TaskCancelled("not wanted")

    tar = hostile(tmp_path / "a.tar", (member("good"), b"good"))
    (tmp_path / "in").mkdir()
    with pytest.raises(TaskCancelled):
        unpack(tar, tmp_path / "in", stop)
    assert list((tmp_path / "in").iterdir()) == []
