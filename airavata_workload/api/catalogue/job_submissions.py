"""How jobs get to compute resources, and their batch systems. Who may change that: ``shared_catalogue``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from airavata_workload.api import request_check as check
from airavata_workload.api.access.permission import missing, require_admin
from airavata_workload.api.catalogue.compute_resources import SUBMISSION_KINDS, compute_resource_of
from airavata_workload.api.catalogue.priorities import reordered
from airavata_workload.api.catalogue.shared_catalogue import require_shared_write
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.record_store import Records, RecordStore
from airavata_workload.records.compute_resources import ComputeResource
from airavata_workload.records.job_submission import (
    CloudJobSubmission,
    JobSubmissionInterface,
    JobSubmissionProtocol,
    LOCALSubmission,
    ResourceJobManager,
    SSHJobSubmission,
    UnicoreJobSubmission,
)

Submission = SSHJobSubmission | LOCALSubmission | CloudJobSubmission | UnicoreJobSubmission
S = TypeVar("S", bound=Submission)
M = TypeVar("M", bound=SSHJobSubmission | LOCALSubmission)


class JobSubmissions:
    """Adds interfaces to compute resources and changes them.

    Every ``add`` returns the id of the new interface and raises
    ``NotFoundError`` for an unknown compute resource; every ``update`` and
    ``get`` raises ``NotFoundError`` for an interface that does not exist or is
    of another kind. Writing raises ``DeniedError`` and ``InputError``.
    A batch system is a record of its own: one that is changed is changed in
    every interface that has its id.
    """

    def __init__(self, *, records: RecordStore) -> None:
        self._records = records

    # -- adding -----------------------------------------------------------------------
    def add_local(
        self, caller: Caller, compute_resource_id: str, priority_order: int, local_submission: LOCALSubmission
    ) -> str:
        """Jobs run on the engine's own machine."""
        protocol = JobSubmissionProtocol.LOCAL
        return self._add(caller, compute_resource_id, priority_order, local_submission, protocol, "LOCAL")

    def add_ssh(
        self, caller: Caller, compute_resource_id: str, priority_order: int, ssh_job_submission: SSHJobSubmission
    ) -> str:
        """Jobs go to a batch system over SSH."""
        protocol = JobSubmissionProtocol.SSH
        return self._add(caller, compute_resource_id, priority_order, ssh_job_submission, protocol, "SSH")

    def add_ssh_fork(
        self, caller: Caller, compute_resource_id: str, priority_order: int, ssh_job_submission: SSHJobSubmission
    ) -> str:
        """Jobs are processes of their own, started over SSH."""
        protocol = JobSubmissionProtocol.SSH_FORK
        return self._add(caller, compute_resource_id, priority_order, ssh_job_submission, protocol, "SSH_FORK")

    def add_cloud(
        self, caller: Caller, compute_resource_id: str, priority_order: int, cloud_submission: CloudJobSubmission
    ) -> str:
        """Jobs run on a virtual machine of a provider."""
        protocol = JobSubmissionProtocol.CLOUD
        return self._add(caller, compute_resource_id, priority_order, cloud_submission, protocol, "Cloud")

    def add_unicore(
        self,
        caller: Caller,
        compute_resource_id: str,
        priority_order: int,
        unicore_job_submission: UnicoreJobSubmission,
    ) -> str:
        """Jobs go to a UNICORE server."""
        protocol = JobSubmissionProtocol.UNICORE
        return self._add(caller, compute_resource_id, priority_order, unicore_job_submission, protocol, "UNICORE")

    def _add(
        self,
        caller: Caller,
        compute_resource_id: str,
        priority_order: int,
        submission: Submission,
        protocol: JobSubmissionProtocol,
        prefix: str,
    ) -> str:
        _check(submission)
        identifier = check.new_id(prefix)
        interface = JobSubmissionInterface(
            job_submission_interface_id=identifier, job_submission_protocol=protocol, priority_order=priority_order
        )
        with self._records.transaction() as records:
            require_shared_write(records, caller, compute_resource_id, "add job submission interfaces to it")
            resource = compute_resource_of(records, compute_resource_id)
            new = replace(submission, job_submission_interface_id=identifier)
            records.add(_linked(records, new))
            interfaces = (*(resource.job_submission_interfaces or ()), interface)
            records.put(replace(resource, job_submission_interfaces=interfaces))
        return identifier

    # -- changing ---------------------------------------------------------------------
    def update_local(self, caller: Caller, job_submission_interface_id: str, local_submission: LOCALSubmission) -> bool:
        """Put another description of a local interface in place of the old one."""
        return self._update(caller, job_submission_interface_id, local_submission)

    def update_ssh(
        self, caller: Caller, job_submission_interface_id: str, ssh_job_submission: SSHJobSubmission
    ) -> bool:
        """Put another description of an SSH or SSH fork interface in place of the old one."""
        return self._update(caller, job_submission_interface_id, ssh_job_submission)

    def update_cloud(
        self, caller: Caller, job_submission_interface_id: str, cloud_submission: CloudJobSubmission
    ) -> bool:
        """Put another description of a cloud interface in place of the old one."""
        return self._update(caller, job_submission_interface_id, cloud_submission)

    def update_unicore(
        self, caller: Caller, job_submission_interface_id: str, unicore_job_submission: UnicoreJobSubmission
    ) -> bool:
        """Put another description of a UNICORE interface in place of the old one."""
        return self._update(caller, job_submission_interface_id, unicore_job_submission)

    def _update(self, caller: Caller, identifier: str, submission: Submission) -> bool:
        _check(submission)
        with self._records.transaction() as records:
            owner = _owner(records, identifier)
            require_shared_write(records, caller, owner.compute_resource_id if owner else "", "change its interfaces")
            old = _submission(records, type(submission), identifier)
            new = replace(submission, job_submission_interface_id=identifier)
            if isinstance(old, SSHJobSubmission | LOCALSubmission) and isinstance(
                new, SSHJobSubmission | LOCALSubmission
            ):
                self._update_own_job_manager(records, caller, old, new.resource_job_manager)
            records.put(_linked(records, new))
        return True

    def _update_own_job_manager(
        self, records: Records, caller: Caller, old: SSHJobSubmission | LOCALSubmission, new: ResourceJobManager
    ) -> None:
        """What an interface says of the batch system that it has already counts for all that share it."""
        own = old.resource_job_manager.resource_job_manager_id
        if new.resource_job_manager_id == own and new != old.resource_job_manager:
            self._require_job_manager_write(records, caller, own)
            records.put(new)

    def delete(self, caller: Caller, compute_resource_id: str, job_submission_interface_id: str) -> bool:
        """Take an interface from its compute resource and forget it."""
        with self._records.transaction() as records:
            require_shared_write(records, caller, compute_resource_id, "delete its job submission interfaces")
            resource = compute_resource_of(records, compute_resource_id)
            interfaces = resource.job_submission_interfaces or ()
            left = tuple(each for each in interfaces if each.job_submission_interface_id != job_submission_interface_id)
            if len(left) == len(interfaces):
                raise missing(f"job submission interface '{job_submission_interface_id}' of '{compute_resource_id}'")
            for kind in SUBMISSION_KINDS:
                records.delete(kind, job_submission_interface_id)
            records.put(replace(resource, job_submission_interfaces=left))
        return True

    # -- telling ----------------------------------------------------------------------
    def get_local(self, caller: Caller, job_submission_id: str) -> LOCALSubmission:
        """A local interface."""
        return self._get(LOCALSubmission, job_submission_id)

    def get_ssh(self, caller: Caller, job_submission_id: str) -> SSHJobSubmission:
        """An SSH or SSH fork interface."""
        return self._get(SSHJobSubmission, job_submission_id)

    def get_cloud(self, caller: Caller, job_submission_id: str) -> CloudJobSubmission:
        """A cloud interface."""
        return self._get(CloudJobSubmission, job_submission_id)

    def get_unicore(self, caller: Caller, job_submission_id: str) -> UnicoreJobSubmission:
        """A UNICORE interface."""
        return self._get(UnicoreJobSubmission, job_submission_id)

    def _get(self, kind: type[S], identifier: str) -> S:
        with self._records.reading() as records:
            return _submission(records, kind, identifier)

    # -- order ------------------------------------------------------------------------
    def change_priority(self, caller: Caller, job_submission_interface_id: str, new_priority_order: int) -> bool:
        """Give an interface another place in the order; the least is tried first."""
        return self.change_priorities(caller, {job_submission_interface_id: new_priority_order})

    def change_priorities(self, caller: Caller, job_submission_priority_map: Mapping[str, int]) -> bool:
        """Give several interfaces, by id, other places in the order, all or none."""
        require_admin(caller, "change priorities of job submission interfaces")
        left = set(job_submission_priority_map)
        with self._records.transaction() as records:
            for resource in records.find(ComputeResource):
                interfaces = resource.job_submission_interfaces or ()
                mine = left & {each.job_submission_interface_id for each in interfaces}
                if mine:
                    left -= mine
                    require_shared_write(records, caller, resource.compute_resource_id, "change its interfaces")
                    new = reordered(interfaces, "job_submission_interface_id", job_submission_priority_map)
                    records.put(replace(resource, job_submission_interfaces=new))
            if left:
                raise missing(f"job submission interface '{min(left)}'")
        return True

    # -- batch systems ----------------------------------------------------------------
    def register_job_manager(self, caller: Caller, resource_job_manager: ResourceJobManager) -> str:
        """Store a batch system by itself; returns its id."""
        require_admin(caller, "register batch systems")
        _check_job_manager(resource_job_manager)
        new = replace(resource_job_manager, resource_job_manager_id=check.new_id("RJM"))
        with self._records.transaction() as records:
            records.add(new)
        return new.resource_job_manager_id

    def update_job_manager(
        self, caller: Caller, resource_job_manager_id: str, updated_resource_job_manager: ResourceJobManager
    ) -> bool:
        """Put another description of a batch system in place of the old one."""
        _check_job_manager(updated_resource_job_manager)
        with self._records.transaction() as records:
            self._require_job_manager_write(records, caller, resource_job_manager_id)
            records.put(replace(updated_resource_job_manager, resource_job_manager_id=resource_job_manager_id))
        return True

    def get_job_manager(self, caller: Caller, resource_job_manager_id: str) -> ResourceJobManager:
        """A batch system. Raises ``NotFoundError``."""
        with self._records.reading() as records:
            return _job_manager(records, resource_job_manager_id)

    def delete_job_manager(self, caller: Caller, resource_job_manager_id: str) -> bool:
        """Forget a batch system; interfaces keep the description that they were given last."""
        with self._records.transaction() as records:
            self._require_job_manager_write(records, caller, resource_job_manager_id)
            records.delete(ResourceJobManager, resource_job_manager_id)
        return True

    @staticmethod
    def _require_job_manager_write(records: Records, caller: Caller, resource_job_manager_id: str) -> None:
        require_admin(caller, "change batch systems")
        _job_manager(records, resource_job_manager_id)
        submissions: list[SSHJobSubmission | LOCALSubmission] = [
            *records.find(SSHJobSubmission),
            *records.find(LOCALSubmission),
        ]
        used_by = {
            each.job_submission_interface_id
            for each in submissions
            if each.resource_job_manager.resource_job_manager_id == resource_job_manager_id
        }
        for resource in records.find(ComputeResource):
            if used_by & {each.job_submission_interface_id for each in resource.job_submission_interfaces or ()}:
                require_shared_write(records, caller, resource.compute_resource_id, "change its batch system")


def with_current_job_manager(records: Records, submission: M) -> M:
    """The interface with its batch system as it is now."""
    identifier = submission.resource_job_manager.resource_job_manager_id
    current = records.get(ResourceJobManager, identifier) if identifier else None
    return replace(submission, resource_job_manager=current) if current is not None else submission


def _submission(records: Records, kind: type[S], identifier: str | None) -> S:
    found = records.get(kind, identifier) if identifier else None
    submission = check.found(found, f"job submission interface '{identifier or ''}' of kind {kind.__name__}")
    if isinstance(submission, SSHJobSubmission | LOCALSubmission):
        current: S = with_current_job_manager(records, submission)
        return current
    return submission


def _linked(records: Records, submission: Submission) -> Submission:
    """The interface with the stored batch system of the id that it names; a new one is stored."""
    if not isinstance(submission, SSHJobSubmission | LOCALSubmission):
        return submission
    job_manager = submission.resource_job_manager
    if check.is_new(job_manager.resource_job_manager_id):
        job_manager = replace(job_manager, resource_job_manager_id=check.new_id("RJM"))
    else:
        check.plain_id(job_manager.resource_job_manager_id, "resource_job_manager_id")
    stored = records.get(ResourceJobManager, job_manager.resource_job_manager_id)
    if stored is None:
        records.add(job_manager)
    return replace(submission, resource_job_manager=stored or job_manager)


def _owner(records: Records, interface_id: str) -> ComputeResource | None:
    return next(
        (
            resource
            for resource in records.find(ComputeResource)
            for each in resource.job_submission_interfaces or ()
            if each.job_submission_interface_id == interface_id
        ),
        None,
    )


def _job_manager(records: Records, identifier: str | None) -> ResourceJobManager:
    found = records.get(ResourceJobManager, identifier) if identifier else None
    return check.found(found, f"resource job manager '{identifier or ''}'")


def _check(submission: Submission) -> None:
    if isinstance(submission, SSHJobSubmission):
        check.port(submission.ssh_port, "ssh_port")
        if submission.alternative_ssh_host_name:
            check.host_name(submission.alternative_ssh_host_name, "alternative_ssh_host_name")
    if isinstance(submission, SSHJobSubmission | LOCALSubmission):
        _check_job_manager(submission.resource_job_manager)
    if isinstance(submission, UnicoreJobSubmission):
        check.given(submission.unicore_end_point_url, "unicore_end_point_url")


def _check_job_manager(job_manager: ResourceJobManager) -> None:
    if job_manager.resource_job_manager_type is None:
        raise InputError("resource_job_manager_type is not given.", remedy="Set it, for example to SLURM or FORK.")
    check.absolute_path(job_manager.job_manager_bin_path, "job_manager_bin_path")
    for name, command in (job_manager.job_manager_commands or {}).items():
        check.one_line(command, f"job_manager_commands[{name}]")
    for parallelism, prefix in (job_manager.parallelism_prefix or {}).items():
        check.one_line(prefix, f"parallelism_prefix[{parallelism}]")
