from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airavata_adapters.remote_shells.ssh import SshShellFactory
from airavata_workload.domain.cluster import Cluster
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.testing.machines import NoCredentials
from airavata_workload.testing.remote_shell_suite import RemoteShellSuite
from airavata_workload.testing.ssh_server import SshServer

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def noisy_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SshServer]:
    home = tmp_path_factory.mktemp("home")
    (home / ".bashrc").write_text("echo welcome; echo 'are you sure?' >&2; printf '\\000\\377'\n")
    with SshServer(tmp_path_factory.mktemp("sshd"), ["MaxSessions 2", f"SetEnv HOME={home}"]) as server:
        yield server


class TestSshShell(RemoteShellSuite):
    @pytest.fixture
    def shell(self, ssh_cluster: Cluster) -> Iterator[RemoteShell]:
        opened = SshShellFactory().open(ssh_cluster, NoCredentials())
        yield opened
        opened.close()


class TestSshShellWithFewSessions(RemoteShellSuite):
    """The same on a server that allows two sessions a connection, and greets with noise."""

    @pytest.fixture
    def shell(self, noisy_server: SshServer) -> Iterator[RemoteShell]:
        opened = SshShellFactory().open(noisy_server.cluster(), NoCredentials())
        yield opened
        opened.close()


def test_posix_mode_bash_as_sh(tmp_path: Path) -> None:
    # On many clusters sh is bash, which reads its commands one byte at a time and keeps NUL from words.
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "sh").symlink_to("/bin/bash")
    options = [f"SetEnv PATH={tmp_path}/bin:/usr/local/bin:/usr/bin:/bin"]
    with SshServer(tmp_path / "sshd", options) as server:
        shell = SshShellFactory().open(server.cluster(), NoCredentials())
        assert shell.run('echo "${BASH_VERSION:+bash}"').stdout == b"bash\n"
        suite = RemoteShellSuite()
        suite.test_large_output_on_both_streams(shell)
        suite.test_output_is_bytes_unchanged(shell)
        suite.test_commands_do_not_see_one_another(shell)
        for data in (bytes(range(256)) * 200, b"text\n" * 1000, b"x" * 70_000):
            suite.test_stdin_arrives_unchanged(shell, data)
        for script in ("if", "'", "exit 7", "cat <<END\nno end", "-x", "set -e; false"):
            suite.test_no_script_harms_the_next_command(shell, script)
        shell.close()
