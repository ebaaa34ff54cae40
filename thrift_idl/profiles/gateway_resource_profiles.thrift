// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// What a gateway prefers at each resource, for all its users.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../resources/compute_resources.thrift"
include "../resources/data_movement.thrift"

namespace py airavata_thrift.gateway_resource_profiles
namespace java org.apache.airavata.model.appcatalog.gatewayprofile
namespace php Airavata.Model.AppCatalog.GatewayProfile
namespace cpp apache.airavata.model.appcatalog.gatewayprofile

/**
 * How a gateway uses a compute resource: login, queue, directory, allocation. Reservation times in milliseconds since
 * 1970.
 */
struct ComputeResourcePreference {
  1: required string computeResourceId,
  2: required bool overridebyAiravata = true,
  3: optional string loginUserName,
  4: optional compute_resources.JobSubmissionProtocol preferredJobSubmissionProtocol,
  5: optional data_movement.DataMovementProtocol preferredDataMovementProtocol,
  6: optional string preferredBatchQueue,
  7: optional string scratchLocation,
  8: optional string allocationProjectNumber,
  9: optional string resourceSpecificCredentialStoreToken,
  10: optional string usageReportingGatewayId,
  11: optional string qualityOfService,
  12: optional string reservation,
  13: optional i64 reservationStartTime,
  14: optional i64 reservationEndTime,
  15: optional string sshAccountProvisioner,
  16: optional map<string, string> sshAccountProvisionerConfig,
  17: optional string sshAccountProvisionerAdditionalInfo,
}

/** How a gateway uses a storage resource: login and directory. */
struct StoragePreference {
  1: required string storageResourceId,
  2: optional string loginUserName,
  3: optional string fileSystemRootLocation,
  4: optional string resourceSpecificCredentialStoreToken,
}

/** All preferences of a gateway and the credential that it uses by default. */
struct GatewayResourceProfile {
  1: required string gatewayID,
  2: optional string credentialStoreToken,
  3: optional list<ComputeResourcePreference> computeResourcePreferences,
  4: optional list<StoragePreference> storagePreferences,
  5: optional string identityServerTenant,
  6: optional string identityServerPwdCredToken,
}
