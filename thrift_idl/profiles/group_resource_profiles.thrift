// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// What a group of users may use, and how.
//
// Source: the interface of Apache Airavata, releases 0.19 to 0.21, and as of 2026-03 what it adds to them.

include "../resources/compute_resources.thrift"
include "../resources/data_movement.thrift"

namespace py airavata_thrift.group_resource_profiles
namespace java org.apache.airavata.model.appcatalog.groupresourceprofile
namespace php Airavata.Model.AppCatalog.GroupResourceProfile
namespace cpp apache.airavata.model.appcatalog.groupresourceprofile

/** Kind of environment that a preference is for. */
enum ResourceType {
  SLURM = 0,
  AWS = 1,
}

/** A value for a parameter of an account provisioner. */
struct GroupAccountSSHProvisionerConfig {
  1: required string resourceId,
  2: required string groupResourceProfileId = "DO_NOT_SET_AT_CLIENTS",
  3: required string configName,
  4: optional string configValue,
}

/** Nodes that a compute resource keeps free for a period, in milliseconds since 1970. */
struct ComputeResourceReservation {
  1: required string reservationId = "DO_NOT_SET_AT_CLIENTS",
  2: required string reservationName,
  3: required list<string> queueNames,
  4: required i64 startTime,
  5: required i64 endTime,
}

/** What a preference says of a Slurm cluster, since July 2025; before, its fields stood in the preference itself. */
struct SlurmComputeResourcePreference {
  1: optional string allocationProjectNumber,
  2: optional string preferredBatchQueue,
  3: optional string qualityOfService,
  4: optional string usageReportingGatewayId,
  5: optional string sshAccountProvisioner,
  6: optional list<GroupAccountSSHProvisionerConfig> groupSSHAccountProvisionerConfigs,
  7: optional string sshAccountProvisionerAdditionalInfo,
  8: optional list<ComputeResourceReservation> reservations,
}

/** What a preference says of machines at AWS. */
struct AwsComputeResourcePreference {
  1: optional string region,
  2: optional string preferredAmiId,
  3: optional string preferredInstanceType,
}

/** What a preference says of its kind of environment. */
union EnvironmentSpecificPreferences {
  1: SlurmComputeResourcePreference slurm,
  2: AwsComputeResourcePreference aws,
}

/**
 * How a group uses a compute resource. Since July 2025 the fields from 5 on have other ids, and those for Slurm stand
 * in a struct of their own.
 */
struct GroupComputeResourcePreference {
  1: required string computeResourceId,
  2: required string groupResourceProfileId = "DO_NOT_SET_AT_CLIENTS",
  3: required bool overridebyAiravata = true,
  4: optional string loginUserName,
  5: optional compute_resources.JobSubmissionProtocol preferredJobSubmissionProtocol,
  6: optional data_movement.DataMovementProtocol preferredDataMovementProtocol,
  7: optional string preferredBatchQueue,
  8: optional string scratchLocation,
  9: optional string allocationProjectNumber,
  10: optional string resourceSpecificCredentialStoreToken,
  11: optional string usageReportingGatewayId,
  12: optional string qualityOfService,
  13: optional string reservation,
  14: optional i64 reservationStartTime,
  15: optional i64 reservationEndTime,
  16: optional string sshAccountProvisioner,
  17: optional list<GroupAccountSSHProvisionerConfig> groupSSHAccountProvisionerConfigs,
  18: optional string sshAccountProvisionerAdditionalInfo,
  19: optional list<ComputeResourceReservation> reservations,
  /** Ours, on no classic wire, as is the next: what the layout since July 2025 has beyond the classic one. */
  20: optional ResourceType resourceType,
  21: optional EnvironmentSpecificPreferences specificPreferences,
}

/** The queues of a compute resource that a group may use. */
struct ComputeResourcePolicy {
  1: required string resourcePolicyId = "DO_NOT_SET_AT_CLIENTS",
  2: required string computeResourceId,
  3: required string groupResourceProfileId = "DO_NOT_SET_AT_CLIENTS",
  4: optional list<string> allowedBatchQueues,
}

/** How much of a queue one job of a group may use. maxAllowedWalltime in minutes. */
struct BatchQueueResourcePolicy {
  1: required string resourcePolicyId = "DO_NOT_SET_AT_CLIENTS",
  2: required string computeResourceId,
  3: required string groupResourceProfileId = "DO_NOT_SET_AT_CLIENTS",
  4: optional string queuename,
  5: optional i32 maxAllowedNodes,
  6: optional i32 maxAllowedCores,
  7: optional i32 maxAllowedWalltime,
}

/** Preferences and policies that a group of users runs experiments with. The times in milliseconds since 1970. */
struct GroupResourceProfile {
  1: required string gatewayId,
  2: required string groupResourceProfileId = "DO_NOT_SET_AT_CLIENTS",
  3: optional string groupResourceProfileName,
  4: optional list<GroupComputeResourcePreference> computePreferences,
  5: optional list<ComputeResourcePolicy> computeResourcePolicies,
  6: optional list<BatchQueueResourcePolicy> batchQueueResourcePolicies,
  7: optional i64 creationTime,
  8: optional i64 updatedTime,
  9: optional string defaultCredentialStoreToken,
}
