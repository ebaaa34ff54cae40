from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from airavata_adapters.file_transfers.local import LocalTransferFactory
from airavata_adapters.file_transfers.scp import ScpTransferFactory
from airavata_adapters.remote_shells.local import LocalShellFactory
from airavata_workload.domain.cluster import Cluster
from airavata_workload.ports.file_transfer import FileTransfer
from airavata_workload.ports.remote_shell import RemoteShell
from airavata_workload.testing.file_transfer_suite import FileTransferSuite
from airavata_workload.testing.machines import NoCredentials

HERE = Cluster(name="here", remote_shell="local", file_transfer="local")


class OnThisMachine(FileTransferSuite):
    @pytest.fixture
    def shell(self) -> Iterator[RemoteShell]:
        opened = LocalShellFactory().open(HERE, NoCredentials())
        yield opened
        opened.close()

    @pytest.fixture
    def remote_directory(self, tmp_path: Path) -> str:
        directory = tmp_path / "the far side's directory"
        directory.mkdir()
        return str(directory)


class TestLocalTransfer(OnThisMachine):
    @pytest.fixture
    def transfer(self, shell: RemoteShell) -> FileTransfer:
        return LocalTransferFactory().open(HERE, shell)


class TestScpThroughLocalShell(OnThisMachine):
    """The scripts of the scp transfer, without a server."""

    @pytest.fixture
    def transfer(self, shell: RemoteShell) -> FileTransfer:
        return ScpTransferFactory().open(HERE, shell)
