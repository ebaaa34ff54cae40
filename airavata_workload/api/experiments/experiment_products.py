"""The files that an experiment has left, as data products of its gateway."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from airavata_workload.api.experiments.data_products import SCHEME
from airavata_workload.api.experiments.experiment_files import file_uri
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.experiment import DataType
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task
from airavata_workload.ports.record_store import Query, RecordStore
from airavata_workload.records.application_io import OutputDataObject
from airavata_workload.records.data_products import (
    DataProduct,
    DataProductType,
    DataReplicaLocation,
    ReplicaLocationCategory,
    ReplicaPersistentType,
)
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.storage_resources import StorageResource

_STAGING = "output-staging"


class ExperimentProducts:
    """Registers what was staged, once: the same file of the same experiment is always the same product.

    Product, replica and its category are those of Airavata 0.17, where portals look for a file's path.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def outputs(self, experiment: GatewayExperiment, tasks: Sequence[Task]) -> tuple[OutputDataObject, ...]:
        """The experiment's outputs; one that has been fetched has the URI of its product as value.

        Several files of a collection are several URIs joined by commas.
        """
        declared = experiment.experiment_outputs or ()
        files = _staged(tasks)
        if not files:
            return declared
        self.register(experiment, files)
        return tuple(
            replace(each, value=",".join(product_uri(experiment, file["path"]) for file in files[each.name]))
            if files.get(each.name)
            else each
            for each in declared
        )

    def register(self, experiment: GatewayExperiment, files: Mapping[str, Sequence[Mapping[str, Any]]]) -> None:
        """Store the products that are not there yet."""
        types = {each.name: each.type for each in experiment.experiment_outputs or ()}
        wanted = {
            product_uri(experiment, file["path"]): (name, file) for name, staged in files.items() for file in staged
        }
        storage_id = _storage_id(experiment)
        with self._records.reading() as records:
            storage = records.get(StorageResource, storage_id) if storage_id else None
            there = {each.product_uri: each for each in records.find(DataProduct, _of(wanted))}
        # One that was fetched while the job ran has another content now.
        stale = {uri: pair for uri, pair in wanted.items() if uri not in there or _differs(there[uri], pair[1])}
        if not stale:
            return
        now_ms = self._clock() // 1000
        with self._records.transaction() as records:
            for uri, (name, file) in stale.items():
                # Whoever looks at the same time stores the same.
                records.put(_product(experiment, uri, name, types.get(name), file, now_ms))
                records.put(_replica(storage_id, storage, uri, file, now_ms))


def _of(uris: Iterable[str]) -> Query:
    return Query(equal={"product_uri": tuple(uris)})


def _differs(product: DataProduct, file: Mapping[str, Any]) -> bool:
    return product.product_metadata != _metadata(file)


def _metadata(file: Mapping[str, Any]) -> Mapping[str, str] | None:
    return {"sha256": file["sha256"]} if file.get("sha256") else None


def product_uri(experiment: GatewayExperiment, path: str) -> str:
    """The URI of a file that an experiment has left at a place."""
    return f"{SCHEME}{uuid.uuid5(uuid.NAMESPACE_URL, f'{experiment.experiment_id}/{path}')}"


def _staged(tasks: Sequence[Task]) -> dict[str, list[Mapping[str, Any]]]:
    """Output name to the files that were brought."""
    files: dict[str, list[Mapping[str, Any]]] = {}
    for task in tasks:
        if task.kind == _STAGING and task.state is TaskState.COMPLETED:
            for name, found in task.outputs.get("files", {}).items():
                files.setdefault(name, []).extend(found)
    return files


def _product(
    experiment: GatewayExperiment,
    uri: str,
    name: str,
    kind: DataType | None,
    file: Mapping[str, Any],
    now_ms: int,
) -> DataProduct:
    return DataProduct(
        product_uri=uri,
        gateway_id=experiment.gateway_id,
        product_name=_base_name(file["path"]),
        product_description=f"Output '{name}' ({kind or DataType.URI}) of experiment {experiment.experiment_id}",
        owner_name=experiment.user_name,
        data_product_type=DataProductType.FILE,
        product_size_bytes=file.get("size_bytes"),
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        product_metadata=_metadata(file),
    )


def _replica(
    storage_id: str | None, storage: StorageResource | None, uri: str, file: Mapping[str, Any], now_ms: int
) -> DataReplicaLocation:
    return DataReplicaLocation(
        replica_id=str(uuid.uuid5(uuid.NAMESPACE_URL, uri)),
        product_uri=uri,
        replica_name=f"{_base_name(file['path'])} gateway data store copy",
        created_at_ms=now_ms,
        updated_at_ms=now_ms,
        replica_location_category=ReplicaLocationCategory.GATEWAY_DATA_STORE,
        replica_persistent_type=ReplicaPersistentType.TRANSIENT,
        storage_resource_id=storage_id,
        file_path=file_uri(storage.host_name if storage else "", _path(file["path"])),
    )


def _path(place: str) -> str:
    """The path of a place, which may be on a named resource."""
    return place if place.startswith("/") else place.partition(":")[2]


def _storage_id(experiment: GatewayExperiment) -> str | None:
    """Where its outputs are, if it says so."""
    configuration = experiment.user_configuration_data
    return (configuration.output_storage_resource_id or configuration.storage_id) if configuration else None


def as_asked_for(output: OutputDataObject) -> OutputDataObject:
    """The output as an experiment asks for it: without the product of one that has run."""
    return replace(output, value=None) if (output.value or "").startswith(SCHEME) else output


def _base_name(place: str) -> str:
    return place.rpartition("/")[2]
