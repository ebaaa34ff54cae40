"""Which generation of Airavata's interface a peer speaks, and how a connection finds out.

Airavata never versioned its Thrift interface: field ids were given a second meaning three times between April 2017
and November 2025. A peer does not say of when it is, so a connection keeps the *span* of generations that fits
everything seen on it (:class:`ConnectionDialect`) and each message narrows it. While a span still allows two layouts
of a struct, the classic one is assumed for reading, and writing adds what the other layout has under ids of other
wire types.

Source: comparison of the interface of the releases 0.16 to 0.21 and of the states of April 2017, July 2025, November
2025 and March 2026, field by field.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, IntEnum


class Generation(IntEnum):
    """A state of the interface, oldest first. ``AIRAVATA_2025_11`` includes what came until the end in March 2026."""

    AIRAVATA_2017_04 = 0
    AIRAVATA_0_17 = 1
    AIRAVATA_0_19 = 2
    AIRAVATA_0_21 = 3
    AIRAVATA_2025_07 = 4
    AIRAVATA_2025_11 = 5


@dataclass(frozen=True, slots=True)
class Span:
    """The generations from ``oldest`` to ``newest``, both included."""

    oldest: Generation = Generation.AIRAVATA_2017_04
    newest: Generation = Generation.AIRAVATA_2025_11

    def overlap(self, other: Span) -> Span | None:
        """What both allow; None if nothing."""
        oldest, newest = max(self.oldest, other.oldest), min(self.newest, other.newest)
        return Span(oldest, newest) if oldest <= newest else None


def since(generation: Generation) -> Span:
    """That generation and all later ones."""
    return Span(oldest=generation)


def until(generation: Generation) -> Span:
    """That generation and all earlier ones."""
    return Span(newest=generation)


class Dialect(Enum):
    """What a listener or a gateway can be pinned to; the values are the words of the settings."""

    AIRAVATA_2017_04 = "2017-04"
    CLASSIC = "classic"
    AIRAVATA_2025_07 = "2025-07"
    AIRAVATA_2025_11 = "2025-11"

    @property
    def span(self) -> Span:
        """The generations that share its field ids."""
        return _SPANS[self]


_SPANS: Mapping[Dialect, Span] = {
    Dialect.AIRAVATA_2017_04: until(Generation.AIRAVATA_2017_04),
    Dialect.CLASSIC: Span(Generation.AIRAVATA_0_17, Generation.AIRAVATA_0_21),
    Dialect.AIRAVATA_2025_07: Span(Generation.AIRAVATA_2025_07, Generation.AIRAVATA_2025_07),
    Dialect.AIRAVATA_2025_11: since(Generation.AIRAVATA_2025_11),
}

EVERY = Span()

SERVICE_SPANS: Mapping[str, Span] = {
    "group_manager": since(Generation.AIRAVATA_0_19),
    "iam_admin": since(Generation.AIRAVATA_0_17),
    "tenant_profile": since(Generation.AIRAVATA_0_17),
    "user_profile": since(Generation.AIRAVATA_0_17),
    "user_profile_2017": until(Generation.AIRAVATA_2017_04),
    "workflow_api": since(Generation.AIRAVATA_2025_07),
    "gfac": until(Generation.AIRAVATA_0_17),
}
"""By module of the generated package: which generations have the service at all. Others have it in all."""

_DROPPED_BEFORE_0_19 = (
    "getSSHPubKey getAllGatewaySSHPubKeys getAllCredentialSummaryForGateway getAllCredentialSummaryForUsersInGateway "
    "getAllGatewayPWDCredentials getAllWorkflows getWorkflow deleteWorkflow registerWorkflow updateWorkflow "
    "getWorkflowTemplateId isWorkflowExistWithName createGroup updateGroup deleteGroup getGroup getAllGroupsUserBelongs"
)
_NEW_IN_0_17 = (
    "getSSHAccountProvisioners doesUserHaveSSHAccount isSSHSetupCompleteForUserComputeResourcePreference "
    "setupUserComputeResourcePreferencesForSSH"
)
_NEW_IN_0_19 = (
    "getCredentialSummary getAllCredentialSummaries fetchIntermediateOutputs getIntermediateOutputProcessStatus "
    "getAccessibleAppModules getAccessibleApplicationDeployments "
    "getApplicationDeploymentsForAppModuleAndGroupResourceProfile isUserResourceProfileExists shareResourceWithGroups "
    "revokeSharingOfResourceFromGroups getAllAccessibleGroups getAllDirectlyAccessibleUsers "
    "getAllDirectlyAccessibleGroups userHasAccess createGroupResourceProfile updateGroupResourceProfile "
    "getGroupResourceProfile removeGroupResourceProfile getGroupResourceList removeGroupComputePrefs "
    "removeGroupComputeResourcePolicy removeGroupBatchQueueResourcePolicy getGroupComputeResourcePreference "
    "getGroupComputeResourcePolicy getBatchQueueResourcePolicy getGroupComputeResourcePrefList "
    "getGroupBatchQueueResourcePolicyList getGroupComputeResourcePolicyList getGatewayGroups getParser saveParser "
    "listAllParsers removeParser getParsingTemplate getParsingTemplatesForExperiment saveParsingTemplate "
    "removeParsingTemplate listAllParsingTemplates"
)

_REGISTRY_NEW_IN_0_19 = (
    "addErrors addExperimentProcessOutputs addJob addJobStatus addProcess addProcessStatus addProcessWorkflow "
    "addTask addTaskStatus createGatewayGroups createGroupResourceProfile getAccessibleAppModules "
    "getAccessibleApplicationDeployments getAccessibleApplicationDeploymentsForAppModule getApplicationDeployments "
    "getBatchQueueResourcePolicy getGatewayGroups getGroupBatchQueueResourcePolicyList "
    "getGroupComputeResourcePolicy getGroupComputeResourcePolicyList getGroupComputeResourcePrefList "
    "getGroupComputeResourcePreference getGroupResourceList getGroupResourceProfile getJob getJobs getParser "
    "getParserInput getParserOutput getParsingTemplate getParsingTemplatesForExperiment getProcess getProcessIds "
    "getProcessList getProcessOutputs getProcessStatus getProcessWorkflows getUserConfigurationData "
    "isGatewayGroupsExists isJobExist isUserResourceProfileExists listAllParsers listAllParsingTemplates "
    "removeGroupBatchQueueResourcePolicy removeGroupComputePrefs removeGroupComputeResourcePolicy "
    "removeGroupResourceProfile removeParser removeParsingTemplate saveParser saveParsingTemplate "
    "updateExperimentStatus updateGatewayGroups updateGroupResourceProfile updateProcess updateProcessStatus"
)
_REGISTRY_NEW_IN_0_21 = (
    "addGatewayUsageReportingCommand deleteJobs deleteTasks getAVGTimeDistribution getGatewayReportingCommand "
    "getJobCount getProcessListInState getProcessStatusList getQueueStatus isGatewayUsageReportingAvailable "
    "isGroupComputeResourcePreferenceExists isGroupResourceProfileExists isUserComputeResourcePreferenceExists "
    "removeGatewayUsageReportingCommand"
)
_REGISTRY_DROPPED_BEFORE_0_19 = (
    "getAllWorkflows getWorkflow deleteWorkflow registerWorkflow updateWorkflow getWorkflowTemplateId "
    "isWorkflowExistWithName"
)

METHOD_SPANS: Mapping[str, Mapping[str, Span]] = {
    "airavata_api": {
        **dict.fromkeys(_DROPPED_BEFORE_0_19.split(), until(Generation.AIRAVATA_0_17)),
        **dict.fromkeys(_NEW_IN_0_17.split(), since(Generation.AIRAVATA_0_17)),
        **dict.fromkeys(_NEW_IN_0_19.split(), since(Generation.AIRAVATA_0_19)),
        "getResourceStorageInfo": since(Generation.AIRAVATA_2025_11),
        "getStorageDirectoryInfo": since(Generation.AIRAVATA_2025_11),
    },
    "registry": {
        **dict.fromkeys(_REGISTRY_DROPPED_BEFORE_0_19.split(), until(Generation.AIRAVATA_0_17)),
        **dict.fromkeys(("addUser", "searchDataProductsByName"), since(Generation.AIRAVATA_0_17)),
        **dict.fromkeys(_REGISTRY_NEW_IN_0_19.split(), since(Generation.AIRAVATA_0_19)),
        **dict.fromkeys(_REGISTRY_NEW_IN_0_21.split(), since(Generation.AIRAVATA_0_21)),
    },
}
"""By module of the generated package, methods that not every generation has: a peer that calls one is of these."""

ARGUMENT_SPANS: Mapping[tuple[str, int], Span] = {
    ("getAPIVersion", 1): until(Generation.AIRAVATA_0_17),
    ("generateAndRegisterSSHKeys", 2): until(Generation.AIRAVATA_0_17),
    ("registerPwdCredential", 2): until(Generation.AIRAVATA_0_17),
    ("deleteSSHPubKey", 3): until(Generation.AIRAVATA_0_17),
    ("deletePWDCredential", 3): until(Generation.AIRAVATA_0_17),
    ("shareResourceWithUsers", 3): until(Generation.AIRAVATA_0_17),
    ("revokeSharingOfResourceFromUsers", 3): until(Generation.AIRAVATA_0_17),
    ("getAllAccessibleUsers", 3): until(Generation.AIRAVATA_0_17),
    ("getExperimentStatistics", 8): since(Generation.AIRAVATA_0_21),
    ("getExperimentStatistics", 9): since(Generation.AIRAVATA_0_21),
}
"""Arguments (method, id) of the service ``Airavata`` that not every generation sends."""


class ConnectionDialect:
    """What is known about the peer of one connection. Not shared between threads.

    ``pinned`` comes from the listener's or the gateway's settings and ends all guessing; :meth:`pin` sets it later,
    when the first token has told the gateway.
    """

    __slots__ = ("_pinned", "_seen")

    def __init__(self, pinned: Dialect | None = None) -> None:
        self._pinned = pinned
        self._seen = EVERY

    @property
    def span(self) -> Span:
        """The generations that the peer may be of."""
        return self._pinned.span if self._pinned else self._seen

    def pin(self, dialect: Dialect | None) -> bool:
        """Fixes the dialect, or with None goes back to what was seen. True if it was another before."""
        if dialect is self._pinned:
            return False
        self._pinned = dialect
        return True

    def observe(self, evidence: Span) -> None:
        """Narrows the span; evidence against everything known replaces it, because the peer's last word counts."""
        if evidence is not EVERY:
            self._seen = self._seen.overlap(evidence) or evidence

    def __repr__(self) -> str:
        pinned = f", pinned to {self._pinned.value}" if self._pinned else ""
        return f"ConnectionDialect({self.span.oldest.name}..{self.span.newest.name}{pinned})"
