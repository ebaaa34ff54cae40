"""Whatever a user writes arrives as written, and stays inside its command."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from airavata_adapters.file_transfers.local import LocalTransfer
from airavata_adapters.file_transfers.scp import ScpTransferFactory
from airavata_adapters.remote_shells.local import LocalShellFactory
from airavata_workload.domain.cluster import Cluster
from airavata_workload.ports.file_transfer import FilePair, FileTransfer
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.testing.machines import NoCredentials

HERE = Cluster(name="here", remote_shell="local", file_transfer="local")

names = (
    st.binary(min_size=1, max_size=255)
    .map(lambda raw: os.fsdecode(raw.replace(b"\0", b"0").replace(b"/", b"|")))
    .filter(lambda name: name not in (".", ".."))
)
fragments = st.sampled_from(
    [
        *"'\"`$(){}[];&|<>\\#!*?~- \t\n",
        "echo x",
        "exit 3",
        "set -e",
        "set -n",
        "cat <<E\n",
        "E\n",
        "case x in",
        "esac",
        "do",
        "done",
        "fi",
        "}",
        ")",
        "return 2",
        "break",
        "exec 1>&-",
        "cd ..",
        "trap 'exit 9' EXIT",
        "unset IFS",
        "$'",
        "é",
        "\udcff",
        "\x01",
        "\x7f",
    ]
)
sometimes_slow = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def shell() -> Iterator[RemoteShell]:
    opened = LocalShellFactory().open(HERE, NoCredentials())
    yield opened
    opened.close()


@sometimes_slow
@given(text=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), data=st.binary(max_size=3000))
def test_any_word_and_any_input_come_back(shell: RemoteShell, text: str, data: bytes) -> None:
    result = shell.run(f"printf %s {shlex.quote(text)} >&2; cat", stdin=data)
    assert (result.stderr.decode(), result.stdout, result.exit_code) == (text, data, 0)


@sometimes_slow
@given(pieces=st.lists(fragments, max_size=12), data=st.binary(max_size=50))
def test_no_script_breaks_out_of_its_frame(
    shell: RemoteShell, tmp_path_factory: pytest.TempPathFactory, pieces: list[str], data: bytes
) -> None:
    # What such a script may write, it writes into a directory made for it.
    directory = tmp_path_factory.mktemp("frame")
    shell.run(f"cd {directory} && {{ :; }}\n" + "".join(pieces), stdin=data, timeout_s=20)
    result = shell.run("echo out; echo err >&2; exit 5", stdin=data)
    assert (result.stdout, result.stderr, result.exit_code) == (b"out\n", b"err\n", 5)
    shutil.rmtree(directory)


@pytest.mark.parametrize("kind", ["local", "scp"])
@sometimes_slow
@given(name=names, content=st.binary(max_size=2000), repeat=st.sampled_from([1, 1, 100]))
def test_any_name_and_content_come_back(
    shell: RemoteShell, tmp_path_factory: pytest.TempPathFactory, kind: str, name: str, content: bytes, repeat: int
) -> None:
    transfer: FileTransfer = LocalTransfer() if kind == "local" else ScpTransferFactory().open(HERE, shell)
    directory = tmp_path_factory.mktemp("transfer")
    source = directory / "source"
    source.write_bytes(content * repeat)
    remote = f"{directory}/far/{name}"
    (sent,) = transfer.put([FilePair(local=source, remote=remote)])
    (fetched,) = transfer.get([FilePair(local=directory / "back" / name, remote=remote)])
    assert sent.sha256 == fetched.sha256
    assert (directory / "back" / name).read_bytes() == content * repeat
    assert os.listdir(directory / "far") == [name]
    shutil.rmtree(directory)


@pytest.mark.parametrize("kind", ["local", "scp"])
@sometimes_slow
@given(
    names=st.sets(names, max_size=5),
    pattern=st.text("ab*?.[]é\n'$", min_size=1, max_size=5).filter(lambda text: text not in (".", "..")),
)
def test_listing_agrees_between_transfers(
    shell: RemoteShell, tmp_path_factory: pytest.TempPathFactory, kind: str, names: set[str], pattern: str
) -> None:
    transfer: FileTransfer = LocalTransfer() if kind == "local" else ScpTransferFactory().open(HERE, shell)
    directory = Path(tmp_path_factory.mktemp("listing"))
    surely = pattern.replace("*", "a").replace("?", "b")
    for name in names | {surely}:
        (directory / name).write_bytes(b"123")
    listed = {file.path for file in transfer.list_files(str(directory), [pattern])[pattern]}
    expected = {file.path for file in LocalTransfer().list_files(str(directory), [pattern])[pattern]}
    assert listed == expected
    assert surely in listed
    shutil.rmtree(directory)
