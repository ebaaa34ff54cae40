"""The machines of a test: clusters with their shells, transfers and batch systems."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.secret import Secret
from airavata_workload.plugins import catalogue
from airavata_workload.ports.batch_system import BatchSystem
from airavata_workload.ports.credential_store import Credential, CredentialStore
from airavata_workload.ports.file_transfer import FileTransfer
from airavata_workload.ports.remote_shell import RemoteShell


class NoCredentials(CredentialStore):
    """A credential store that is empty: clusters of tests name key files, or need no login."""

    def save(self, credential: Credential) -> None:
        """Refused: raises ``NotFoundError``, since there is nowhere to keep it."""
        raise NotFoundError(f"Credential {credential.token} cannot be kept: this store is always empty.")

    def credential(self, token: str) -> Credential:
        """Raises ``NotFoundError``."""
        raise NotFoundError(f"There is no credential {token}: this store is always empty.")

    def summaries(self) -> list[Credential]:
        """None."""
        return []

    def delete(self, token: str) -> None:
        """Raises ``NotFoundError``."""
        raise NotFoundError(f"There is no credential {token}: this store is always empty.")

    def encrypted(self, secret: Secret) -> str:
        """Refused: raises ``NotFoundError``, since there is no key."""
        raise NotFoundError("A secret cannot be encrypted: this store has no key.")

    def decrypted(self, text: str) -> Secret:
        """Raises ``NotFoundError``."""
        raise NotFoundError("Nothing can be decrypted: this store has no key.")

    def close(self) -> None:
        """Nothing is open."""


def local_cluster(directory: Path, name: str = "here", batch_system: str = "fork") -> Cluster:
    """The machine of the test as a compute resource whose scratch directory, which is made, lies in ``directory``."""
    scratch = directory / f"{name}-scratch"
    scratch.mkdir(parents=True, exist_ok=True)
    return Cluster(
        name=name,
        remote_shell="local",
        file_transfer="local",
        batch_system=batch_system,
        scratch_directory=str(scratch),
    )


class Machines:
    """The resources of a test, with their shells, transfers and batch systems.

    What is not given is opened through the entry points that the cluster names.
    """

    def __init__(
        self,
        clusters: Sequence[Cluster],
        *,
        shells: Mapping[str, RemoteShell] | None = None,
        transfers: Mapping[str, FileTransfer] | None = None,
        batch_systems: Mapping[str, BatchSystem] | None = None,
    ) -> None:
        self._clusters = {cluster.name: cluster for cluster in clusters}
        self._shells = dict(shells or {})
        self._transfers = dict(transfers or {})
        self._batch_systems = dict(batch_systems or {})

    def cluster(self, name: str) -> Cluster:
        """The resource. Raises ``NotFoundError``."""
        if name not in self._clusters:
            raise NotFoundError(f"There is no resource '{name}' in this test; it has {', '.join(self._clusters)}.")
        return self._clusters[name]

    def shell(self, name: str) -> RemoteShell:
        """The resource's shell."""
        if name not in self._shells:
            cluster = self.cluster(name)
            factory = catalogue("remote_shells").load(cluster.remote_shell)()
            self._shells[name] = factory.open(cluster, NoCredentials())
        return self._shells[name]

    def transfer(self, name: str) -> FileTransfer:
        """File transfer to the resource."""
        if name not in self._transfers:
            cluster = self.cluster(name)
            factory = catalogue("file_transfers").load(cluster.file_transfer)()
            self._transfers[name] = factory.open(cluster, self.shell(name))
        return self._transfers[name]

    def batch_system(self, name: str) -> BatchSystem:
        """The resource's batch system."""
        if name not in self._batch_systems:
            cluster = self.cluster(name)
            self._batch_systems[name] = catalogue("batch_systems").load(cluster.batch_system)(cluster)
        return self._batch_systems[name]

    def close(self) -> None:
        """Close what is open."""
        for transfer in self._transfers.values():
            transfer.close()
        for shell in self._shells.values():
            shell.close()
        self._transfers.clear()
        self._shells.clear()
