"""A portal for benches: a gateway with an application on a machine behind SSH, registered over the wire."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from portal_site import PortalServer, portal_server
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport import TSocket, TTransport

from airavata_thrift.airavata_api import Airavata
from airavata_thrift.application_deployments.ttypes import ApplicationDeploymentDescription, ApplicationModule
from airavata_thrift.application_interfaces.ttypes import ApplicationInterfaceDescription
from airavata_thrift.application_io.ttypes import DataType, InputDataObjectType, OutputDataObjectType
from airavata_thrift.authorization.ttypes import AuthzToken
from airavata_thrift.compute_resources.ttypes import (
    BatchQueue,
    ComputeResourceDescription,
    ResourceJobManager,
    ResourceJobManagerType,
    SSHJobSubmission,
)
from airavata_thrift.data_movement.ttypes import DMType, SCPDataMovement, SecurityProtocol
from airavata_thrift.experiments.ttypes import ExperimentModel, ExperimentType, UserConfigurationDataModel
from airavata_thrift.gateway_resource_profiles.ttypes import (
    ComputeResourcePreference,
    GatewayResourceProfile,
    StoragePreference,
)
from airavata_thrift.groups.ttypes import ResourcePermissionType
from airavata_thrift.parallelism.ttypes import ApplicationParallelismType
from airavata_thrift.scheduling.ttypes import ComputationalResourceSchedulingModel
from airavata_thrift.storage_resources.ttypes import StorageResourceDescription
from airavata_thrift.workspaces.ttypes import Gateway, GatewayApprovalStatus, Project
from airavata_workload.testing.ssh_server import HOST, SshServer

GATEWAY = "bench"
ADMIN = "root"
QUEUE = "normal"


class BenchPortal:
    """The registered portal. ``folder`` holds scratch directories and the gateway's storage."""

    def __init__(self, server: PortalServer, machine: SshServer, folder: Path) -> None:
        self.server, self.machine, self._folder = server, machine, folder
        self._tokens: dict[str, AuthzToken] = {}
        self.api = self.client()
        self._register_gateway()
        self.credential = self.api.generateAndRegisterSSHKeys(self.token(ADMIN), GATEWAY, ADMIN, "bench", None)
        self._let_in(self.api.getCredentialSummary(self.token(ADMIN), self.credential).publicKey)
        self.host = self._compute_resource()
        self.storage = self._storage_resource()
        self._gateway_profile()
        self.echo = self._application()

    # -- calling ---------------------------------------------------------------------
    def client(self) -> Any:
        """A generated client, connected."""
        host, _, port = self.server.listeners["api"].rpartition(":")
        bare = TSocket.TSocket(host, int(port))
        bare.setTimeout(120_000)
        transport = TTransport.TBufferedTransport(bare)
        transport.open()
        return Airavata.Client(TBinaryProtocolAccelerated(transport))

    def token(self, user: str) -> AuthzToken:
        """What a user's portal sends with each call."""
        if user not in self._tokens:
            roles = ("admin", "user") if user == ADMIN else ("user",)
            text = self.server.token(user, GATEWAY, roles)
            self._tokens[user] = AuthzToken(text, {"userName": user, "gatewayID": GATEWAY})
        return self._tokens[user]

    def project(self, user: str, *, by: str) -> str:
        """A new project of a user, made by them or by an administrator."""
        project = Project(owner=user, gatewayId=GATEWAY, name=f"Work of {user}")
        return str(self.api.createProject(self.token(by), GATEWAY, project))

    def request(self, user: str, project: str) -> ExperimentModel:
        """An experiment that says something."""
        scheduling = ComputationalResourceSchedulingModel(
            resourceHostId=self.host, totalCPUCount=1, nodeCount=1, queueName=QUEUE, wallTimeLimit=5
        )
        inputs = self.api.getApplicationInputs(self.token(user), self.echo)
        inputs[0].value = "hello"
        return ExperimentModel(
            projectId=project,
            gatewayId=GATEWAY,
            experimentType=ExperimentType.SINGLE_APPLICATION,
            userName=user,
            experimentName="Say hello",
            description="Says hello to whoever reads it",
            executionId=self.echo,
            experimentInputs=inputs,
            experimentOutputs=self.api.getApplicationOutputs(self.token(user), self.echo),
            userConfigurationData=UserConfigurationDataModel(
                airavataAutoSchedule=False,
                overrideManualScheduledParams=False,
                computationalResourceScheduling=scheduling,
                storageId=self.storage,
            ),
        )

    # -- registering --------------------------------------------------------------------
    def _register_gateway(self) -> None:
        gateway = Gateway(
            gatewayId=GATEWAY,
            gatewayName="Bench",
            domain="chemistry",
            emailAddress="bench@example.org",
            gatewayApprovalStatus=GatewayApprovalStatus.APPROVED,
        )
        self.api.addGateway(self.token(ADMIN), gateway)
        self.everybody = self.api.getGatewayGroups(self.token(ADMIN)).defaultGatewayUsersGroupId

    def _let_in(self, public_key: str) -> None:
        key = self._folder / "portal_key"
        key.with_name("portal_key.pub").write_text(f"{public_key.strip()}\n", "utf-8")
        self.machine.authorize(key)

    def _compute_resource(self) -> str:
        admin, port = self.token(ADMIN), self.machine.port
        queues = [BatchQueue(queueName=QUEUE, maxRunTime=60, maxNodes=1, isDefaultQueue=True)]
        host: str = self.api.registerComputeResource(
            admin, ComputeResourceDescription(hostName=HOST, batchQueues=queues, enabled=True)
        )
        fork = ResourceJobManager(resourceJobManagerType=ResourceJobManagerType.FORK)
        ssh = SSHJobSubmission(securityProtocol=SecurityProtocol.SSH_KEYS, resourceJobManager=fork, sshPort=port)
        self.api.addSSHForkJobSubmissionDetails(admin, host, 0, ssh)
        self.api.addSCPDataMovementDetails(admin, host, DMType.COMPUTE_RESOURCE, 0, self._copying())
        return host

    def _storage_resource(self) -> str:
        storage: str = self.api.registerStorageResource(
            self.token(ADMIN), StorageResourceDescription(hostName=HOST, enabled=True)
        )
        self.api.addSCPDataMovementDetails(self.token(ADMIN), storage, DMType.STORAGE_RESOURCE, 0, self._copying())
        return storage

    def _copying(self) -> SCPDataMovement:
        return SCPDataMovement(securityProtocol=SecurityProtocol.SSH_KEYS, sshPort=self.machine.port)

    def _gateway_profile(self) -> None:
        user = self.machine.user
        self.api.registerGatewayResourceProfile(
            self.token(ADMIN),
            GatewayResourceProfile(
                gatewayID=GATEWAY,
                credentialStoreToken=self.credential,
                computeResourcePreferences=[
                    ComputeResourcePreference(
                        computeResourceId=self.host,
                        overridebyAiravata=True,
                        loginUserName=user,
                        scratchLocation=str(self._folder / "scratch"),
                    )
                ],
                storagePreferences=[
                    StoragePreference(
                        storageResourceId=self.storage,
                        loginUserName=user,
                        fileSystemRootLocation=str(self._folder / "storage"),
                    )
                ],
            ),
        )

    def _application(self) -> str:
        admin = self.token(ADMIN)
        module = self.api.registerApplicationModule(admin, GATEWAY, ApplicationModule(appModuleName="Echo"))
        deployment = ApplicationDeploymentDescription(
            appModuleId=module,
            computeHostId=self.host,
            executablePath="/bin/echo",
            parallelism=ApplicationParallelismType.SERIAL,
        )
        made = self.api.registerApplicationDeployment(admin, GATEWAY, deployment)
        self.api.shareResourceWithGroups(admin, made, {self.everybody: ResourcePermissionType.READ})
        text = InputDataObjectType(
            name="Text", type=DataType.STRING, isRequired=True, requiredToAddedToCommandLine=True, inputOrder=1
        )
        interface = ApplicationInterfaceDescription(
            applicationName="Echo",
            applicationModules=[module],
            applicationInputs=[text],
            applicationOutputs=[OutputDataObjectType(name="Said", type=DataType.STDOUT, isRequired=True)],
            archiveWorkingDirectory=False,
            hasOptionalFileInputs=False,
        )
        return str(self.api.registerApplicationInterface(admin, GATEWAY, interface))


@contextmanager
def bench_portal(folder: Path, distributed: str = "") -> Iterator[BenchPortal]:
    """``serve`` in a process of its own beside an OpenSSH server of its own, and a portal registered there.

    With the settings of a ``distributed`` installation it is the five services, each in a process of its own.
    """
    for each in ("home", "scratch", "storage"):
        (folder / each).mkdir()
    with ExitStack() as stack:
        machine = stack.enter_context(SshServer(folder / "sshd"))
        known: Mapping[str, str] = {"SSH_KEY": str(machine.key), "SSH_KNOWN_HOSTS": str(machine.known_hosts)}
        server = stack.enter_context(portal_server(folder / "home", known, distributed=distributed))
        yield BenchPortal(server, machine, folder)
