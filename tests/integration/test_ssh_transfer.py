from __future__ import annotations

from collections.abc import Iterator

import pytest

from airavata_adapters.file_transfers.scp import ScpTransferFactory
from airavata_adapters.file_transfers.sftp import SftpTransferFactory
from airavata_adapters.remote_shells.ssh import SshShellFactory
from airavata_workload.domain.cluster import Cluster
from airavata_workload.ports.file_transfer import FileTransfer
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.testing.file_transfer_suite import FileTransferSuite
from airavata_workload.testing.machines import NoCredentials

pytestmark = pytest.mark.server


class OverSsh(FileTransferSuite):
    @pytest.fixture
    def shell(self, ssh_cluster: Cluster) -> Iterator[RemoteShell]:
        opened = SshShellFactory().open(ssh_cluster, NoCredentials())
        yield opened
        opened.close()

    @pytest.fixture
    def remote_directory(self, shell: RemoteShell) -> Iterator[str]:
        made = shell.run("mktemp -d").require_success("Making a directory").text.strip()
        yield made
        shell.run(f"rm -rf {made}").require_success("Removing the directory")


class TestScp(OverSsh):
    @pytest.fixture
    def transfer(self, ssh_cluster: Cluster, shell: RemoteShell) -> FileTransfer:
        return ScpTransferFactory().open(ssh_cluster, shell)


class TestSftp(OverSsh):
    @pytest.fixture
    def transfer(self, ssh_cluster: Cluster, shell: RemoteShell) -> FileTransfer:
        return SftpTransferFactory().open(ssh_cluster, shell)
