from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from airavata_adapters.remote_shells.local import LocalShellFactory
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import CommandTimeoutError, HostUnreachableError
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.testing.machines import NoCredentials
from airavata_workload.testing.remote_shell_suite import RemoteShellSuite


def open_shell(**values: float) -> RemoteShell:
    cluster = Cluster(name="here", remote_shell="local", **values)  # type: ignore[arg-type]
    return LocalShellFactory().open(cluster, NoCredentials())


class TestLocalShell(RemoteShellSuite):
    @pytest.fixture
    def shell(self) -> Iterator[RemoteShell]:
        opened = open_shell()
        yield opened
        opened.close()


def test_the_engines_own_variables_are_withheld(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRAVATA_WORKLOAD_BROKER_PASSWORD", "secret")
    monkeypatch.setenv("PYTHONPATH", "/somewhere")
    monkeypatch.setenv("KEPT", "yes")
    shell = open_shell()
    names = shell.run("env | cut -d= -f1").text.split()
    shell.close()
    assert "KEPT" in names
    assert not {"AIRAVATA_WORKLOAD_BROKER_PASSWORD", "PYTHONPATH"} & set(names)


def test_commands_start_in_the_home_directory() -> None:
    shell = open_shell()
    assert shell.run("pwd -P").text.strip() == os.path.realpath(os.environ["HOME"])
    shell.close()


def test_a_shell_that_its_command_kills_is_replaced() -> None:
    shell = open_shell()
    with pytest.raises(HostUnreachableError, match="middle of a command"):
        shell.run("kill -9 $$")
    assert shell.run("echo next").stdout == b"next\n"
    shell.close()


def test_a_shell_that_dies_while_idle_is_replaced_unnoticed() -> None:
    shell = open_shell(max_channels=1)
    process_id = int(shell.run("echo $$").text)
    os.kill(process_id, 9)
    os.waitid(os.P_PID, process_id, os.WEXITED | os.WNOWAIT)
    answers = [shell.run("echo $$").text for _ in range(3)]
    shell.close()
    assert str(process_id) not in answers


def test_a_time_out_ends_the_whole_process_group() -> None:
    shell = open_shell()
    with pytest.raises(CommandTimeoutError):
        shell.run("sleep 4711 & sleep 4711", timeout_s=0.2)
    gone = shell.run(
        "n=0; while pgrep -fx 'sleep 4711' >/dev/null && [ $n -lt 300 ]; do n=$((n+1)); sleep 0.02; done; echo $n"
    )
    shell.close()
    assert int(gone.text) < 300


def test_one_shell_serves_commands_that_come_one_after_the_other() -> None:
    shell = open_shell()
    assert len({shell.run("echo $$").text for _ in range(20)}) == 1
    shell.close()


def test_idle_shells_are_closed() -> None:
    shell = open_shell(idle_timeout_s=0.1)
    first = shell.run("echo $$").text.strip()
    watcher = open_shell()
    ended = watcher.run(
        f"n=0; while kill -0 {first} 2>/dev/null && [ $n -lt 500 ]; do n=$((n+1)); sleep 0.02; done; echo $n"
    )
    assert int(ended.text) < 500
    assert shell.run("echo $$").text.strip() != first
    shell.close()
    watcher.close()
