"""A portal that works through the API services, over Thrift: registers an application, launches and ends experiments.

It is connected anew for every call, and turns to the other service when one
does not answer. An experiment whose creation got no answer it makes again, so
that one may be left over that is never launched; a launch that got no answer
it asks for again, and is content to hear that it was launched already.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from chaos.trials import FAILURE, FOR_EVER_S, Trial, after
from thrift.protocol.TBase import TExceptionBase
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.Thrift import TException
from thrift.transport import TSocket, TTransport

from airavata_thrift.airavata_api import Airavata
from airavata_thrift.api_errors.ttypes import AiravataSystemException
from airavata_thrift.application_deployments.ttypes import ApplicationDeploymentDescription, ApplicationModule
from airavata_thrift.application_interfaces.ttypes import ApplicationInterfaceDescription
from airavata_thrift.application_io.ttypes import DataType, InputDataObjectType, OutputDataObjectType
from airavata_thrift.authorization.ttypes import AuthzToken
from airavata_thrift.compute_resources.ttypes import (
    BatchQueue,
    ComputeResourceDescription,
    LOCALSubmission,
    ResourceJobManager,
    ResourceJobManagerType,
)
from airavata_thrift.data_movement.ttypes import DMType, LOCALDataMovement, SecurityProtocol
from airavata_thrift.experiments.ttypes import ExperimentModel, ExperimentType, UserConfigurationDataModel
from airavata_thrift.gateway_resource_profiles.ttypes import (
    ComputeResourcePreference,
    GatewayResourceProfile,
    StoragePreference,
)
from airavata_thrift.parallelism.ttypes import ApplicationParallelismType
from airavata_thrift.scheduling.ttypes import ComputationalResourceSchedulingModel
from airavata_thrift.storage_resources.ttypes import StorageResourceDescription
from airavata_thrift.workspaces.ttypes import Gateway, GatewayApprovalStatus, Project
from airavata_workload.domain import identifiers
from airavata_workload.domain.errors import UnavailableError
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.states import ExperimentState

USER, QUEUE = "ada", "normal"
ANSWER_WITHIN_S = 20.0
READY_WITHIN_S = 60.0
LOOK_S = 0.2
SORTS = ("portal", "portal-failing", "portal-cancelled")
WORDS = ("Log", "Seconds", "Code")
"""Inputs of the application, in the order in which they stand on its command line."""
PROGRAM = '#!/bin/sh\necho "$$" >>"$1"; sleep "$2" || exit; echo said; exit "$3"\n'
FAULT = "a fault of the server"
"""What the API says when it does not know what went wrong: it may not come to that."""
logging.getLogger("thrift").setLevel(logging.CRITICAL)  # what does not answer is told by the error


class RefusedError(Exception):
    """The API understood the request, and said no."""


@dataclass
class PortalTrials:
    """Makes trials that go through the portal, sort by sort; their jobs say what they do in files in ``job_logs``."""

    job_logs: Path
    random: random.Random
    made: int = 0

    def next(self) -> Trial:
        """The next one; it has no experiment id before the API has given it one."""
        sort = SORTS[self.made % len(SORTS)]
        self.made += 1
        experiment = Experiment(
            experiment_id="",
            name=f"{sort} {self.made}",
            application_type="hpc-batch",
            application=Application(name="trial", commands=()),
            compute_resource="",
            user=USER,
        )
        log = self.job_logs / identifiers.experiment_id(sort)
        if sort == "portal-cancelled":
            orders = (after("cancel", round(self.random.uniform(0.0, 8.0), 1)),)
            return Trial(sort, experiment, ExperimentState.CANCELED, log, fewest_jobs=0, orders=orders)
        end = ExperimentState.FAILED if sort == "portal-failing" else ExperimentState.COMPLETED
        return Trial(sort, experiment, end, log)


@dataclass
class Portal:
    """The portal. ``ports`` are those of the API services; ``folder`` holds storage, scratch and the program."""

    ports: Sequence[int]
    folder: Path
    random: random.Random
    faults: list[str] = field(default_factory=list)
    """What the API called a fault of its own."""
    gateway: str = field(default_factory=lambda: identifiers.experiment_id("chaos"))
    """New for every run: servers may be used for several."""

    # -- calling ---------------------------------------------------------------------
    def call(self, method: str, *arguments: Any, port: int | None = None) -> Any:
        """The answer of one service. Raises ``UnavailableError`` if there is none, and ``RefusedError``."""
        token = AuthzToken("anything", {"gatewayID": self.gateway, "userName": USER})
        port = port or self.random.choice(self.ports)
        bare = TSocket.TSocket("127.0.0.1", port)
        bare.setTimeout(ANSWER_WITHIN_S * 1000)
        transport = TTransport.TBufferedTransport(bare)
        try:
            transport.open()
            return getattr(Airavata.Client(TBinaryProtocolAccelerated(transport)), method)(token, *arguments)
        except AiravataSystemException as error:
            if FAULT in error.message:
                self.faults.append(f"{method}: {error.message}")
            raise UnavailableError(f"{method} cannot be done now: {error.message}") from error
        except (TTransport.TTransportException, OSError, EOFError) as error:
            raise UnavailableError(f"The API service on port {port} does not answer {method}: {error}") from error
        except (TException, TExceptionBase) as error:
            raise RefusedError(f"{method}: {error}") from error
        finally:
            transport.close()

    # -- what its users do ----------------------------------------------------------------
    def submit(self, trial: Trial) -> None:
        """Make the experiment, unless that is done, and launch it, unless that is done."""
        if not trial.experiment_id:
            request = self._request(trial)
            made = self.call("createExperiment", self.gateway, request)
            trial.experiment = replace(trial.experiment, experiment_id=made)
        try:
            self.call("launchExperiment", trial.experiment_id, self.gateway)
        except RefusedError as error:
            if "launched already" not in str(error):
                raise

    def order(self, trial: Trial, verb: str) -> None:
        """What the user of a trial asks for later."""
        assert verb == "cancel", verb
        self.call("terminateExperiment", trial.experiment_id, self.gateway)

    def _request(self, trial: Trial) -> ExperimentModel:
        seconds = FOR_EVER_S if trial.orders else round(self.random.uniform(0.1, 3.0), 1)
        code = FAILURE if trial.expected is ExperimentState.FAILED else 0
        values = dict(zip(WORDS, (str(trial.job_log), str(seconds), str(code)), strict=True))
        scheduling = ComputationalResourceSchedulingModel(
            resourceHostId=self.host, totalCPUCount=1, nodeCount=1, queueName=QUEUE, wallTimeLimit=30
        )
        return ExperimentModel(
            projectId=self.project,
            gatewayId=self.gateway,
            experimentType=ExperimentType.SINGLE_APPLICATION,
            userName=USER,
            experimentName=trial.experiment.name,
            executionId=self.application,
            experimentInputs=[_input(name, number, values[name]) for number, name in enumerate(WORDS, 1)],
            userConfigurationData=UserConfigurationDataModel(
                airavataAutoSchedule=False,
                overrideManualScheduledParams=False,
                computationalResourceScheduling=scheduling,
                storageId=self.storage,
            ),
        )

    # -- what an administrator registers, once, before anything is disturbed -----------------
    def register(self) -> None:
        """The gateway, this machine as its resource and storage, the application, a project."""
        self._wait_until_answered()
        for name in ("storage", "scratch"):
            (self.folder / name).mkdir(parents=True)
        program = self.folder / "program"
        program.write_text(PROGRAM)
        program.chmod(0o755)
        gateway = Gateway(
            gatewayId=self.gateway, gatewayName=self.gateway, gatewayApprovalStatus=GatewayApprovalStatus.APPROVED
        )
        self.call("addGateway", gateway)
        self.host = self._machine()
        self.storage = self.call("registerStorageResource", StorageResourceDescription(hostName="here", enabled=True))
        self.call("addLocalDataMovementDetails", self.storage, DMType.STORAGE_RESOURCE, 0, LOCALDataMovement())
        self._profile()
        self.application = self._application(program)
        self.project = self.call(
            "createProject", self.gateway, Project(owner=USER, gatewayId=self.gateway, name="Chaos")
        )

    def _wait_until_answered(self) -> None:
        end_s = time.monotonic() + READY_WITHIN_S
        for port in self.ports:
            while True:
                try:
                    self.call("getAPIVersion", port=port)
                    break
                except UnavailableError:
                    if time.monotonic() > end_s:
                        raise
                    time.sleep(LOOK_S)

    def _machine(self) -> str:
        queue = BatchQueue(queueName=QUEUE, maxRunTime=60, maxNodes=1, isDefaultQueue=True)
        description = ComputeResourceDescription(hostName="here", batchQueues=[queue], enabled=True)
        host = str(self.call("registerComputeResource", description))
        fork = ResourceJobManager(resourceJobManagerType=ResourceJobManagerType.FORK)
        submission = LOCALSubmission(resourceJobManager=fork, securityProtocol=SecurityProtocol.LOCAL)
        self.call("addLocalSubmissionDetails", host, 0, submission)
        return host

    def _profile(self) -> None:
        compute = ComputeResourcePreference(
            computeResourceId=self.host, overridebyAiravata=True, scratchLocation=str(self.folder / "scratch")
        )
        storage = StoragePreference(storageResourceId=self.storage, fileSystemRootLocation=str(self.folder / "storage"))
        profile = GatewayResourceProfile(
            gatewayID=self.gateway, computeResourcePreferences=[compute], storagePreferences=[storage]
        )
        self.call("registerGatewayResourceProfile", profile)

    def _application(self, program: Path) -> str:
        module = self.call("registerApplicationModule", self.gateway, ApplicationModule(appModuleName="Trial"))
        deployment = ApplicationDeploymentDescription(
            appModuleId=module,
            computeHostId=self.host,
            executablePath=str(program),
            parallelism=ApplicationParallelismType.SERIAL,
        )
        self.call("registerApplicationDeployment", self.gateway, deployment)
        interface = ApplicationInterfaceDescription(
            applicationName="Trial",
            applicationModules=[module],
            applicationInputs=[_input(name, number, None) for number, name in enumerate(WORDS, 1)],
            applicationOutputs=[OutputDataObjectType(name="Said", type=DataType.STDOUT, isRequired=True)],
            archiveWorkingDirectory=False,
            hasOptionalFileInputs=False,
        )
        return str(self.call("registerApplicationInterface", self.gateway, interface))


def _input(name: str, order: int, value: str | None) -> InputDataObjectType:
    return InputDataObjectType(
        name=name,
        value=value,
        type=DataType.STRING,
        isRequired=True,
        requiredToAddedToCommandLine=True,
        inputOrder=order,
    )
