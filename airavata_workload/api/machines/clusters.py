"""All clusters of an installation: those of cluster files, and those that were registered through the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.documents.cluster_file import ClusterFiles
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import ClusterFileError, InputError, NotFoundError

if TYPE_CHECKING:  # needs all kinds of records, and most commands of the command line none
    from airavata_workload.api.machines.registered_clusters import RegisteredClusters


class Clusters:
    """A name of the form of ``ClusterName`` is a registered resource, any other a cluster file.

    ``registered`` is called when a registered resource is first asked for: to
    look at cluster files no record store is opened.
    """

    def __init__(self, *, files: ClusterFiles, registered: Callable[[], RegisteredClusters]) -> None:
        self._files = files
        self._open = registered

    @cached_property
    def registered(self) -> RegisteredClusters:
        """The registered resources."""
        return self._open()

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name. Raises ``NotFoundError``, ``ClusterFileError`` and ``InputError``."""
        if ClusterName.parse(name) is None:
            return self._files.cluster(name)
        return self.registered.cluster(name)

    def clusters(self) -> Mapping[str, Cluster]:
        """All clusters of files; registered ones are found by name and not listed.

        A placement that goes through them never sends an experiment of its own
        accord to where somebody else pays.
        """
        return _Known(self._files.clusters(), self)

    def broken(self) -> dict[str, ClusterFileError]:
        """What is wrong with cluster files, by the name of the cluster."""
        return self._files.broken()


class _Known(Mapping[str, Cluster]):
    def __init__(self, files: Mapping[str, Cluster], clusters: Clusters) -> None:
        self._files = files
        self._clusters = clusters

    def __getitem__(self, name: str) -> Cluster:
        if name in self._files or ClusterName.parse(name) is None:
            return self._files[name]
        try:
            return self._clusters.registered.cluster(name)
        except (NotFoundError, InputError) as error:
            raise KeyError(name) from error

    def __iter__(self) -> Iterator[str]:
        return iter(self._files)

    def __len__(self) -> int:
        return len(self._files)
