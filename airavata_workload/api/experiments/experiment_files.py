"""Where the files of a portal's experiment are: its inputs, and the directory of its outputs.

Everything lies on a storage resource of the gateway, below the root that the
gateway's preference for it names: no path that a user gives leads out of it.
In the installation's own storage, where each user has a directory, it lies in
that of the experiment's user; a data product's in that of whom it belongs to.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from urllib.parse import quote, unquote

from airavata_workload.api.experiments.data_products import SCHEME
from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.api.machines.registered_clusters import RegisteredClusters
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.experiment import DataType
from airavata_workload.ports.record_store import Query, Records
from airavata_workload.records.application_io import InputDataObject
from airavata_workload.records.data_products import DataProduct, DataReplicaLocation, ReplicaLocationCategory
from airavata_workload.records.experiments import GatewayExperiment, UserConfigurationData

_LOCAL_SHELL = "local"
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*")
"""Source: RFC 3986, section 3.1."""


class ExperimentFiles:
    """Finds places, in the form that the engine's tasks take: a path here, or ``resource:/path``."""

    def __init__(self, *, clusters: RegisteredClusters) -> None:
        self._clusters = clusters

    def inputs(
        self, records: Records, experiment: GatewayExperiment, configuration: UserConfigurationData
    ) -> Mapping[str, tuple[str, ...]]:
        """The files behind each input that has some. Raises ``InputError`` that names the input."""
        return {
            each.name: tuple(self._input(records, experiment, configuration, each, value) for value in _values(each))
            for each in experiment.experiment_inputs or ()
            if each.type in (DataType.URI, DataType.URI_COLLECTION)
        }

    def outputs(self, experiment: GatewayExperiment, configuration: UserConfigurationData) -> str:
        """The directory of the outputs; '' for one that the engine chooses, where no storage resource is named."""
        storage = configuration.output_storage_resource_id or configuration.storage_id
        directory = configuration.experiment_data_dir or posixpath.join(experiment.user_name, experiment.experiment_id)
        if not storage:
            return ""
        owner = experiment.user_name
        return self._place(experiment, storage, directory, "The experiment's data directory", owner=owner)

    def _input(
        self,
        records: Records,
        experiment: GatewayExperiment,
        configuration: UserConfigurationData,
        given: InputDataObject,
        value: str,
    ) -> str:
        what, owner = f"Input '{given.name}'", experiment.user_name
        if value.startswith(SCHEME):
            product, replica = _replica(records, experiment, value, what)
            owner = product.owner_name or owner
            storage, path = replica.storage_resource_id, path_of(replica.file_path or "", what)
        else:
            storage, path = given.storage_resource_id or configuration.storage_id, path_of(value, what)
        if not storage:
            raise InputError(
                f"{what} is the file '{value}', and no storage resource is named.",
                remedy="Set storageId in the experiment's configuration, or the input's storageResourceId.",
            )
        return self._place(experiment, storage, path, what, owner=owner)

    def _place(self, experiment: GatewayExperiment, storage: str, path: str, what: str, *, owner: str) -> str:
        name = str(ClusterName(resource=storage, gateway=experiment.gateway_id))
        cluster = self._clusters.cluster(name)
        root = PurePosixPath(cluster.scratch_directory)
        whole = PurePosixPath(posixpath.normpath(root / path))
        own = self._clusters.own_storage
        whose = "gateway's"
        if own is not None and storage == own.resource_id:
            root, whose = PurePosixPath(own.user_directory(experiment.gateway_id, owner)), "user's"
        if not whole.is_relative_to(root) or "\0" in path:
            raise InputError(
                f"{what} is '{path}', which is not below the {whose} directory '{root}' on '{storage}'.",
                remedy="Give a path below it.",
            )
        return str(whole) if cluster.remote_shell == _LOCAL_SHELL else f"{name}:{whole}"


def _values(given: InputDataObject) -> list[str]:
    text = (given.value or "").strip()
    if given.type is DataType.URI_COLLECTION:
        return [each.strip() for each in text.split(",") if each.strip()]
    return [text] if text else []


def _replica(
    records: Records, experiment: GatewayExperiment, uri: str, what: str
) -> tuple[DataProduct, DataReplicaLocation]:
    """The data product and its replica in the gateway's data store, or any on a storage resource."""
    product = records.get(DataProduct, uri)
    replicas = records.find(DataReplicaLocation, Query(equal={"product_uri": uri}), order_by="created_at_ms")
    usable = sorted(
        (each for each in replicas if each.storage_resource_id and each.file_path),
        key=lambda each: each.replica_location_category is not ReplicaLocationCategory.GATEWAY_DATA_STORE,
    )
    if product is None or product.gateway_id != experiment.gateway_id or not usable:
        raise InputError(
            f"{what} is data product '{uri}', of which the gateway has no replica on a storage resource.",
            remedy="Register the data product with a replica location.",
        )
    return product, usable[0]


def path_of(value: str, what: str) -> str:
    """The path in a path or in a ``file:`` URI, whose host is that of the storage resource.

    Raises ``InputError`` about ``what`` for another scheme.
    """
    scheme, colon, rest = value.partition(":")
    if not colon or not _SCHEME.fullmatch(scheme):
        return value
    if scheme.lower() != "file":
        raise InputError(
            f"{what} is '{value}', and files are not fetched by '{scheme}'.",
            remedy="Upload the file to the gateway's storage and give its data product, path or file: URI.",
        )
    # Neither a query nor a fragment: clients send names with '?' and '#' as they are.
    return unquote(f"/{rest[2:].partition('/')[2]}" if rest.startswith("//") else rest)


def file_uri(host: str, path: str) -> str:
    """A file on a storage resource, as portals write it and read it: ``file://host:/path``; the inverse of the above.

    Source: ``airavata-python-sdk`` 1.1.7 and 2.2.7, ``register_input_file``; Airavata's Django portal takes the path
    of the URI, with what is escaped in it put back.
    """
    return f"file://{host}{':' if host else ''}{quote(path)}"
