// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service of user profiles. Multiplexed with the other profile services on one port.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../foundation/api_errors.thrift"
include "../foundation/authorization.thrift"
include "../people/user_profiles.thrift"
include "user_profile_errors.thrift"

namespace py airavata_thrift.user_profile
namespace java org.apache.airavata.service.profile.user.cpi
namespace php Airavata.Service.Profile.User.CPI

/** Version of this service. */
const string USER_PROFILE_CPI_VERSION = "0.18.0"

/** Its name before the colon of a multiplexed method. */
const string USER_PROFILE_CPI_NAME = "UserProfileService"

/** Reads and writes the profiles of a gateway's users. */
service UserProfileService {
  string getAPIVersion(),
  string initializeUserProfile(1: required authorization.AuthzToken authzToken)
    throws (1: user_profile_errors.UserProfileServiceException upe, 2: api_errors.AuthorizationException ae),
  string addUserProfile(
    1: required authorization.AuthzToken authzToken,
    2: required user_profiles.UserProfile userProfile
  ) throws (1: user_profile_errors.UserProfileServiceException upe, 2: api_errors.AuthorizationException ae),
  bool updateUserProfile(
    1: required authorization.AuthzToken authzToken,
    2: required user_profiles.UserProfile userProfile
  ) throws (1: user_profile_errors.UserProfileServiceException upe, 2: api_errors.AuthorizationException ae),
  user_profiles.UserProfile getUserProfileById(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayId
  ) throws (1: user_profile_errors.UserProfileServiceException upe, 2: api_errors.AuthorizationException ae),
  bool deleteUserProfile(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayId
  ) throws (1: user_profile_errors.UserProfileServiceException upe, 2: api_errors.AuthorizationException ae),
  list<user_profiles.UserProfile> getAllUserProfilesInGateway(
    1: required authorization.AuthzToken authzToken,
    2: required string gatewayId,
    3: required i32 offset,
    4: required i32 limit
  ) throws (1: user_profile_errors.UserProfileServiceException upe, 2: api_errors.AuthorizationException ae),
  bool doesUserExist(
    1: required authorization.AuthzToken authzToken,
    2: required string userId,
    3: required string gatewayId
  ) throws (1: user_profile_errors.UserProfileServiceException upe, 2: api_errors.AuthorizationException ae),
}
