// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// What a user prefers at each resource, with an account of their own.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.user_resource_profiles
namespace java org.apache.airavata.model.appcatalog.userresourceprofile
namespace php Airavata.Model.AppCatalog.UserResourceProfile
namespace cpp apache.airavata.model.appcatalog.userresourceprofile

/** How a user uses a compute resource. Reservation times in milliseconds since 1970. */
struct UserComputeResourcePreference {
  1: required string computeResourceId,
  2: optional string loginUserName,
  3: optional string preferredBatchQueue,
  4: optional string scratchLocation,
  5: optional string allocationProjectNumber,
  6: optional string resourceSpecificCredentialStoreToken,
  7: optional string qualityOfService,
  8: optional string reservation,
  9: optional i64 reservationStartTime,
  10: optional i64 reservationEndTime,
  11: optional bool validated = false,
}

/** How a user uses a storage resource. */
struct UserStoragePreference {
  1: required string storageResourceId,
  2: optional string loginUserName,
  3: optional string fileSystemRootLocation,
  4: optional string resourceSpecificCredentialStoreToken,
}

/** All preferences of a user and the credential that they use by default. */
struct UserResourceProfile {
  1: required string userId,
  2: required string gatewayID,
  3: optional string credentialStoreToken,
  4: optional list<UserComputeResourcePreference> userComputeResourcePreferences,
  5: optional list<UserStoragePreference> userStoragePreferences,
  6: optional string identityServerTenant,
  7: optional string identityServerPwdCredToken,
  8: optional bool isNull = false,
}
