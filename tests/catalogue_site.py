"""A gateway catalogue over an embedded record store, for tests: its services, and callers of two gateways."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from airavata_adapters.record_stores import embedded
from airavata_workload.api.catalogue.application_deployments import ApplicationDeployments
from airavata_workload.api.catalogue.application_interfaces import ApplicationInterfaces
from airavata_workload.api.catalogue.application_modules import ApplicationModules
from airavata_workload.api.catalogue.compute_resources import ComputeResources
from airavata_workload.api.catalogue.data_movements import DataMovements
from airavata_workload.api.catalogue.job_submissions import JobSubmissions
from airavata_workload.api.catalogue.notifications import Notifications
from airavata_workload.api.catalogue.parsers import Parsers
from airavata_workload.api.catalogue.queue_status import QueueStatuses
from airavata_workload.api.catalogue.storage_resources import StorageResources
from airavata_workload.api.catalogue.workflows import Workflows
from airavata_workload.api.machines.registered_clusters import RegisteredClusters
from airavata_workload.api.profiles.gateway_profiles import GatewayProfiles
from airavata_workload.api.profiles.group_profiles import GroupProfiles
from airavata_workload.api.profiles.user_profiles import UserProfiles
from airavata_workload.api.sharing.sharing import Sharing
from airavata_workload.domain.caller import INTERNAL, Caller, Role
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.records.applications import ApplicationDeployment, ApplicationModule
from airavata_workload.records.compute_resources import BatchQueue, ComputeResource
from airavata_workload.records.credentials import CredentialSummary, SummaryType
from airavata_workload.records.data_movement import DMType, SCPDataMovement
from airavata_workload.records.gateway_profiles import (
    ComputeResourcePreference,
    GatewayResourceProfile,
    StoragePreference,
)
from airavata_workload.records.gateways import Gateway, GatewayApprovalStatus
from airavata_workload.records.group_profiles import GroupComputeResourcePreference, GroupResourceProfile
from airavata_workload.records.job_submission import (
    ResourceJobManager,
    ResourceJobManagerType,
    SSHJobSubmission,
)
from airavata_workload.records.security import SecurityProtocol
from airavata_workload.records.storage_resources import StorageResource

NOW_US = 1_800_000_000_000_000
ADMIN = Caller(gateway="chemistry", user="root", roles=frozenset({Role.ADMIN, Role.USER}))
VIEWER = Caller(gateway="chemistry", user="auditor", roles=frozenset({Role.READ_ONLY_ADMIN}))
ADA = Caller(gateway="chemistry", user="ada", roles=frozenset({Role.USER}))
BOB = Caller(gateway="chemistry", user="bob", roles=frozenset({Role.USER}))
STRANGER = Caller(gateway="biology", user="root", roles=frozenset({Role.ADMIN, Role.USER}))
PEER = INTERNAL


class CatalogueSite:
    """All services of the catalogue over one record store."""

    def __init__(self, records: RecordStore) -> None:
        self.records = records
        self.sharing = Sharing(records=records, clock=self.clock)
        self.compute = ComputeResources(records=records)
        self.storage = StorageResources(records=records, clock=self.clock)
        self.submissions = JobSubmissions(records=records)
        self.movements = DataMovements(records=records, clock=self.clock)
        self.gateway_profiles = GatewayProfiles(records=records, sharing=self.sharing)
        self.user_profiles = UserProfiles(records=records, sharing=self.sharing)
        self.group_profiles = GroupProfiles(records=records, sharing=self.sharing, clock=self.clock)
        self.deployments = ApplicationDeployments(
            records=records, sharing=self.sharing, group_profiles=self.group_profiles
        )
        self.modules = ApplicationModules(records=records, deployments=self.deployments)
        self.interfaces = ApplicationInterfaces(records=records)
        self.notifications = Notifications(records=records, clock=self.clock)
        self.parsers = Parsers(records=records, sharing=self.sharing)
        self.workflows = Workflows(records=records, clock=self.clock)
        self.queue_statuses = QueueStatuses(records=records)

    @staticmethod
    def clock() -> int:
        """The present."""
        return NOW_US

    def clusters(self, *, local: bool = False, fresh_s: float = 0.0) -> RegisteredClusters:
        """The registered clusters, looked up at each use."""
        return RegisteredClusters(records=self.records, clock=self.clock, local=local, fresh_s=fresh_s)

    def alpha(self) -> str:
        """A registered Slurm cluster with an SSH interface; its id."""
        queues = (
            BatchQueue(queue_name="short", max_run_time_min=30, max_nodes=2, is_default_queue=True),
            BatchQueue(queue_name="long", max_run_time_min=2880, max_processors=0),
        )
        identifier = self.compute.register(ADMIN, ComputeResource(host_name="alpha.example.org", batch_queues=queues))
        self.submissions.add_ssh(ADMIN, identifier, 1, ssh())
        return identifier

    def store(self) -> str:
        """A registered storage resource with an SCP interface; its id."""
        identifier = self.storage.register(ADMIN, StorageResource(host_name="store.example.org"))
        self.movements.add_scp(
            ADMIN,
            identifier,
            DMType.STORAGE_RESOURCE,
            0,
            SCPDataMovement(security_protocol=SecurityProtocol.SSH_KEYS, ssh_port=2222),
        )
        return identifier

    def token(self, token: str, *, owner: Caller = ADMIN) -> str:
        """A credential of that token, as the credential service keeps it."""
        with self.records.transaction() as records:
            records.put(
                CredentialSummary(
                    token=token, type=SummaryType.SSH, gateway_id=owner.gateway, username=owner.user, public_key="key"
                )
            )
        return token

    def profile(self, alpha: str, store: str | None = None) -> None:
        """A resource profile of the gateway for the cluster and the storage resource."""
        self.gateway_profiles.register(
            ADMIN,
            GatewayResourceProfile(
                gateway_id="chemistry",
                credential_store_token=self.token("gateway-key"),
                compute_resource_preferences=(preference(alpha),),
                storage_preferences=None
                if store is None
                else (
                    StoragePreference(
                        storage_resource_id=store, login_user_name="data", file_system_root_location="/data/chemistry"
                    ),
                ),
            ),
        )

    def group(self, alpha: str, owner: Caller = ADMIN) -> str:
        """A group resource profile for the cluster; its id."""
        own = GroupComputeResourcePreference(
            compute_resource_id=alpha, login_user_name="groupers", scratch_location="/scratch/group"
        )
        return self.group_profiles.create(
            owner,
            GroupResourceProfile(
                gateway_id=owner.gateway,
                group_resource_profile_name="group",
                compute_preferences=(own,),
                default_credential_store_token=self.token(f"key-of-{owner.user}", owner=owner),
            ),
        )

    def application(self, alpha: str) -> tuple[str, str]:
        """A module with a deployment on the cluster; their ids."""
        module = self.modules.register(ADMIN, "chemistry", ApplicationModule(app_module_name="Gaussian"))
        deployment = self.deployments.register(
            ADMIN,
            "chemistry",
            ApplicationDeployment(app_module_id=module, compute_host_id=alpha, executable_path="/opt/g16/g16"),
        )
        return module, deployment


def ssh(kind: ResourceJobManagerType = ResourceJobManagerType.SLURM) -> SSHJobSubmission:
    """An SSH interface to a batch system."""
    return SSHJobSubmission(
        security_protocol=SecurityProtocol.SSH_KEYS,
        resource_job_manager=ResourceJobManager(resource_job_manager_type=kind, job_manager_bin_path="/opt/slurm/bin"),
    )


def preference(alpha: str) -> ComputeResourcePreference:
    """How the gateway works on the cluster."""
    return ComputeResourcePreference(
        compute_resource_id=alpha,
        login_user_name="svc",
        scratch_location="/scratch/svc",
        preferred_batch_queue="long",
        allocation_project_number="chem-2027",
    )


@cache
def _empty() -> TemporaryDirectory[str]:
    """A home with the tables and two gateways in them: to copy it is quicker than to make them."""
    home = TemporaryDirectory(prefix="catalogue-")
    store = embedded.open_record_store(BackingContext(home=Path(home.name), session="catalogue-0"))
    with store.transaction() as records:
        for each in (ADMIN, STRANGER):
            records.add(Gateway(gateway_id=each.gateway, gateway_approval_status=GatewayApprovalStatus.ACTIVE))
    store.close()
    return home


@contextmanager
def catalogue_site(home: Path) -> Iterator[CatalogueSite]:
    """A new site in a home directory."""
    shutil.copytree(_empty().name, home, dirs_exist_ok=True)
    store = embedded.open_record_store(BackingContext(home=home, session="catalogue-1"))
    try:
        yield CatalogueSite(store)
    finally:
        store.close()
