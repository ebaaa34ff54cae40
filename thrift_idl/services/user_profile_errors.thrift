// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The exception of the service of user profiles.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.user_profile_errors
namespace java org.apache.airavata.service.profile.user.cpi.exception
namespace php Airavata.Service.Profile.User.CPI.Error

/** A profile cannot be read or written. */
exception UserProfileServiceException {
  1: required string message,
}
