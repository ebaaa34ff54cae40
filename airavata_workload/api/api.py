"""The application layer as a whole: one attribute for each topic, each made when it is first asked for."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from airavata_workload.api.catalogue.application_deployments import ApplicationDeployments
from airavata_workload.api.catalogue.application_interfaces import ApplicationInterfaces
from airavata_workload.api.catalogue.application_modules import ApplicationModules
from airavata_workload.api.catalogue.compute_resources import ComputeResources
from airavata_workload.api.catalogue.data_movements import DataMovements
from airavata_workload.api.catalogue.job_submissions import JobSubmissions
from airavata_workload.api.catalogue.notifications import Notifications
from airavata_workload.api.catalogue.parsers import Parsers
from airavata_workload.api.catalogue.queue_status import QueueStatuses
from airavata_workload.api.catalogue.ssh_accounts import ProvisionerCatalogue, SshAccounts
from airavata_workload.api.catalogue.storage_resources import StorageResources
from airavata_workload.api.catalogue.storage_space import StorageSpace
from airavata_workload.api.catalogue.workflows import Workflows
from airavata_workload.api.credentials.credential_vault import CredentialVault
from airavata_workload.api.credentials.credentials import Credentials
from airavata_workload.api.credentials.ssh_key_pair import KeyType
from airavata_workload.api.experiments.data_products import DataProducts
from airavata_workload.api.experiments.experiment_files import ExperimentFiles
from airavata_workload.api.experiments.experiment_follower import ExperimentFollower
from airavata_workload.api.experiments.experiment_lists import ExperimentLists
from airavata_workload.api.experiments.experiment_products import ExperimentProducts
from airavata_workload.api.experiments.experiment_views import ExperimentViews
from airavata_workload.api.experiments.experiments import Experiments
from airavata_workload.api.experiments.intermediate_outputs import IntermediateOutputs
from airavata_workload.api.experiments.launching import Launching
from airavata_workload.api.experiments.orchestration import Orchestration
from airavata_workload.api.experiments.plans import Plans
from airavata_workload.api.experiments.process_catalogue import ProcessCatalogue
from airavata_workload.api.experiments.projects import Projects
from airavata_workload.api.first_start import FirstStart
from airavata_workload.api.machines.account_machine import ShellOpener
from airavata_workload.api.machines.registered_clusters import RegisteredClusters
from airavata_workload.api.people.gateways import Gateways
from airavata_workload.api.people.groups import Groups
from airavata_workload.api.people.iam import Iam
from airavata_workload.api.people.users import Users
from airavata_workload.api.profiles.gateway_profiles import GatewayProfiles
from airavata_workload.api.profiles.group_profiles import GroupProfiles
from airavata_workload.api.profiles.user_profiles import UserProfiles
from airavata_workload.api.sharing.sharing import Sharing
from airavata_workload.api.sharing.sharing_domains import SharingDomains
from airavata_workload.api.sharing.sharing_entities import SharingEntities
from airavata_workload.api.sharing.sharing_people import SharingPeople
from airavata_workload.api.workload import Workload
from airavata_workload.domain.clock import Clock
from airavata_workload.ports.credential_store import CredentialStore
from airavata_workload.ports.identity_provider import IdentityProvider
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.ports.validation import Validator
from airavata_workload.resources import Resources


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiParts:
    """What the application layer is made of.

    ``has_dag`` says whether there is an abstract DAG of that name,
    ``open_shell`` opens a shell of its own on a cluster. ``super_gateway`` is
    whose administrators see all gateways ('' is none), ``ssh_key_type`` of
    which type new SSH keys are.
    """

    records: RecordStore
    secrets: CredentialStore
    accounts: IdentityProvider
    workload: Workload
    clusters: RegisteredClusters
    resources: Resources
    provisioners: ProvisionerCatalogue
    open_shell: ShellOpener
    validators: Sequence[Validator]
    has_dag: Callable[[str], bool]
    super_gateway: str
    ssh_key_type: KeyType
    clock: Clock


class Api:
    """One attribute for each topic; several threads may use it at once."""

    def __init__(self, parts: ApiParts) -> None:
        self._parts = parts

    # -- who ----------------------------------------------------------------------------
    @cached_property
    def gateways(self) -> Gateways:
        """Gateways."""
        parts = self._parts
        return Gateways(records=parts.records, clock=parts.clock, super_gateway=parts.super_gateway)

    @cached_property
    def first_start(self) -> FirstStart:
        """What is there before anybody has registered anything."""
        return FirstStart(records=self._parts.records, gateways=self.gateways, clock=self._parts.clock)

    @cached_property
    def users(self) -> Users:
        """Profiles of users."""
        return Users(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def groups(self) -> Groups:
        """Groups of users."""
        return Groups(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def iam(self) -> Iam:
        """Accounts."""
        return Iam(provider=self._parts.accounts, users=self.users)

    # -- sharing ------------------------------------------------------------------------
    @cached_property
    def sharing(self) -> Sharing:
        """Who may do what with which thing."""
        return Sharing(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def sharing_domains(self) -> SharingDomains:
        """Domains and types of the sharing registry."""
        return SharingDomains(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def sharing_entities(self) -> SharingEntities:
        """Entities of the sharing registry."""
        return SharingEntities(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def sharing_people(self) -> SharingPeople:
        """Users and groups of the sharing registry."""
        return SharingPeople(records=self._parts.records, clock=self._parts.clock)

    # -- resources ----------------------------------------------------------------------
    @cached_property
    def compute_resources(self) -> ComputeResources:
        """Compute resources."""
        return ComputeResources(records=self._parts.records)

    @cached_property
    def job_submissions(self) -> JobSubmissions:
        """How jobs are submitted to compute resources."""
        return JobSubmissions(records=self._parts.records)

    @cached_property
    def data_movements(self) -> DataMovements:
        """How files get to resources and from them."""
        return DataMovements(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def storage_resources(self) -> StorageResources:
        """Storage resources."""
        return StorageResources(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def storage_space(self) -> StorageSpace:
        """How full resources are."""
        resources = self._parts.resources
        return StorageSpace(
            records=self._parts.records,
            group_profiles=self.group_profiles,
            cluster=resources.cluster,
            shell=resources.shell,
            own_storage=self._parts.clusters.own_storage,
        )

    @cached_property
    def ssh_accounts(self) -> SshAccounts:
        """Accounts of users on compute resources."""
        parts = self._parts
        return SshAccounts(
            records=parts.records,
            sharing=self.sharing,
            clusters=parts.clusters,
            secrets=parts.secrets,
            provisioners=parts.provisioners,
            open_shell=parts.open_shell,
        )

    @cached_property
    def queue_statuses(self) -> QueueStatuses:
        """How full batch queues are."""
        return QueueStatuses(records=self._parts.records)

    # -- credentials and profiles -----------------------------------------------------------
    @cached_property
    def credential_vault(self) -> CredentialVault:
        """The credential store service."""
        parts = self._parts
        return CredentialVault(
            records=parts.records, secrets=parts.secrets, clock=parts.clock, key_type=parts.ssh_key_type
        )

    @cached_property
    def credentials(self) -> Credentials:
        """What portals do with credentials."""
        return Credentials(vault=self.credential_vault, sharing=self.sharing)

    @cached_property
    def gateway_profiles(self) -> GatewayProfiles:
        """As whom a gateway works on resources."""
        return GatewayProfiles(records=self._parts.records, sharing=self.sharing)

    @cached_property
    def group_profiles(self) -> GroupProfiles:
        """As whom a group works on resources."""
        return GroupProfiles(records=self._parts.records, sharing=self.sharing, clock=self._parts.clock)

    @cached_property
    def user_profiles(self) -> UserProfiles:
        """As whom a user works on resources."""
        return UserProfiles(records=self._parts.records, sharing=self.sharing)

    # -- applications -------------------------------------------------------------------------
    @cached_property
    def application_modules(self) -> ApplicationModules:
        """Application modules."""
        return ApplicationModules(records=self._parts.records, deployments=self.application_deployments)

    @cached_property
    def application_deployments(self) -> ApplicationDeployments:
        """Where applications are installed."""
        return ApplicationDeployments(
            records=self._parts.records, sharing=self.sharing, group_profiles=self.group_profiles
        )

    @cached_property
    def application_interfaces(self) -> ApplicationInterfaces:
        """Inputs and outputs of applications."""
        return ApplicationInterfaces(records=self._parts.records)

    @cached_property
    def parsers(self) -> Parsers:
        """Parsers of outputs."""
        return Parsers(records=self._parts.records, sharing=self.sharing)

    @cached_property
    def workflows(self) -> Workflows:
        """Workflows."""
        return Workflows(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def notifications(self) -> Notifications:
        """Notifications of gateways to their users."""
        return Notifications(records=self._parts.records, clock=self._parts.clock)

    # -- experiments ----------------------------------------------------------------------------
    @cached_property
    def projects(self) -> Projects:
        """Projects."""
        return Projects(records=self._parts.records, sharing=self.sharing, clock=self._parts.clock)

    @cached_property
    def experiments(self) -> Experiments:
        """Experiments: making, launching, ending them."""
        parts = self._parts
        return Experiments(
            records=parts.records,
            sharing=self.sharing,
            projects=self.projects,
            launching=self._launching,
            workload=parts.workload,
            clock=parts.clock,
        )

    @cached_property
    def experiment_views(self) -> ExperimentViews:
        """What has become of an experiment."""
        parts = self._parts
        return ExperimentViews(
            records=parts.records, experiments=self.experiments, workload=parts.workload, products=self._products
        )

    @cached_property
    def experiment_follower(self) -> ExperimentFollower:
        """The stage that keeps the records of experiments up with the engine; it runs beside the server."""
        parts = self._parts
        return ExperimentFollower(records=parts.records, workload=parts.workload, products=self._products)

    @cached_property
    def experiment_lists(self) -> ExperimentLists:
        """Searches and statistics over experiments."""
        return ExperimentLists(records=self._parts.records, sharing=self.sharing, projects=self.projects)

    @cached_property
    def plans(self) -> Plans:
        """Plans of experiments."""
        return Plans(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def intermediate_outputs(self) -> IntermediateOutputs:
        """Outputs of experiments whose job still runs."""
        parts = self._parts
        return IntermediateOutputs(
            records=parts.records,
            experiments=self.experiments,
            workload=parts.workload,
            products=self._products,
            clock=parts.clock,
        )

    @cached_property
    def process_catalogue(self) -> ProcessCatalogue:
        """Processes, tasks and jobs, for the servers of an installation."""
        return ProcessCatalogue(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def data_products(self) -> DataProducts:
        """Data products and where they lie."""
        return DataProducts(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def orchestration(self) -> Orchestration:
        """The orchestrator service."""
        return Orchestration(experiments=self.experiments, processes=self.process_catalogue)

    @cached_property
    def _products(self) -> ExperimentProducts:
        return ExperimentProducts(records=self._parts.records, clock=self._parts.clock)

    @cached_property
    def _launching(self) -> Launching:
        parts = self._parts
        return Launching(
            records=parts.records,
            sharing=self.sharing,
            clusters=parts.clusters,
            files=ExperimentFiles(clusters=parts.clusters),
            validators=parts.validators,
            has_dag=parts.has_dag,
        )
