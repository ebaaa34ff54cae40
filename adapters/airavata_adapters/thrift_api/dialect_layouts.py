"""The structs whose field ids have two meanings, and how to read and write either.

The generated classes have one layout, the *classic* one of the releases 0.17 to 0.21, and attributes for whatever the
other layout has beyond it. Here stands the other layout of each: the attribute behind each id. Nothing else differs:
a field that two layouts share has the same type in both, except where ``types`` says otherwise.

Source: the interface of Apache Airavata as of April 2017, of the releases 0.17 to 0.21 and as of July and November
2025.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from thrift.Thrift import TType

from airavata_adapters.thrift_api.dialects import Generation, Span
from airavata_thrift.application_deployments.ttypes import ApplicationDeploymentDescription
from airavata_thrift.compute_resources.ttypes import BatchQueue
from airavata_thrift.credential_store import CredentialStoreService
from airavata_thrift.experiments.ttypes import UserConfigurationDataModel
from airavata_thrift.group_resource_profiles.ttypes import GroupComputeResourcePreference
from airavata_thrift.processes.ttypes import ProcessModel
from airavata_thrift.registry import RegistryService
from airavata_thrift.user_profiles.ttypes import NSFDemographics, UserProfile
from airavata_thrift.workspaces.ttypes import Gateway

SpecRow = tuple[Any, ...]
"""A row of ``thrift_spec``: id, wire type, attribute, type of the elements, default."""


class Choice(Enum):
    """Which layout a span of generations asks for."""

    CLASSIC = "classic"
    OTHER = "other"
    EITHER = "either"


@dataclass(frozen=True, slots=True)
class Clash:
    """One struct with two layouts.

    ``changed_in`` is the first generation with the newer layout; ``classic_is_newer`` tells which of the two the
    classic one is. ``names`` has the attributes of the other layout in the order of its ids, from 1; ``-`` for an id
    that we do not keep. ``types`` gives the wire type where it is not the classic one's; such a field is converted by
    :mod:`dialect_conversions` and never written beside the classic ones. ``ours`` are the attributes that the
    generated class has and the classic layout has not.
    """

    struct: Any
    changed_in: Generation
    classic_is_newer: bool
    names: str
    types: Mapping[int, int] = field(default_factory=dict)
    ours: frozenset[str] = frozenset()

    def choose(self, span: Span) -> Choice:
        """The layout for a peer of these generations."""
        if span.newest < self.changed_in:
            return Choice.OTHER if self.classic_is_newer else Choice.CLASSIC
        if span.oldest >= self.changed_in:
            return Choice.CLASSIC if self.classic_is_newer else Choice.OTHER
        return Choice.EITHER

    def classic_rows(self) -> list[SpecRow]:
        """The rows of the classic layout."""
        return [row for row in self.struct.thrift_spec if row is not None and row[2] not in self.ours]

    def other_rows(self) -> list[SpecRow]:
        """The rows of the other layout, by ascending id."""
        by_name = {row[2]: row for row in self.struct.thrift_spec if row is not None}
        rows = []
        for number, name in enumerate(self.names.split(), start=1):
            if name == "-":
                continue
            row = (number, *by_name[name][1:])
            rows.append((number, self.types[number], name, "UTF8", None) if number in self.types else row)
        return rows

    def both_rows(self) -> list[SpecRow]:
        """The classic rows, and of the other layout what its reader finds by another wire type."""
        rows = self.classic_rows()
        taken = {row[:2] for row in rows}
        return rows + [row for row in self.other_rows() if row[:2] not in taken and row[0] not in self.types]

    def evidence(self) -> Mapping[tuple[int, int], Span]:
        """The (id, wire type) pairs that only one of the layouts has, and whose they are."""
        classic = {row[:2] for row in self.classic_rows()}
        other = {row[:2] for row in self.other_rows()} | set(self.types.items())
        older = Span(newest=Generation(self.changed_in - 1))
        newer = Span(oldest=self.changed_in)
        classic_span, other_span = (newer, older) if self.classic_is_newer else (older, newer)
        return dict.fromkeys(classic - other, classic_span) | dict.fromkeys(other - classic, other_span)


_GATEWAY_2017 = (
    "gatewayId gatewayApprovalStatus gatewayName domain emailAddress gatewayAcronym gatewayURL gatewayPublicAbstract "
    "reviewProposalDescription gatewayAdminFirstName gatewayAdminLastName gatewayAdminEmail identityServerUserName "
    "identityServerPasswordToken declinedReason oauthClientId oauthClientSecret requestCreationTime requesterUsername"
)
_BATCH_QUEUE_2017 = (
    "queueName queueDescription maxRunTime maxNodes maxProcessors maxJobsInQueue maxMemory cpuPerNode defaultNodeCount "
    "defaultCPUCount isDefaultQueue"
)
_DEPLOYMENT_2017 = (
    "appDeploymentId appModuleId computeHostId executablePath parallelism appDeploymentDescription moduleLoadCmds "
    "libPrependPaths libAppendPaths setEnvironment preJobCommands postJobCommands defaultQueueName defaultNodeCount "
    "defaultCPUCount editableByUser"
)
_USER_PROFILE_2017 = (
    "userModelVersion airavataInternalUserId userId gatewayId emails firstName orcidId phones country nationality "
    "homeOrganization orginationAffiliation creationTime lastAccessTime validUntil State comments labeledURI gpgKey "
    "timeZone nsfDemographics"
)
_DEMOGRAPHICS_2017 = "gender usCitizenship ethnicities races disabilities"
_USER_CONFIGURATION_2025 = (
    "airavataAutoSchedule overrideManualScheduledParams shareExperimentPublicly computationalResourceScheduling "
    "throttleResources userDN generateCert storageId outputStorageResourceId experimentDataDir useUserCRPref "
    "groupResourceProfileId autoScheduledCompResourceSchedulingList"
)
_PROCESS_2025 = (
    "processId experimentId creationTime lastUpdateTime processStatuses processDetail applicationInterfaceId "
    "applicationDeploymentId computeResourceId processInputs processOutputs processResourceSchedule tasks taskDag "
    "processErrors gatewayExecutionId enableEmailNotification emailAddresses storageResourceId outputStorageResourceId "
    "userDn generateCert experimentDataDir userName useUserCRPref groupResourceProfileId processWorkflows"
)
_GROUP_PREFERENCE_2025 = (
    "computeResourceId groupResourceProfileId overridebyAiravata loginUserName scratchLocation "
    "preferredJobSubmissionProtocol preferredDataMovementProtocol resourceSpecificCredentialStoreToken resourceType "
    "specificPreferences"
)
_V_0_17 = Generation.AIRAVATA_0_17
_V_0_19 = Generation.AIRAVATA_0_19
_OUTPUT_STORAGE = frozenset({"outputStorageResourceId"})

CLASHES: Mapping[Any, Clash] = {
    clash.struct: clash
    for clash in (
        Clash(Gateway, _V_0_17, True, _GATEWAY_2017),
        Clash(BatchQueue, _V_0_17, True, _BATCH_QUEUE_2017),
        Clash(ApplicationDeploymentDescription, _V_0_17, True, _DEPLOYMENT_2017),
        # One field had the whole name, and the times were text.
        Clash(
            UserProfile,
            _V_0_17,
            True,
            _USER_PROFILE_2017,
            types={6: TType.STRING, 13: TType.STRING, 14: TType.STRING, 15: TType.STRING},
        ),
        Clash(NSFDemographics, _V_0_17, True, _DEMOGRAPHICS_2017),
        Clash(
            UserConfigurationDataModel,
            Generation.AIRAVATA_2025_11,
            False,
            _USER_CONFIGURATION_2025,
            ours=_OUTPUT_STORAGE,
        ),
        Clash(ProcessModel, Generation.AIRAVATA_2025_11, False, _PROCESS_2025, ours=_OUTPUT_STORAGE),
        Clash(
            GroupComputeResourcePreference,
            Generation.AIRAVATA_2025_07,
            False,
            _GROUP_PREFERENCE_2025,
            ours=frozenset({"resourceType", "specificPreferences"}),
        ),
        # Two internal methods, whose first argument of then is dropped (the token tells the type) or did not exist.
        Clash(CredentialStoreService.getCredentialSummary_args, _V_0_19, True, "- tokenId gatewayId", {1: TType.I32}),
        Clash(RegistryService.getExperimentsInProject_args, _V_0_19, True, "projectId limit offset"),
    )
}
"""By generated class."""
