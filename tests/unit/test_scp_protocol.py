"""SCP with the storage: by the client that the Python SDK uses, by OpenSSH, and against the protocol's rules."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from storage_site import PATIENCE_S, StorageSite

from airavata_adapters.gateway_storage.confined_directory import ConfinedDirectory
from airavata_adapters.gateway_storage.scp_command import ScpCommand, parsed
from airavata_adapters.gateway_storage.scp_sink import ScpSink
from airavata_adapters.gateway_storage.scp_source import ScpSource
from airavata_adapters.gateway_storage.scp_stream import ScpStream
from airavata_workload.domain.errors import InputError, TransferError


class Tape:
    """The other end, which says what it was told to, and keeps what it hears."""

    def __init__(self, said: bytes) -> None:
        self._said = io.BytesIO(said)
        self.heard = b""

    def recv(self, nbytes: int) -> bytes:
        return self._said.read(min(nbytes, 7))

    def sendall(self, s: bytes) -> None:
        self.heard += s


@pytest.fixture
def files(tmp_path: Path) -> Iterator[ConfinedDirectory]:
    (tmp_path / "mine").mkdir()
    with ConfinedDirectory(tmp_path / "mine") as files:
        yield files


def sink(files: ConfinedDirectory, said: bytes, path: str = "/", *, recursive: bool = True) -> tuple[bool, bytes]:
    tape = Tape(said)
    command = ScpCommand(sends=False, paths=(path,), recursive=recursive)
    return ScpSink(command, ScpStream(tape), files).run(), tape.heard


def source(files: ConfinedDirectory, said: bytes, *paths: str, recursive: bool = False) -> tuple[bool, bytes]:
    tape = Tape(said)
    command = ScpCommand(sends=True, paths=paths, recursive=recursive)
    return ScpSource(command, ScpStream(tape), files).run(), tape.heard


def test_commands_are_read_and_never_run() -> None:
    assert parsed(b"scp -r -f '/a b' /c") == ScpCommand(sends=True, paths=("/a b", "/c"), recursive=True)
    assert parsed(b"scp -vpt -- -x") == ScpCommand(sends=False, paths=("-x",), keeps_times=True)
    for command in (
        b"",
        b"sh",
        b"scp",
        b"scp -f",
        b"scp -ft /a",
        b"scp -t /a /b",
        b"scp -S sh -f /a",
        b"scp -f '",
        b"\xff",
    ):
        with pytest.raises(InputError):
            parsed(command)


@given(st.binary(max_size=60))
def test_any_command_is_read_or_refused(command: bytes) -> None:
    with contextlib.suppress(InputError):
        assert parsed(b"scp " + command).paths


def test_files_and_directories_are_taken(files: ConfinedDirectory, tmp_path: Path) -> None:
    said = b"D0755 0 runs\nT2000 0 1000 0\nC0640 5 first\nhello\0C0600 0 empty\n\0E\n"
    well, heard = sink(files, said)
    assert well
    assert set(heard) == {0}
    found = tmp_path / "mine" / "runs"
    assert (found / "first").read_text() == "hello"
    assert (found / "first").stat().st_mtime == 2000
    assert (found / "empty").read_text() == ""


@pytest.mark.parametrize(
    "said",
    [
        b"C0644 1 ../out\nx\0",
        b"C0644 1 ..\nx\0",
        b"D0755 0 ..\nC0644 1 out\nx\0E\n",
        b"C0644 1 a/b\nx\0",
        b"C0644 -1 a\n",
        b"C0644 5 short\nab",
        b"D0755 0 open\n",
        b"X\n",
        b"C" * 100_000,
        b"no end",
    ],
)
def test_what_the_protocol_does_not_know_ends_the_transfer(
    files: ConfinedDirectory, tmp_path: Path, said: bytes
) -> None:
    with pytest.raises(TransferError):
        sink(files, said)
    assert not (tmp_path / "out").exists()


def test_a_file_that_cannot_be_written_is_complained_of_and_the_others_are_taken(
    files: ConfinedDirectory, tmp_path: Path
) -> None:
    (tmp_path / "mine" / "taken").mkdir()
    (tmp_path / "mine" / "out").symlink_to(tmp_path)
    well, heard = sink(files, b"C0644 1 taken\nC0644 1 good\ng\0")
    assert not well
    assert b"\1scp: /taken: Is a directory\n" in heard
    assert (tmp_path / "mine" / "good").read_text() == "g"
    assert sink(files, b"D0755 0 out\n")[0] is False
    with pytest.raises(TransferError):
        sink(files, b"D0755 0 new\n", recursive=False)


@given(st.binary(max_size=200))
def test_any_bytes_end_a_transfer_in_good_order(tmp_path_factory: pytest.TempPathFactory, said: bytes) -> None:
    with ConfinedDirectory(tmp_path_factory.mktemp("any")) as files:
        for end in (sink, source):
            with contextlib.suppress(TransferError):
                end(files, said, "/")


def test_what_is_sent_is_announced_first(files: ConfinedDirectory, tmp_path: Path) -> None:
    mine = tmp_path / "mine"
    (mine / "runs").mkdir(mode=0o700)
    (mine / "runs" / "one").write_text("1")
    (mine / "runs" / "one").chmod(0o600)
    (mine / "runs" / "link").symlink_to("/etc/passwd")
    os.mkfifo(mine / "runs" / "pipe")
    well, heard = source(files, b"\0" * 10, "/runs", recursive=True)
    assert not well
    assert heard.startswith(b"D0700 0 runs\n")
    assert heard.endswith(b"E\n")
    parts = (b"\1scp: /runs/link: Permission denied\n", b"C0600 1 one\n1\0", b"\1scp: /runs/pipe: not a regular file\n")
    assert [heard.count(part) for part in parts] == [1, 1, 1], "in whatever order the directory has them"
    assert len(heard) == len(b"D0700 0 runs\nE\n") + sum(map(len, parts))
    assert source(files, b"\0" * 10, "/runs")[1] == b"\1scp: /runs: is a directory; ask for it with -r\n"
    assert source(files, b"\0" * 10, "/no")[1] == b"\1scp: /no: No such file or directory\n"
    assert source(files, b"\0\1not wanted\n", "/runs/one") == (False, b"C0600 1 one\n")
    with pytest.raises(TransferError, match="gave up"):
        source(files, b"\0\2full\n", "/runs/one")


def test_several_files_go_into_a_directory_only(files: ConfinedDirectory) -> None:
    tape = Tape(b"")
    assert not ScpSink(ScpCommand(sends=False, paths=("/no",), into_directory=True), ScpStream(tape), files).run()
    assert tape.heard == b"\1scp: /no: Not a directory\n"


def test_openssh_copies_both_ways(tmp_path: Path) -> None:
    program = shutil.which("scp")
    assert program, "openssh-client is needed"
    here = tmp_path / "here"
    (here / "deep").mkdir(parents=True)
    (here / "deep" / "a b").write_bytes(os.urandom(300_000))
    answer = tmp_path / "answer"
    answer.write_text("#!/bin/sh\necho 'token of ada'\n")
    answer.chmod(0o700)
    with StorageSite(tmp_path) as site:
        host, port = site.address
        options = ["-O", "-r", "-p", "-P", str(port), "-F", "none", "-o", "BatchMode=no"]
        options += ["-o", "StrictHostKeyChecking=no", "-o", f"UserKnownHostsFile={tmp_path / 'known'}"]
        environment = {**os.environ, "SSH_ASKPASS": str(answer), "SSH_ASKPASS_REQUIRE": "force", "DISPLAY": ":0"}

        def copy(origin: str, target: str) -> None:
            done = subprocess.run(
                [program, *options, origin, target],
                env=environment,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE_S,
                start_new_session=True,
            )
            assert done.returncode == 0, done.stderr

        copy(str(here), f"ada@{host}:/there")
        copy(f"ada@{host}:/there", str(tmp_path / "back"))
    assert (tmp_path / "back" / "deep" / "a b").read_bytes() == (here / "deep" / "a b").read_bytes()


def test_a_channel_ends_with_the_status_of_the_transfer(tmp_path: Path) -> None:
    with StorageSite(tmp_path) as site:
        transport = site.transport()
        for path, status in (("/", 1), ("/file", 0)):
            (site.directory() / "file").write_text("x")
            channel = transport.open_session()
            channel.settimeout(PATIENCE_S)
            channel.exec_command(f"scp -f {path}")
            channel.sendall(b"\0" * 4)
            assert channel.recv_exit_status() == status
