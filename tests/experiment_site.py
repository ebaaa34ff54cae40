"""A gateway with an application on this machine, ready for experiments, over the embedded stores."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from gateway_site import ADMIN, ALICE, Site, gateway_site

from airavata_workload.api.catalogue.application_deployments import ApplicationDeployments
from airavata_workload.api.catalogue.application_interfaces import ApplicationInterfaces
from airavata_workload.api.catalogue.application_modules import ApplicationModules
from airavata_workload.api.catalogue.compute_resources import ComputeResources
from airavata_workload.api.catalogue.data_movements import DataMovements
from airavata_workload.api.catalogue.job_submissions import JobSubmissions
from airavata_workload.api.catalogue.storage_resources import StorageResources
from airavata_workload.api.experiments.data_products import DataProducts
from airavata_workload.api.experiments.experiment_files import ExperimentFiles
from airavata_workload.api.experiments.experiment_follower import ExperimentFollower
from airavata_workload.api.experiments.experiment_lists import ExperimentLists
from airavata_workload.api.experiments.experiment_products import ExperimentProducts
from airavata_workload.api.experiments.experiment_views import ExperimentViews
from airavata_workload.api.experiments.experiments import Experiments
from airavata_workload.api.experiments.intermediate_outputs import IntermediateOutputs
from airavata_workload.api.experiments.launching import Launching
from airavata_workload.api.experiments.projects import Projects
from airavata_workload.api.machines.registered_clusters import RegisteredClusters
from airavata_workload.api.profiles.gateway_profiles import GatewayProfiles
from airavata_workload.api.profiles.group_profiles import GroupProfiles
from airavata_workload.api.sharing.sharing import READ
from airavata_workload.bootstrap import Installation
from airavata_workload.domain.experiment import DataType
from airavata_workload.orchestrator.validators import BatchQueueValidator, InputsValidator
from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.applications import ApplicationDeployment, ApplicationInterface, ApplicationModule
from airavata_workload.records.compute_resources import BatchQueue, ComputeResource
from airavata_workload.records.data_movement import DMType, LOCALDataMovement
from airavata_workload.records.experiments import GatewayExperiment, UserConfigurationData
from airavata_workload.records.gateway_profiles import (
    ComputeResourcePreference,
    GatewayResourceProfile,
    StoragePreference,
)
from airavata_workload.records.job_submission import LOCALSubmission, ResourceJobManager, ResourceJobManagerType
from airavata_workload.records.projects import Project
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.records.security import SecurityProtocol
from airavata_workload.records.storage_resources import StorageResource
from airavata_workload.settings import Settings


class ExperimentSite:
    """Everything that an experiment needs; ``application`` copies a file and greets."""

    def __init__(self, site: Site, installation: Installation, folder: Path) -> None:
        self.people, self.installation = site, installation
        self.storage_root = folder / "storage"
        self.storage_root.mkdir()
        records, clock, sharing = site.records, site.clock, site.sharing
        self.workload = installation.workload()
        self.clusters = RegisteredClusters(records=records, clock=clock, local=True, fresh_s=0)
        self.projects = Projects(records=records, sharing=sharing, clock=clock)
        self.products = ExperimentProducts(records=records, clock=clock)
        self.data_products = DataProducts(records=records, clock=clock)
        self.experiments = Experiments(
            records=records,
            sharing=sharing,
            projects=self.projects,
            launching=Launching(
                records=records,
                sharing=sharing,
                clusters=self.clusters,
                files=ExperimentFiles(clusters=self.clusters),
                validators=[BatchQueueValidator(), InputsValidator()],
                has_dag=self.workload.has_dag,
            ),
            workload=self.workload,
            clock=clock,
        )
        self.lists = ExperimentLists(records=records, sharing=sharing, projects=self.projects)
        self.views = ExperimentViews(
            records=records, experiments=self.experiments, workload=self.workload, products=self.products
        )
        self.intermediate = IntermediateOutputs(
            records=records,
            experiments=self.experiments,
            workload=self.workload,
            products=self.products,
            clock=clock,
        )
        self.follower = ExperimentFollower(records=records, workload=self.workload, products=self.products)
        self._register_machines()
        self._register_profile()
        self._register_application()
        self.project = self.projects.create(ALICE, "seagrid", Project(owner="alice", gateway_id="seagrid", name="P"))

    def _register_machines(self) -> None:
        records, clock = self.people.records, self.people.clock
        self.host = ComputeResources(records=records).register(
            ADMIN, ComputeResource(host_name="localhost", batch_queues=(BatchQueue(queue_name="short", max_nodes=2),))
        )
        job_manager = ResourceJobManager(resource_job_manager_type=ResourceJobManagerType.FORK)
        JobSubmissions(records=records).add_local(
            ADMIN,
            self.host,
            0,
            LOCALSubmission(resource_job_manager=job_manager, security_protocol=SecurityProtocol.LOCAL),
        )
        self.storage = StorageResources(records=records, clock=clock).register(
            ADMIN, StorageResource(host_name="localhost")
        )
        DataMovements(records=records, clock=clock).add_local(
            ADMIN, self.storage, DMType.STORAGE_RESOURCE, 0, LOCALDataMovement()
        )

    def _register_profile(self) -> None:
        GatewayProfiles(records=self.people.records, sharing=self.people.sharing).register(
            ADMIN,
            GatewayResourceProfile(
                gateway_id="seagrid",
                compute_resource_preferences=(
                    ComputeResourcePreference(
                        compute_resource_id=self.host,
                        scratch_location=str(self.storage_root.parent / "scratch"),
                        preferred_batch_queue="short",
                        allocation_project_number="abc123",
                    ),
                ),
                storage_preferences=(
                    StoragePreference(
                        storage_resource_id=self.storage, file_system_root_location=str(self.storage_root)
                    ),
                ),
            ),
        )

    def _register_application(self) -> None:
        records, clock, sharing = self.people.records, self.people.clock, self.people.sharing
        deployments = ApplicationDeployments(
            records=records,
            sharing=sharing,
            group_profiles=GroupProfiles(records=records, sharing=sharing, clock=clock),
        )
        module = ApplicationModules(records=records, deployments=deployments).register(
            ADMIN, "seagrid", ApplicationModule(app_module_name="Cat")
        )
        self.deployment = deployments.register(
            ADMIN,
            "seagrid",
            ApplicationDeployment(app_module_id=module, compute_host_id=self.host, executable_path="/bin/cat"),
        )
        sharing.share_with_users(ADMIN, self.deployment, {"alice@seagrid": READ})
        self.interface = ApplicationInterfaces(records=records).register(
            ADMIN,
            "seagrid",
            ApplicationInterface(
                application_name="Cat",
                application_modules=(module,),
                application_inputs=(
                    InputDataObject(
                        name="Text.File",
                        type=DataType.URI,
                        is_required=True,
                        required_to_added_to_command_line=True,
                    ),
                ),
                application_outputs=(OutputDataObject(name="Shown", type=DataType.STDOUT, is_required=True),),
            ),
        )

    def deploy(self, executable_path: str) -> None:
        """Let the application be another program."""
        with self.people.records.transaction() as records:
            old = records.get(ApplicationDeployment, self.deployment)
            assert old is not None
            records.put(replace(old, executable_path=executable_path))

    def request(self, **changes: object) -> GatewayExperiment:
        """A request of alice that can run, of the file ``in.txt`` in the storage."""
        plain: dict[str, object] = {
            "project_id": self.project,
            "gateway_id": "seagrid",
            "user_name": "alice",
            "experiment_name": "Say it",
            "execution_id": self.interface,
            "experiment_inputs": (InputDataObject(name="Text.File", value="in.txt"),),
            "user_configuration_data": UserConfigurationData(
                storage_id=self.storage,
                computational_resource_scheduling=ComputationalResourceScheduling(
                    resource_host_id=self.host, node_count=1, total_cpu_count=1, wall_time_limit_min=2
                ),
            ),
        }
        return GatewayExperiment(**{**plain, **changes})  # type: ignore[arg-type]

    def create(self, **changes: object) -> str:
        """The id of a new experiment of alice."""
        return self.experiments.create(ALICE, "seagrid", self.request(**changes))


@contextmanager
def experiment_site(folder: Path) -> Iterator[ExperimentSite]:
    """Such a site in an empty folder."""
    home = folder / "home"
    with (
        gateway_site(home) as site,
        Installation(Settings(home=home, local_resources=True), service="api") as installation,
    ):
        installation.load_missing_dags()
        yield ExperimentSite(site, installation, folder)
