"""Compute resources and their batch queues. Who may change them: ``shared_catalogue``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from airavata_workload.api import request_check as check
from airavata_workload.api.access.permission import missing, require_admin
from airavata_workload.api.catalogue.named_interfaces import changed_interfaces, require_no_interfaces
from airavata_workload.api.catalogue.resource_uses import forget_in_profiles, require_undeployed
from airavata_workload.api.catalogue.shared_catalogue import require_free_id, require_shared_write
from airavata_workload.domain.caller import Caller
from airavata_workload.ports.record_store import Records, RecordStore
from airavata_workload.records.compute_resources import BatchQueue, ComputeResource
from airavata_workload.records.data_movement import (
    GridFTPDataMovement,
    LOCALDataMovement,
    SCPDataMovement,
    UnicoreDataMovement,
)
from airavata_workload.records.job_submission import (
    CloudJobSubmission,
    GlobusJobSubmission,
    LOCALSubmission,
    SSHJobSubmission,
    UnicoreJobSubmission,
)

SUBMISSION_KINDS = (SSHJobSubmission, LOCALSubmission, CloudJobSubmission, UnicoreJobSubmission, GlobusJobSubmission)
MOVEMENT_KINDS = (SCPDataMovement, LOCALDataMovement, GridFTPDataMovement, UnicoreDataMovement)


class ComputeResources:
    """Registers compute resources, changes them and tells of them."""

    def __init__(self, *, records: RecordStore) -> None:
        self._records = records

    def register(self, caller: Caller, compute_resource: ComputeResource) -> str:
        """Store a new compute resource; returns its id ``<host name>_<uuid>``.

        Raises ``InputError``, ``ConflictError`` for an id that is taken, and ``DeniedError``.
        """
        require_admin(caller, "register compute resources")
        checked = _checked(compute_resource)
        require_no_interfaces(compute_resource.job_submission_interfaces, "job_submission_interfaces")
        require_no_interfaces(compute_resource.data_movement_interfaces, "data_movement_interfaces")
        identifier = check.chosen_id(compute_resource.compute_resource_id, checked.host_name, "compute_resource_id")
        with self._records.transaction() as records:
            require_free_id(records, identifier)
            records.add(replace(checked, compute_resource_id=identifier))
        return identifier

    def get(self, caller: Caller, compute_resource_id: str) -> ComputeResource:
        """The compute resource. Raises ``NotFoundError``."""
        with self._records.reading() as records:
            return compute_resource_of(records, compute_resource_id)

    def names(self, caller: Caller) -> Mapping[str, str]:
        """The host names of all compute resources, by id."""
        with self._records.reading() as records:
            return {each.compute_resource_id: each.host_name for each in records.find(ComputeResource)}

    def update(self, caller: Caller, compute_resource_id: str, compute_resource: ComputeResource) -> bool:
        """Put another description in its place; interfaces stay where the new one says nothing of them.

        Raises ``InputError``, ``NotFoundError`` and ``DeniedError``.
        """
        with self._records.transaction() as records:
            require_shared_write(records, caller, compute_resource_id, "change the compute resource")
            old = compute_resource_of(records, compute_resource_id)
            new = _checked(compute_resource)
            submissions = changed_interfaces(
                records,
                old.job_submission_interfaces,
                new.job_submission_interfaces,
                SUBMISSION_KINDS,
                "job_submission_interfaces",
            )
            movements = changed_interfaces(
                records,
                old.data_movement_interfaces,
                new.data_movement_interfaces,
                MOVEMENT_KINDS,
                "data_movement_interfaces",
            )
            records.put(
                replace(
                    new,
                    compute_resource_id=compute_resource_id,
                    job_submission_interfaces=submissions,
                    data_movement_interfaces=movements,
                )
            )
        return True

    def delete(self, caller: Caller, compute_resource_id: str) -> bool:
        """Forget a compute resource with its interfaces, and what profiles say of it.

        Raises ``NotFoundError``, ``DeniedError``, and ``ConflictError`` while an application is deployed on it.
        """
        with self._records.transaction() as records:
            require_shared_write(records, caller, compute_resource_id, "delete the compute resource")
            resource = compute_resource_of(records, compute_resource_id)
            require_undeployed(records, compute_resource_id)
            for submission in resource.job_submission_interfaces or ():
                for kind in SUBMISSION_KINDS:
                    records.delete(kind, submission.job_submission_interface_id)
            for movement in resource.data_movement_interfaces or ():
                for movement_kind in MOVEMENT_KINDS:
                    records.delete(movement_kind, movement.data_movement_interface_id)
            forget_in_profiles(records, compute_resource_id)
            records.delete(ComputeResource, compute_resource_id)
        return True

    def delete_batch_queue(self, caller: Caller, compute_resource_id: str, queue_name: str) -> bool:
        """Forget a batch queue. Raises ``NotFoundError`` and ``DeniedError``."""
        with self._records.transaction() as records:
            require_shared_write(records, caller, compute_resource_id, "delete its batch queues")
            resource = compute_resource_of(records, compute_resource_id)
            left = tuple(queue for queue in resource.batch_queues or () if queue.queue_name != queue_name)
            if len(left) == len(resource.batch_queues or ()):
                raise missing(f"batch queue '{queue_name}' of compute resource '{compute_resource_id}'")
            records.put(replace(resource, batch_queues=left))
        return True


def compute_resource_of(records: Records, compute_resource_id: str | None) -> ComputeResource:
    """The compute resource. Raises ``NotFoundError``."""
    what = f"compute resource '{compute_resource_id or ''}'"
    if not compute_resource_id:
        raise missing(what)
    return check.found(records.get(ComputeResource, compute_resource_id), what)


def _checked(resource: ComputeResource) -> ComputeResource:
    queues = resource.batch_queues or ()
    for queue in queues:
        _check_queue(queue)
    check.unique((queue.queue_name for queue in queues), "batch_queues")
    for field in ("max_memory_per_node_mb", "cpus_per_node", "default_node_count", "default_cpu_count"):
        check.not_negative(getattr(resource, field), field)
    for file_system, path in (resource.file_systems or {}).items():
        check.absolute_path(path, f"file_systems[{file_system}]")
    return replace(resource, host_name=check.host_name(resource.host_name, "host_name"))


def _check_queue(queue: BatchQueue) -> None:
    name = check.given(queue.queue_name, "batch_queues.queue_name")
    for field in (
        "max_run_time_min",
        "max_nodes",
        "max_processors",
        "max_jobs_in_queue",
        "max_memory_mb",
        "cpu_per_node",
        "default_node_count",
        "default_cpu_count",
        "default_wall_time_min",
    ):
        check.not_negative(getattr(queue, field), f"batch_queues[{name}].{field}")
