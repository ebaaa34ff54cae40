// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The exception of the service of user profiles of April 2017.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.user_profile_2017_errors
namespace java org.apache.airavata.userprofile.cpi.exception
namespace php Airavata.UserProfile.CPI.Error

/** A profile cannot be read or written. */
exception UserProfileServiceException {
  1: required string message,
}
