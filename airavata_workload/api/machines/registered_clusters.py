"""The machines that were registered through the API, as the engine's clusters.

A cluster here is a compute or storage resource as somebody's resource profile
lets them use it; ``cluster_name`` says how it is called. It is made of the
records whenever it is asked for, so every process of an installation sees what
was registered through any of them, a second later at most. Host keys are those
that the user who runs the engine knows; credentials come by token from the
credential store, and only those of the profile's gateway.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace

from airavata_workload.api.access.permission import missing
from airavata_workload.api.catalogue.compute_resources import compute_resource_of
from airavata_workload.api.catalogue.job_submissions import with_current_job_manager
from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.api.machines.registered_cluster import (
    LOCAL_PROTOCOLS,
    SSH_PROTOCOLS,
    Limits,
    compute_cluster,
    preferred,
    storage_cluster,
)
from airavata_workload.api.profiles.preferences import Preferences
from airavata_workload.api.request_check import found
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import InputError, StoreUnavailableError
from airavata_workload.domain.gateway_storage import GatewayStorage
from airavata_workload.domain.job import ResourceRequest
from airavata_workload.ports.record_store import Records, RecordStore
from airavata_workload.records.applications import ApplicationParallelismType
from airavata_workload.records.compute_resources import ComputeResource
from airavata_workload.records.credentials import CredentialSummary
from airavata_workload.records.data_movement import DataMovementProtocol, LOCALDataMovement, SCPDataMovement
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.group_profiles import GroupResourceProfile
from airavata_workload.records.job_submission import (
    JobSubmissionInterface,
    JobSubmissionProtocol,
    LOCALSubmission,
    SSHJobSubmission,
)
from airavata_workload.records.storage_resources import StorageResource
from airavata_workload.records.user_profiles import UserComputeResourcePreference, UserResourceProfile

FRESH_S = 1.0
"""For so long a description is not looked up again."""

_MOST_KEPT = 4096
Submission = SSHJobSubmission | LOCALSubmission
Movement = SCPDataMovement | LOCALDataMovement
_SPOKEN = (DataMovementProtocol.SCP, DataMovementProtocol.SFTP, DataMovementProtocol.LOCAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Registered:
    """All that the records say of one compute resource for one name."""

    resource: ComputeResource
    preferences: Preferences
    limits: Limits
    protocol: JobSubmissionProtocol
    submission: Submission


class RegisteredClusters:
    """Makes clusters of records. ``clock`` gives microseconds.

    ``local`` says whether resources may be reached without a login, as
    commands and files of the engine's own user. ``own_storage``, the storage of
    the installation, is reached so in any case: it has a directory for each
    gateway, whatever their profiles say. Methods raise
    ``NotFoundError`` for what is not registered, and ``InputError`` for what
    is not registered completely, naming the field that is missing.
    """

    def __init__(
        self,
        *,
        records: RecordStore,
        clock: Clock,
        local: bool = False,
        own_storage: GatewayStorage | None = None,
        fresh_s: float = FRESH_S,
    ) -> None:
        self.own_storage = own_storage
        self._records = records
        self._clock = clock
        self._local = local
        self._fresh_s = fresh_s
        self._known: dict[str, tuple[float, Cluster]] = {}

    def cluster(self, name: str) -> Cluster:
        """The cluster of that name; while the store does not answer, as it was last."""
        now_s = time.monotonic()
        looked_s, known = self._known.get(name, (0.0, None))
        if known is not None and now_s - looked_s < self._fresh_s:
            return known
        try:
            made = self._made(_parsed(name), name)
        except StoreUnavailableError:
            if known is None:
                raise
            return known
        if len(self._known) >= _MOST_KEPT:
            self._known.clear()
        self._known[name] = (now_s, made)
        return made

    def request(self, name: str, request: ResourceRequest) -> ResourceRequest:
        """What a job asks of the cluster, filled in from the preferences: queue, allocation, quality, reservation."""
        registered = self._registered(name)
        queues = registered.resource.batch_queues or ()
        return registered.preferences.completed(request, queues, self._clock() // 1000)

    def parallelism_prefix(self, name: str, parallelism: ApplicationParallelismType) -> str:
        """What starts a program of that parallelism there; '' if the batch system says nothing of it."""
        prefixes = self._registered(name).submission.resource_job_manager.parallelism_prefix
        return (prefixes or {}).get(parallelism, "").strip()

    def account(self, gateway_id: str, preference: UserComputeResourcePreference) -> Cluster:
        """The cluster as a user would use it by a preference that is not stored yet."""
        name = ClusterName(resource=preference.compute_resource_id, gateway=gateway_id)
        with self._records.reading() as records:
            registered = _registered(records, name, compute_resource_of(records, name.resource))
            cluster = compute_cluster(
                str(name),
                registered.resource,
                registered.protocol,
                registered.submission,
                replace(registered.preferences, as_user=True, user=preference),
                limits=registered.limits,
            )
            self._check_local(cluster, name)
            _check_token(records, cluster, gateway_id)
        return cluster

    # -- from records ---------------------------------------------------------------------
    def _registered(self, name: str) -> _Registered:
        with self._records.reading() as records:
            parsed = _parsed(name)
            _expect(records, parsed)
            return _registered(records, parsed, compute_resource_of(records, parsed.resource))

    def _made(self, name: ClusterName, text: str) -> Cluster:
        if self.own_storage is not None and name.resource == self.own_storage.resource_id and name.gateway:
            return self.own_storage.cluster(text, name.gateway)
        with self._records.reading() as records:
            _expect(records, name)
            resource = records.get(ComputeResource, name.resource)
            cluster = _compute(records, name, text, resource) if resource is not None else _storage(records, name, text)
            self._check_local(cluster, name)
            _check_token(records, cluster, name.gateway)
            return cluster

    def _check_local(self, cluster: Cluster, name: ClusterName) -> None:
        if cluster.remote_shell == "local" and not self._local:
            raise InputError(
                f"'{name.resource}' is to be used on the engine's own machine, without a login.",
                remedy="Add an SSH or SCP interface; or let the operator set local_resources in the settings.",
            )


def _parsed(text: str) -> ClusterName:
    name = ClusterName.parse(text)
    if name is None:
        raise missing(f"cluster '{text}'")
    return name


# -- compute resources ----------------------------------------------------------------------
def _expect(records: Records, name: ClusterName) -> None:
    profile = (GroupResourceProfile, name.group) if name.group else (GatewayResourceProfile, name.gateway)
    records.expect((ComputeResource, name.resource), profile)


def _compute(records: Records, name: ClusterName, text: str, resource: ComputeResource) -> Cluster:
    registered = _registered(records, name, resource)
    return compute_cluster(
        text,
        resource,
        registered.protocol,
        registered.submission,
        registered.preferences,
        limits=registered.limits,
        login=name.login,
        scratch=name.scratch,
    )


def _registered(records: Records, name: ClusterName, resource: ComputeResource) -> _Registered:
    preferences, limits = _group(records, name) if name.group else (_own(records, name), Limits())
    if name.user:
        preferences = _as_user(records, name, preferences)
    where = f"Compute resource '{resource.compute_resource_id}'"
    wanted = preferences.own.preferred_job_submission_protocol
    interfaces = resource.job_submission_interfaces or ()
    interface = preferred(interfaces, wanted, "job_submission_protocol", where)
    submission = _submission(records, interface, where)
    return _Registered(
        resource=resource,
        preferences=preferences,
        limits=limits,
        protocol=interface.job_submission_protocol,
        submission=submission,
    )


def _submission(records: Records, interface: JobSubmissionInterface, where: str) -> Submission:
    """What the interface says. Raises ``InputError`` for a protocol that the engine does not speak."""
    identifier, protocol = interface.job_submission_interface_id, interface.job_submission_protocol
    what = f"job submission interface '{identifier}'"
    if protocol in SSH_PROTOCOLS:
        return with_current_job_manager(records, found(records.get(SSHJobSubmission, identifier), what))
    if protocol in LOCAL_PROTOCOLS:
        return with_current_job_manager(records, found(records.get(LOCALSubmission, identifier), what))
    raise InputError(
        f"{where} takes jobs by {protocol}, which this engine does not speak.", remedy="Add an SSH interface to it."
    )


def _own(records: Records, name: ClusterName) -> Preferences:
    """What the gateway's own profile says of the resource."""
    profile = _gateway_profile(records, name.gateway)
    preferences = profile.compute_resource_preferences or ()
    own = next((each for each in preferences if each.compute_resource_id == name.resource), None)
    own = found(own, f"preference of gateway '{name.gateway}' for compute resource '{name.resource}'")
    return Preferences(own=own, own_token=profile.credential_store_token)


def _group(records: Records, name: ClusterName) -> tuple[Preferences, Limits]:
    """What a group resource profile says of the resource."""
    what = f"group resource profile '{name.group}' in gateway '{name.gateway}'"
    profile = found(records.get(GroupResourceProfile, name.group), what)
    if profile.gateway_id != name.gateway:
        raise missing(what)
    preferences = profile.compute_preferences or ()
    own = next((each for each in preferences if each.compute_resource_id == name.resource), None)
    own = found(own, f"preference of group resource profile '{name.group}' for compute resource '{name.resource}'")
    policies = (each for each in profile.compute_resource_policies or () if each.compute_resource_id == name.resource)
    queues = [each.allowed_batch_queues for each in policies if each.allowed_batch_queues is not None]
    limits = Limits(
        queues=tuple(queue for allowed in queues for queue in allowed) if queues else None,
        policies={
            each.queue_name or "": each
            for each in profile.batch_queue_resource_policies or ()
            if each.compute_resource_id == name.resource
        },
    )
    return Preferences(own=own, own_token=profile.default_credential_store_token), limits


def _as_user(records: Records, name: ClusterName, others: Preferences) -> Preferences:
    """The preferences with those of a user who works as themselves before them."""
    profile = records.get(UserResourceProfile, UserResourceProfile.key_of(name.gateway, name.user))
    profile = found(profile, f"resource profile of user '{name.user}' in gateway '{name.gateway}'")
    preferences = profile.user_compute_resource_preferences or ()
    user = next((each for each in preferences if each.compute_resource_id == name.resource), None)
    return replace(others, as_user=True, user=user, user_token=profile.credential_store_token)


# -- storage resources ----------------------------------------------------------------------
def _storage(records: Records, name: ClusterName, text: str) -> Cluster:
    """Source: Airavata 0.17, ``ProcessContext``: login and root are the gateway's alone, whoever uses them."""
    resource = records.get(StorageResource, name.resource)
    resource = found(resource, f"compute or storage resource '{name.resource}'")
    profile = _gateway_profile(records, name.gateway)
    preferences = profile.storage_preferences or ()
    own = next((each for each in preferences if each.storage_resource_id == name.resource), None)
    own = found(own, f"preference of gateway '{name.gateway}' for storage resource '{name.resource}'")
    movement, protocol = _movement(records, resource)
    return storage_cluster(
        text,
        resource,
        movement,
        protocol,
        login=own.login_user_name or "",
        root=own.file_system_root_location or "",
        token=own.resource_specific_credential_store_token or profile.credential_store_token or "",
    )


def _movement(records: Records, resource: StorageResource) -> tuple[Movement, DataMovementProtocol]:
    """The interface of least priority that the engine speaks."""
    spoken = [each for each in resource.data_movement_interfaces or () if each.data_movement_protocol in _SPOKEN]
    where = f"Storage resource '{resource.storage_resource_id}'"
    interface = preferred(spoken, None, "data_movement_protocol", f"{where}, of those that this engine speaks,")
    identifier, protocol = interface.data_movement_interface_id, interface.data_movement_protocol
    what = f"data movement interface '{identifier}'"
    if protocol is DataMovementProtocol.LOCAL:
        return found(records.get(LOCALDataMovement, identifier), what), protocol
    return found(records.get(SCPDataMovement, identifier), what), protocol


# -- both -----------------------------------------------------------------------------------
def _gateway_profile(records: Records, gateway_id: str) -> GatewayResourceProfile:
    return found(records.get(GatewayResourceProfile, gateway_id), f"resource profile of gateway '{gateway_id}'")


def _check_token(records: Records, cluster: Cluster, gateway_id: str) -> None:
    """A profile can name any token; only those of its gateway are used."""
    if cluster.credential is None:
        return
    summary = records.get(CredentialSummary, cluster.credential)
    if summary is None or summary.gateway_id != gateway_id:
        raise InputError(
            f"The credential for {cluster.user}@{cluster.host} is not one of gateway '{gateway_id}'.",
            remedy="Register a key or password in that gateway, and name its token in the resource profile.",
        )
