// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service of user profiles as it was in April 2017, on a port of its own. user_profile has what took its place.
//
// Source: the interface of Apache Airavata 0.17 as of April 2017 and as released.

include "../people/user_profiles.thrift"
include "user_profile_2017_errors.thrift"

namespace py airavata_thrift.user_profile_2017
namespace java org.apache.airavata.userprofile.cpi

/** Version of this service. */
const string USER_PROFILE_CPI_VERSION = "0.18.0"

/** Profiles of the users of a gateway, without a token. */
service UserProfileService {
  string getAPIVersion(),
  string addUserProfile(1: required user_profiles.UserProfile userProfile)
    throws (1: user_profile_2017_errors.UserProfileServiceException userProfileException),
  bool updateUserProfile(1: required user_profiles.UserProfile userProfile)
    throws (1: user_profile_2017_errors.UserProfileServiceException userProfileException),
  user_profiles.UserProfile getUserProfileById(1: required string userId, 2: required string gatewayId)
    throws (1: user_profile_2017_errors.UserProfileServiceException userProfileException),
  bool deleteUserProfile(1: required string userId)
    throws (1: user_profile_2017_errors.UserProfileServiceException userProfileException),
  list<user_profiles.UserProfile> getAllUserProfilesInGateway(
    1: required string gatewayId,
    2: required i32 offset,
    3: required i32 limit
  ) throws (1: user_profile_2017_errors.UserProfileServiceException userProfileException),
  user_profiles.UserProfile getUserProfileByName(1: required string userName, 2: required string gatewayId)
    throws (1: user_profile_2017_errors.UserProfileServiceException userProfileException),
  bool doesUserExist(1: required string userName, 2: required string gatewayId)
    throws (1: user_profile_2017_errors.UserProfileServiceException userProfileException),
}
