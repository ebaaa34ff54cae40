"""Shells, transfers and batch systems of the clusters, opened when first asked for and shared by all threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from typing import Protocol, TypeVar

from airavata_workload.domain.cluster import Cluster
from airavata_workload.plugins import catalogue
from airavata_workload.ports.batch_system import BatchSystem
from airavata_workload.ports.credential_store import CredentialStore
from airavata_workload.ports.file_transfer import FileTransfer
from airavata_workload.ports.remote_shell import RemoteShell

T = TypeVar("T")


class ClusterCatalogue(Protocol):
    """Where cluster descriptions come from."""

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name. Raises ``NotFoundError`` or ``ClusterFileError``."""
        ...

    def clusters(self) -> Mapping[str, Cluster]:
        """All clusters whose description can be read, by name."""
        ...


class Resources:
    """What plugins and the monitor reach machines with.

    When a cluster's description changes, what is opened from then on follows
    the new one; what is in use is not torn down.
    """

    def __init__(self, clusters: ClusterCatalogue, credentials: CredentialStore) -> None:
        self._clusters = clusters
        self._credentials = credentials
        self._lock = threading.Lock()
        self._shells: dict[str, tuple[Cluster, RemoteShell]] = {}
        self._transfers: dict[str, tuple[Cluster, FileTransfer]] = {}
        self._batch_systems: dict[str, tuple[Cluster, BatchSystem]] = {}

    def cluster(self, name: str) -> Cluster:
        """The description of a cluster. Raises ``NotFoundError``."""
        return self._clusters.cluster(name)

    def shell(self, name: str) -> RemoteShell:
        """A shell on the cluster; it connects at its first use."""
        return self._cached(
            self._shells,
            name,
            lambda cluster: open_shell(cluster, self._credentials),
        )

    def transfer(self, name: str) -> FileTransfer:
        """File transfer to the cluster."""
        shell = self.shell(name)
        return self._cached(
            self._transfers,
            name,
            lambda cluster: catalogue("file_transfers").load(cluster.file_transfer)().open(cluster, shell),
        )

    def batch_system(self, name: str) -> BatchSystem:
        """The dialect of the cluster's batch system."""
        return self._cached(
            self._batch_systems,
            name,
            lambda cluster: catalogue("batch_systems").load(cluster.batch_system)(cluster),
        )

    def close(self) -> None:
        """Close every connection."""
        with self._lock:
            opened = [entry[1] for cache in (self._transfers, self._shells) for entry in cache.values()]
            self._transfers.clear()
            self._shells.clear()
        for each in opened:
            each.close()

    def _cached(self, cache: dict[str, tuple[Cluster, T]], name: str, make: Callable[[Cluster], T]) -> T:
        cluster = self._clusters.cluster(name)
        with self._lock:
            found = cache.get(name)
            if found is None or found[0] != cluster:
                found = (cluster, make(cluster))
                cache[name] = found
            return found[1]


def open_shell(cluster: Cluster, credentials: CredentialStore) -> RemoteShell:
    """A shell of its own on a cluster; whoever asks for it closes it."""
    shell: RemoteShell = catalogue("remote_shells").load(cluster.remote_shell)().open(cluster, credentials)
    return shell
