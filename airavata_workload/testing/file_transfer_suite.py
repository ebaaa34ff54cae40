"""What every file transfer promises. Subclass ``FileTransferSuite`` and give it its three fixtures."""

from __future__ import annotations

import hashlib
import os
import random
import shlex
import stat
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

import pytest

from airavata_workload.domain.errors import CommandFailedError, InputError, StagingInputError, TaskCancelled
from airavata_workload.ports.file_transfer import FilePair, FileTransfer
from airavata_workload.ports.remote_shell import RemoteShell

NAMES = (
    "plain",
    "with space",
    "quote'",
    'double"quote',
    "$(touch injected)",
    "`touch injected`",
    "new\nline",
    "tab\t",
    "-rf",
    "--",
    "back\\slash",
    "*",
    "[a]",
    "ü€漢",
    "\udcff\udcfe",
    "#",
    "~",
    "a;b&c|d",
    "n" * 255,
)
"""Names that a file may have."""
SIZES_BYTES = (0, 1, 511, 512, 513, 65_536, 65_537, 200_000, 5_000_000)


class FileTransferSuite:
    """Conformance tests of ``FileTransfer``."""

    @pytest.fixture
    def transfer(self) -> FileTransfer:
        """The transfer under test. Override it."""
        _must_override("transfer")

    @pytest.fixture
    def shell(self) -> RemoteShell:
        """A shell on the far side, to look at what arrived. Override it."""
        _must_override("shell")

    @pytest.fixture
    def remote_directory(self) -> str:
        """Absolute path of an empty directory on the far side. Override it."""
        _must_override("remote_directory")

    # -- there and back ----------------------------------------------------------------
    @pytest.mark.parametrize("checksum", [True, False])
    @pytest.mark.parametrize("size", SIZES_BYTES)
    def test_any_size_there_and_back(
        self, transfer: FileTransfer, remote_directory: str, tmp_path: Path, size: int, checksum: bool
    ) -> None:
        content = random.Random(size).randbytes(size)  # noqa: S311 - test data
        there = _pair(tmp_path / "source", remote_directory, "copy", content)
        back = FilePair(local=tmp_path / "new" / "directory" / "back", remote=there.remote)
        for receipt in (*transfer.put([there], checksum=checksum), *transfer.get([back], checksum=checksum)):
            assert receipt.size_bytes == size
            assert receipt.sha256 == (hashlib.sha256(content).hexdigest() if checksum else None)
            assert receipt.remote == there.remote
        assert back.local.read_bytes() == content

    @pytest.mark.parametrize("name", NAMES)
    def test_any_name_there_and_back(
        self, transfer: FileTransfer, shell: RemoteShell, remote_directory: str, tmp_path: Path, name: str
    ) -> None:
        there = _pair(
            tmp_path / "here" / name, f"{remote_directory}/{name[:80]}", name, b"content of " + os.fsencode(name)
        )
        transfer.put([there])
        back = FilePair(local=tmp_path / "back" / name, remote=there.remote)
        transfer.get([back])
        assert back.local.read_bytes() == there.local.read_bytes()
        assert _names(shell, remote_directory) == {name[:80]}
        assert [file.path for file in transfer.list_files(f"{remote_directory}/{name[:80]}", ["*"])["*"]] == [name]

    def test_all_names_at_once(self, transfer: FileTransfer, remote_directory: str, tmp_path: Path) -> None:
        there = [
            _pair(tmp_path / "here" / name, f"{remote_directory}/{number % 3}", name, os.fsencode(name) * 9000)
            for number, name in enumerate(NAMES)
        ]
        transfer.put(there)
        back = [FilePair(local=tmp_path / "back" / pair.local.name, remote=pair.remote) for pair in there]
        receipts = transfer.get(back)
        assert [receipt.local for receipt in receipts] == [pair.local for pair in back]
        for sent, fetched in zip(there, back, strict=True):
            assert fetched.local.read_bytes() == sent.local.read_bytes()

    def test_many_small_files(
        self, transfer: FileTransfer, shell: RemoteShell, remote_directory: str, tmp_path: Path
    ) -> None:
        there = [_pair(tmp_path / f"{n}", f"{remote_directory}/d{n % 7}", f"f{n}", b"%d" % n * n) for n in range(600)]
        receipts = transfer.put(there)
        assert [receipt.remote for receipt in receipts] == [pair.remote for pair in there]
        back = [FilePair(local=tmp_path / "back" / f"{n}", remote=pair.remote) for n, pair in enumerate(there)]
        transfer.get(back)
        assert all(a.local.read_bytes() == b.local.read_bytes() for a, b in zip(there, back, strict=True))
        assert not _temporary(shell, remote_directory)
        assert {path.name for path in (tmp_path / "back").iterdir()} == {str(n) for n in range(600)}

    def test_small_and_large_together(self, transfer: FileTransfer, remote_directory: str, tmp_path: Path) -> None:
        there = [
            _pair(tmp_path / f"{size}", remote_directory, f"f{size}", random.Random(size).randbytes(size))  # noqa: S311
            for size in (6_000_000, 10, 300_000, 0, 4_500_000)
        ]
        seen: list[tuple[int, int]] = []
        transfer.put(there, progress=lambda done, total: seen.append((done, total)))
        total = sum(pair.local.stat().st_size for pair in there)
        assert seen[-1] == (total, total)
        assert [done for done, _ in seen] == sorted(done for done, _ in seen)
        back = [FilePair(local=tmp_path / "back" / pair.local.name, remote=pair.remote) for pair in there]
        seen.clear()
        transfer.get(back, progress=lambda done, total: seen.append((done, total)))
        assert seen[-1] == (total, total)
        assert all(a.local.read_bytes() == b.local.read_bytes() for a, b in zip(there, back, strict=True))

    def test_nothing_to_do(self, transfer: FileTransfer) -> None:
        assert transfer.put([]) == transfer.get([]) == []

    def test_an_older_file_is_replaced(self, transfer: FileTransfer, remote_directory: str, tmp_path: Path) -> None:
        for content in (b"a longer first version", b"second"):
            there = _pair(tmp_path / "source", remote_directory, "file", content)
            transfer.put([there])
            back = FilePair(local=tmp_path / "back", remote=there.remote)
            transfer.get([back])
            assert back.local.read_bytes() == content

    @pytest.mark.parametrize("size", [100, 5_000_000])
    def test_permissions_are_kept_when_sending(
        self, transfer: FileTransfer, shell: RemoteShell, remote_directory: str, tmp_path: Path, size: int
    ) -> None:
        there = _pair(tmp_path / "program", remote_directory, "program", b"#" * size)
        there.local.chmod(stat.S_IRWXU)
        transfer.put([there])
        mode = shell.run(f"ls -l {shlex.quote(there.remote)}").require_success("ls").text
        assert mode.startswith("-rwx------")

    # -- what goes wrong ---------------------------------------------------------------
    def test_a_missing_local_file_is_named(
        self, transfer: FileTransfer, shell: RemoteShell, remote_directory: str, tmp_path: Path
    ) -> None:
        good = _pair(tmp_path / "good", remote_directory, "good", b"x")
        missing = FilePair(local=tmp_path / "not there", remote=f"{remote_directory}/missing")
        with pytest.raises(StagingInputError, match="not there"):
            transfer.put([good, missing])
        assert not _names(shell, remote_directory)

    def test_a_local_directory_is_refused(self, transfer: FileTransfer, remote_directory: str, tmp_path: Path) -> None:
        with pytest.raises(StagingInputError, match="directory"):
            transfer.put([FilePair(local=tmp_path, remote=f"{remote_directory}/x")])

    def test_a_missing_remote_file_is_named(
        self, transfer: FileTransfer, remote_directory: str, tmp_path: Path
    ) -> None:
        there = _pair(tmp_path / "good", remote_directory, "good", b"x")
        transfer.put([there])
        pairs = [
            FilePair(local=tmp_path / "a", remote=there.remote),
            FilePair(local=tmp_path / "b", remote=f"{remote_directory}/not there"),
        ]
        with pytest.raises(CommandFailedError, match="not there"):
            transfer.get(pairs)
        assert not (tmp_path / "b").exists()

    def test_a_remote_directory_is_not_a_file(
        self, transfer: FileTransfer, remote_directory: str, tmp_path: Path
    ) -> None:
        with pytest.raises(CommandFailedError):
            transfer.get([FilePair(local=tmp_path / "a", remote=remote_directory)])

    @pytest.mark.parametrize("remote", ["relative/path", "/ends/with/", "/a/..", "/nul\0"])
    def test_a_bad_remote_path_is_refused(self, transfer: FileTransfer, tmp_path: Path, remote: str) -> None:
        (tmp_path / "x").write_bytes(b"x")
        with pytest.raises(InputError):
            transfer.put([FilePair(local=tmp_path / "x", remote=remote)])

    @pytest.mark.parametrize("size", [100, 5_000_000])
    def test_cancelling_leaves_no_half_file(
        self, transfer: FileTransfer, shell: RemoteShell, remote_directory: str, tmp_path: Path, size: int
    ) -> None:
        there = _pair(tmp_path / "source", remote_directory, "file", b"x" * size)
        with pytest.raises(TaskCancelled):
            transfer.put([there], cancelled=lambda: True)
        assert "file" not in _names(shell, remote_directory)
        transfer.put([there])
        with pytest.raises(TaskCancelled):
            transfer.get([FilePair(local=tmp_path / "back", remote=there.remote)], cancelled=lambda: True)
        assert not (tmp_path / "back").exists()

    # -- listing -----------------------------------------------------------------------
    def test_patterns(self, transfer: FileTransfer, shell: RemoteShell, remote_directory: str, tmp_path: Path) -> None:
        names = (
            "a.txt",
            "b.txt",
            "é.txt",
            ".hidden.txt",
            "out[1].log",
            "sub/c.txt",
            "sub/deep/d.txt",
            "x*y",
            ".d/e.txt",
        )
        transfer.put([_pair(tmp_path / "f", remote_directory, name, b"12345") for name in names])
        shell.run(f"mkdir {shlex.quote(remote_directory)}/dir.txt").require_success("mkdir")
        expected = {
            "*.txt": ["a.txt", "b.txt", "é.txt"],
            "?.txt": ["a.txt", "b.txt", "é.txt"],
            ".*": [".hidden.txt"],
            "a.txt": ["a.txt"],
            "out[1].log": ["out[1].log"],
            "out*": ["out[1].log"],
            "sub/*": ["sub/c.txt"],
            "*/*.txt": ["sub/c.txt"],
            "sub/*/?.txt": ["sub/deep/d.txt"],
            "./sub/c.txt": ["sub/c.txt"],
            "x*y": ["x*y"],
            "none*": [],
            "sub": [],
        }
        listed = transfer.list_files(remote_directory, list(expected))
        assert {pattern: [file.path for file in files] for pattern, files in listed.items()} == expected
        assert {file.size_bytes for files in listed.values() for file in files} == {5}

    def test_a_directory_that_is_not_there_has_no_files(self, transfer: FileTransfer, remote_directory: str) -> None:
        assert transfer.list_files(f"{remote_directory}/none", ["*", "a"]) == {"*": [], "a": []}
        assert transfer.list_files(remote_directory, []) == {}

    @pytest.mark.parametrize("pattern", ["../*", "/etc/passwd", "a/../../b", ""])
    def test_patterns_stay_in_the_directory(self, transfer: FileTransfer, remote_directory: str, pattern: str) -> None:
        with pytest.raises(InputError):
            transfer.list_files(remote_directory, [pattern])


def _pair(local: Path, remote_directory: str, name: str, content: bytes) -> FilePair:
    local.parent.mkdir(parents=True, exist_ok=True)
    local.write_bytes(content)
    return FilePair(local=local, remote=f"{remote_directory}/{name}")


def _names(shell: RemoteShell, directory: str) -> set[str]:
    """All names in a directory that are not temporary ones."""
    listed = shell.run(f"cd {shlex.quote(directory)} && find . ! -name . -prune -exec printf '%s\\0' {{}} +")
    found = (os.fsdecode(name.removeprefix(b"./")) for name in listed.require_success("find").stdout.split(b"\0")[:-1])
    return {name for name in found if not name.endswith(".part")}


def _temporary(shell: RemoteShell, directory: str) -> Sequence[str]:
    return shell.run(f"find {shlex.quote(directory)} -name '.*.part'").require_success("find").text.splitlines()


def _must_override(fixture: str) -> NoReturn:
    raise AssertionError(f"The conformance suite needs a fixture '{fixture}': override it in the subclass.")
