"""From a portal's experiment to the engine's: everything that it names is looked up, and checked as the engine will."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from airavata_workload.api.experiments.experiment_files import ExperimentFiles
from airavata_workload.api.experiments.experiment_request import Launch, engine_experiment
from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.api.machines.registered_clusters import RegisteredClusters
from airavata_workload.api.sharing.sharing import READ, Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.ports.validation import Validator
from airavata_workload.records.applications import ApplicationDeployment, ApplicationInterface
from airavata_workload.records.compute_resources import ComputeResource
from airavata_workload.records.experiments import GatewayExperiment, UserConfigurationData
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.group_profiles import GroupResourceProfile
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.threads import Beside

KNOWN_DAG = "hpc-batch"
"""What an application follows that has no DAG of its own name."""


LAUNCHES_AT_ONCE = 8
"""More than so many portals wait a few milliseconds for one another."""


class Launching:
    """Prepares experiments for the engine.

    ``has_dag`` says whether there is an abstract DAG of a name: an application
    whose interface is called like one follows it.
    """

    def __init__(
        self,
        *,
        records: RecordStore,
        sharing: Sharing,
        clusters: RegisteredClusters,
        files: ExperimentFiles,
        validators: Sequence[Validator],
        has_dag: Callable[[str], bool],
    ) -> None:
        self._records = records
        self._sharing = sharing
        self._clusters = clusters
        self._files = files
        self._validators = validators
        self._has_dag = has_dag
        self._beside = Beside(LAUNCHES_AT_ONCE, "launch-dag")

    def prepared(self, caller: Caller, experiment: GatewayExperiment) -> Experiment:
        """The engine's experiment. Raises ``InputError`` that says what keeps it from running, and how to mend it."""
        # All that is looked up on the way is read in this one block: to begin one costs as much as to read a record.
        with self._records.reading() as records:
            return self._prepared(records, caller, experiment)

    def _prepared(self, records: Records, caller: Caller, experiment: GatewayExperiment) -> Experiment:
        _expect(records, experiment)
        interface = _interface(records, experiment)
        # The DAGs are in another store than all the rest.
        launch, has_dag = self._beside.both(
            lambda: self._launch(records, caller, experiment, interface),
            lambda: self._has_dag(interface.application_name),
        )
        cluster = self._clusters.cluster(launch.compute_resource)
        prepared = engine_experiment(launch, interface.application_name if has_dag else KNOWN_DAG)
        prepared = replace(prepared, resources=self._clusters.request(cluster.name, prepared.resources))
        for validator in self._validators:
            validator.validate(prepared, cluster)
        return prepared

    def _launch(
        self, records: Records, caller: Caller, experiment: GatewayExperiment, interface: ApplicationInterface
    ) -> Launch:
        """All that the engine's experiment is made of."""
        configuration = experiment.user_configuration_data or UserConfigurationData()
        deployment, scheduling = self._deployment(records, caller, experiment, interface, configuration)
        places = self._files.inputs(records, experiment, configuration)
        output_directory = self._files.outputs(experiment, configuration)
        name = _cluster_name(experiment, configuration, scheduling)
        if name.group:
            self._sharing.require(caller, name.group, READ, f"group resource profile '{name.group}'")
        cluster = self._clusters.cluster(str(name))
        return Launch(
            experiment=experiment,
            interface=interface,
            deployment=deployment,
            compute_resource=str(name),
            scheduling=scheduling,
            places=places,
            output_directory=output_directory,
            parallelism_prefix=self._clusters.parallelism_prefix(cluster.name, deployment.parallelism),
        )

    def _deployment(
        self,
        records: Records,
        caller: Caller,
        experiment: GatewayExperiment,
        interface: ApplicationInterface,
        configuration: UserConfigurationData,
    ) -> tuple[ApplicationDeployment, ComputationalResourceScheduling]:
        """Where it runs: the resource that the user names, or the first of those that they leave to us."""
        module = next(iter(interface.application_modules or ()), "")
        which = Query(equal={"app_module_id": module, "gateway_id": experiment.gateway_id})
        by_host: dict[str, ApplicationDeployment] = {}
        for deployment in records.find(ApplicationDeployment, which):
            if self._sharing.may(caller, deployment.app_deployment_id, READ):
                by_host.setdefault(deployment.compute_host_id, deployment)
        wished = _wished(configuration)
        for scheduling in wished:
            if scheduling.resource_host_id in by_host:
                return by_host[scheduling.resource_host_id], scheduling
        hosts = ", ".join(repr(each.resource_host_id) for each in wished if each.resource_host_id)
        if not hosts:
            raise InputError(
                f"Experiment '{experiment.experiment_id}' names no compute resource.",
                remedy="Set resourceHostId in its scheduling to one of getAvailableAppInterfaceComputeResources.",
            )
        raise InputError(
            f"Application '{interface.application_name}' has no deployment on {hosts} that user "
            f"'{experiment.user_name}' may use.",
            remedy="Choose another compute resource, or have an administrator register or share a deployment.",
        )


def _expect(records: Records, experiment: GatewayExperiment) -> None:
    """What any experiment needs whose record names it."""
    configuration = experiment.user_configuration_data or UserConfigurationData()
    records.expect(
        (ApplicationInterface, experiment.execution_id or ""),
        (GatewayResourceProfile, experiment.gateway_id),
        (GroupResourceProfile, configuration.group_resource_profile_id or ""),
        *((ComputeResource, each.resource_host_id or "") for each in _wished(configuration)),
    )


def _interface(records: Records, experiment: GatewayExperiment) -> ApplicationInterface:
    identifier = experiment.execution_id or ""
    interface = records.get(ApplicationInterface, identifier) if identifier else None
    if interface is None or interface.gateway_id != experiment.gateway_id:
        raise InputError(
            f"Experiment '{experiment.experiment_id}' names no application of its gateway but '{identifier}'.",
            remedy="Set executionId to the id of a registered application interface.",
        )
    return interface


def _wished(configuration: UserConfigurationData) -> list[ComputationalResourceScheduling]:
    """What the user asks for; with automatic scheduling several, the best first."""
    first = configuration.computational_resource_scheduling
    others = configuration.auto_scheduled_comp_resource_scheduling_list or ()
    wished = [*others, first] if configuration.airavata_auto_schedule else [first]
    return [each for each in wished if each is not None]


def _cluster_name(
    experiment: GatewayExperiment,
    configuration: UserConfigurationData,
    scheduling: ComputationalResourceScheduling,
) -> ClusterName:
    return ClusterName(
        resource=scheduling.resource_host_id or "",
        group=configuration.group_resource_profile_id or "",
        gateway=experiment.gateway_id,
        user=experiment.user_name if configuration.use_user_cr_pref else "",
        login=scheduling.override_login_user_name or "",
        scratch=scheduling.override_scratch_location or "",
    )
