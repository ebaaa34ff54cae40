"""From records of the catalogue to the engine's description of a machine. Pure.

Source for what the fields mean: Apache Airavata 0.17, GFAC's ``Factory`` and
``ProcessContext``: the alternative host and the port of the SSH interface,
and the batch system of the interface that is preferred.
"""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import PurePosixPath
from typing import TypeVar

from airavata_workload.api import request_check as check
from airavata_workload.api.profiles.preferences import Preferences
from airavata_workload.domain.cluster import BatchQueue, Cluster
from airavata_workload.domain.errors import InputError
from airavata_workload.records import compute_resources as catalogue
from airavata_workload.records.compute_resources import ComputeResource
from airavata_workload.records.data_movement import (
    DataMovementInterface,
    DataMovementProtocol,
    LOCALDataMovement,
    SCPDataMovement,
)
from airavata_workload.records.group_profiles import BatchQueueResourcePolicy
from airavata_workload.records.job_submission import (
    JobSubmissionInterface,
    JobSubmissionProtocol,
    LOCALSubmission,
    ResourceJobManager,
    ResourceJobManagerType,
    SSHJobSubmission,
)
from airavata_workload.records.security import SecurityProtocol
from airavata_workload.records.storage_resources import StorageResource

FORKS = (JobSubmissionProtocol.SSH_FORK, JobSubmissionProtocol.LOCAL_FORK)
SSH_PROTOCOLS = (JobSubmissionProtocol.SSH, JobSubmissionProtocol.SSH_FORK)
LOCAL_PROTOCOLS = (JobSubmissionProtocol.LOCAL, JobSubmissionProtocol.LOCAL_FORK)
_SSH_LOGINS = (SecurityProtocol.SSH_KEYS, SecurityProtocol.USERNAME_PASSWORD)
_TRANSFERS = {DataMovementProtocol.SCP: "scp", DataMovementProtocol.SFTP: "sftp"}
_SECONDS_PER_MINUTE = 60

I = TypeVar("I", JobSubmissionInterface, DataMovementInterface)  # noqa: E741 - an interface


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a group resource profile allows on one compute resource; ``queues`` is ``None`` if it allows all."""

    queues: Collection[str] | None = None
    policies: Mapping[str, BatchQueueResourcePolicy] = field(default_factory=dict)


def preferred(interfaces: Iterable[I], protocol: str | None, protocol_field: str, where: str) -> I:
    """The interface of that protocol, by default of any; of several that of the least priority.

    Raises ``InputError`` that names the resource.
    """
    ordered = sorted(interfaces, key=lambda each: each.priority_order)
    found = next((each for each in ordered if protocol is None or getattr(each, protocol_field) == protocol), None)
    if found is None:
        kind = f"{protocol} interface" if protocol else "interface"
        raise InputError(f"{where} has no {kind}.", remedy="Add one, or prefer another protocol.")
    return found


def compute_cluster(
    name: str,
    resource: ComputeResource,
    protocol: JobSubmissionProtocol,
    submission: SSHJobSubmission | LOCALSubmission,
    preferences: Preferences,
    *,
    limits: Limits,
    login: str = "",
    scratch: str = "",
) -> Cluster:
    """A compute resource as the preferences let it be used; ``login`` and ``scratch`` are of the experiment.

    Raises ``InputError`` that names what is missing.
    """
    where = f"Compute resource '{resource.compute_resource_id}'"
    job_manager = submission.resource_job_manager
    queues = resource.batch_queues or ()
    common = Cluster(
        name=name,
        description=resource.resource_description or "",
        batch_system=_batch_system(protocol, job_manager),
        scratch_directory=_directory(preferences.scratch(scratch), where, "scratch_location"),
        default_queue=preferences.queue(queues) or None,
        default_allocation=preferences.allocation() or None,
        queues=_queues(queues, limits),
        command_directory=_command_directory(job_manager),
        use_agent=False,
    )
    if isinstance(submission, LOCALSubmission):
        return _local(common)
    if submission.security_protocol not in _SSH_LOGINS:
        raise InputError(
            f"{where} wants {submission.security_protocol}, which SSH does not offer here.",
            remedy="Use SSH_KEYS or USERNAME_PASSWORD.",
        )
    transfer = file_transfer(resource.data_movement_interfaces or (), preferences.own.preferred_data_movement_protocol)
    host = submission.alternative_ssh_host_name or resource.host_name
    login_name = preferences.login(login)
    return _over_ssh(common, host, submission.ssh_port, login_name, preferences.token(), transfer, where)


def storage_cluster(
    name: str,
    resource: StorageResource,
    movement: SCPDataMovement | LOCALDataMovement,
    protocol: DataMovementProtocol,
    *,
    login: str,
    root: str,
    token: str,
) -> Cluster:
    """A storage resource as a gateway uses it; ``root`` is its ``scratch_directory``. Raises ``InputError``."""
    where = f"Storage resource '{resource.storage_resource_id}'"
    common = Cluster(
        name=name,
        description=resource.storage_resource_description or "",
        batch_system="fork",
        scratch_directory=_directory(root, where, "file_system_root_location"),
        use_agent=False,
    )
    if isinstance(movement, LOCALDataMovement):
        return _local(common)
    host = movement.alternative_scp_host_name or resource.host_name
    return _over_ssh(common, host, movement.ssh_port, login, token, _TRANSFERS.get(protocol, "scp"), where)


def file_transfer(interfaces: Sequence[DataMovementInterface], wanted: DataMovementProtocol | None) -> str:
    """How files get to a machine over SSH: as preferred, else by the first interface that works over SSH, else SCP."""
    if wanted in _TRANSFERS:
        return _TRANSFERS[wanted]
    ordered = sorted(interfaces, key=lambda each: each.priority_order)
    found = (_TRANSFERS[each.data_movement_protocol] for each in ordered if each.data_movement_protocol in _TRANSFERS)
    return next(found, "scp")


def _local(common: Cluster) -> Cluster:
    return replace(common, remote_shell="local", file_transfer="local")


def _over_ssh(common: Cluster, host: str, port: int, login: str, token: str, transfer: str, where: str) -> Cluster:
    """Without a credential nobody logs in: the keys of whoever runs the engine are not for those who register."""
    check.login_name(login, f"{where}: login_user_name")
    if not login:
        raise InputError(f"{where} has no login name.", remedy="Set login_user_name in the preference for it.")
    if not token:
        raise InputError(
            f"{where} has no credential.",
            remedy="Set resource_specific_credential_store_token in the preference, or the token of the profile.",
        )
    return replace(
        common,
        host=check.host_name(host, f"{where}: host_name"),
        port=port or 22,
        user=login,
        remote_shell="ssh",
        file_transfer=transfer,
        credential=token,
    )


def _batch_system(protocol: JobSubmissionProtocol, job_manager: ResourceJobManager) -> str:
    """The entry point's name: that of Airavata's batch system in lower case."""
    kind = ResourceJobManagerType.FORK if protocol in FORKS else job_manager.resource_job_manager_type
    return kind.value.lower()


def _command_directory(job_manager: ResourceJobManager) -> str | None:
    """Where the commands are, if that is said: as a directory, or by commands that are all in one."""
    if job_manager.job_manager_bin_path:
        return job_manager.job_manager_bin_path
    words = [command.split()[0] for command in (job_manager.job_manager_commands or {}).values() if command.strip()]
    directories = {posixpath.dirname(word) for word in words}
    only = directories.pop() if len(directories) == 1 else ""
    return only if only.startswith("/") else None


def _directory(text: str, where: str, what: str) -> str:
    path = PurePosixPath(text)
    if not path.is_absolute() or ".." in path.parts or any(each in text for each in "\0\r\n"):
        said = f"{text!r} as {what}" if text else f"no {what}"
        raise InputError(f"{where} has {said}.", remedy=f"Set {what} in the preference for it to an absolute path.")
    return str(path)


def _queues(queues: Sequence[catalogue.BatchQueue], limits: Limits) -> tuple[BatchQueue, ...]:
    """The queues that may be used. One that is allowed and not described stays, so that "none" is never "any"."""
    described = {queue.queue_name: queue for queue in queues}
    allowed = list(described) if limits.queues is None else list(limits.queues)
    unknown = [catalogue.BatchQueue(queue_name=name) for name in allowed if name not in described]
    usable = [queue for name, queue in described.items() if name in allowed] + unknown
    return tuple(_queue(queue, limits.policies.get(queue.queue_name)) for queue in usable)


def _queue(queue: catalogue.BatchQueue, policy: BatchQueueResourcePolicy | None) -> BatchQueue:
    minutes = _least(queue.max_run_time_min, policy.max_allowed_wall_time_min if policy else None)
    return BatchQueue(
        name=queue.queue_name,
        max_wall_time_s=minutes * _SECONDS_PER_MINUTE if minutes else None,
        max_node_count=_least(queue.max_nodes, policy.max_allowed_nodes if policy else None),
        max_cpu_count=_least(queue.max_processors, policy.max_allowed_cores if policy else None),
        max_memory_mib=_least(queue.max_memory_mb),
    )


def _least(*limits: int | None) -> int | None:
    """The smallest limit. Source: Airavata 0.17, ``BatchQueueValidator``: 0 is no limit."""
    return min((limit for limit in limits if limit), default=None)
