"""The registry with what experiments need, registered through it: a machine, an application on it, a project."""

from __future__ import annotations

from typing import Any, Self

from internal_site import InternalSite
from thrift_doors import GATEWAY, USER
from whole_structs import later

from airavata_thrift.application_deployments.ttypes import ApplicationDeploymentDescription, ApplicationModule
from airavata_thrift.application_interfaces.ttypes import ApplicationInterfaceDescription
from airavata_thrift.application_io.ttypes import DataType, InputDataObjectType, OutputDataObjectType
from airavata_thrift.compute_resources.ttypes import ComputeResourceDescription
from airavata_thrift.experiments.ttypes import ExperimentModel
from airavata_thrift.jobs.ttypes import JobModel
from airavata_thrift.processes.ttypes import ProcessModel
from airavata_thrift.statuses.ttypes import TaskState, TaskStatus
from airavata_thrift.storage_resources.ttypes import StorageResourceDescription
from airavata_thrift.tasks.ttypes import TaskModel, TaskTypes
from airavata_thrift.workspaces.ttypes import Gateway, GatewayApprovalStatus, Project

OTHER = "biology"


class RegistrySite(InternalSite):
    """With a second gateway, whose data are nobody else's."""

    def __enter__(self) -> Self:
        """The site with its server running and the first records."""
        super().__enter__()
        self.registry.addGateway(Gateway(gatewayId=OTHER, gatewayApprovalStatus=GatewayApprovalStatus.ACTIVE))
        return self

    def machine(self, host_name: str, **fields: Any) -> str:
        """A compute resource."""
        return str(self.registry.registerComputeResource(ComputeResourceDescription(hostName=host_name, **fields)))

    def storage(self, host_name: str) -> str:
        """A storage resource."""
        return str(self.registry.registerStorageResource(StorageResourceDescription(hostName=host_name)))

    def module(self, name: str, gateway_id: str = GATEWAY) -> str:
        """An application module."""
        return str(self.registry.registerApplicationModule(gateway_id, ApplicationModule(appModuleName=name)))

    def deployment(self, module: str, machine: str, gateway_id: str = GATEWAY) -> str:
        """An application on a machine."""
        described = ApplicationDeploymentDescription(appModuleId=module, computeHostId=machine, executablePath="/bin/x")
        return str(self.registry.registerApplicationDeployment(gateway_id, described))

    def application(self, name: str, gateway_id: str = GATEWAY, modules: tuple[str, ...] = ()) -> str:
        """An application interface of an input and an output."""
        described = ApplicationInterfaceDescription(
            applicationName=name,
            applicationModules=list(modules),
            applicationInputs=[InputDataObjectType(name="count", type=DataType.INTEGER, value="3")],
            applicationOutputs=[OutputDataObjectType(name="log", type=DataType.STDOUT)],
        )
        return str(self.registry.registerApplicationInterface(gateway_id, described))

    def project(self, name: str = "Words", gateway_id: str = GATEWAY, owner: str = USER) -> str:
        """A project."""
        later()
        return str(self.registry.createProject(gateway_id, Project(owner=owner, gatewayId=gateway_id, name=name)))

    def experiment(self, project: str, name: str = "Sort them", gateway_id: str = GATEWAY, **fields: Any) -> str:
        """An experiment, which nobody has launched."""
        later()
        asked = ExperimentModel(
            projectId=project, gatewayId=gateway_id, experimentName=name, **{"userName": USER, **fields}
        )
        return str(self.registry.createExperiment(gateway_id, asked))

    def process(self, experiment_id: str) -> str:
        """A process as an engine makes it, by its experiment alone."""
        later()
        return str(self.registry.addProcess(ProcessModel(experimentId=experiment_id), experiment_id))

    def task(self, process_id: str) -> str:
        """A task that submits a job."""
        made = TaskModel(
            taskType=TaskTypes.JOB_SUBMISSION,
            parentProcessId=process_id,
            creationTime=1,
            lastUpdateTime=1,
            taskStatuses=[TaskStatus(state=TaskState.CREATED)],
        )
        return str(self.registry.addTask(made, process_id))

    def job(self, job_id: str, task_id: str, process_id: str) -> None:
        """A job of a task."""
        later()
        made = JobModel(jobId=job_id, taskId=task_id, processId=process_id, jobDescription="#!/bin/sh")
        self.registry.addJob(made, process_id)
