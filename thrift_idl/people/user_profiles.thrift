// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// What is known of a user as a person.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.user_profiles
namespace java org.apache.airavata.model.user
namespace php Airavata.Model.User
namespace cpp apache.airavata.model.user

/** Version of the profile's form. */
const string USER_PROFILE_VERSION = "1.0"

/** How far a user's registration has come. */
enum Status {
  ACTIVE = 0,
  CONFIRMED = 1,
  APPROVED = 2,
  DELETED = 3,
  DUPLICATE = 4,
  GRACE_PERIOD = 5,
  INVITED = 6,
  DENIED = 7,
  PENDING = 8,
  PENDING_APPROVAL = 9,
  PENDING_CONFIRMATION = 10,
  SUSPENDED = 11,
  DECLINED = 12,
  EXPIRED = 13,
}

/** Statistical category, asked for by the funding agency. */
enum USCitizenship {
  US_CITIZEN = 0,
  US_PERMANENT_RESIDENT = 1,
  OTHER_NON_US_CITIZEN = 2,
}

/** Statistical category, asked for by the funding agency. */
enum ethnicity {
  HISPANIC_LATINO = 0,
  NOT_HISPANIC_LATINO = 1,
}

/** Statistical category, asked for by the funding agency. */
enum race {
  ASIAN = 0,
  AMERICAN_INDIAN_OR_ALASKAN_NATIVE = 1,
  BLACK_OR_AFRICAN_AMERICAN = 2,
  NATIVE_HAWAIIAN_OR_PACIFIC_ISLANDER = 3,
  WHITE = 4,
}

/** Statistical category, asked for by the funding agency. */
enum disability {
  HEARING_IMAPAIRED = 0,
  VISUAL_IMPAIRED = 1,
  MOBILITY_OR_ORTHOPEDIC_IMPAIRMENT = 2,
  OTHER_IMPAIRMENT = 3,
}

/**
 * What the funding agency asks for, all of it voluntary. In April 2017 it had no user id, and every id was one less.
 */
struct NSFDemographics {
  1: required string airavataInternalUserId = "DO_NOT_SET_AT_CLIENTS",
  2: optional string gender,
  3: optional USCitizenship usCitizenship,
  4: optional list<ethnicity> ethnicities,
  5: optional list<race> races,
  6: optional list<disability> disabilities,
}

/** Which columns of a list of experiments a user wants to see. */
struct CustomDashboard {
  1: required string airavataInternalUserId = "DO_NOT_SET_AT_CLIENTS",
  2: optional string experimentId,
  3: optional string name,
  4: optional string description,
  5: optional string project,
  6: optional string owner,
  7: optional string application,
  8: optional string computeResource,
  9: optional string jobName,
  10: optional string jobId,
  11: optional string jobStatus,
  12: optional string jobCreationTime,
  13: optional string notificationsTo,
  14: optional string workingDir,
  15: optional string jobDescription,
  16: optional string creationTime,
  17: optional string lastModifiedTime,
  18: optional string wallTime,
  19: optional string cpuCount,
  20: optional string nodeCount,
  21: optional string queue,
  22: optional string inputs,
  23: optional string outputs,
  24: optional string storageDir,
  25: optional string errors,
}

/**
 * A user as a person. The times in milliseconds since 1970. In April 2017 the times were text, one field had the whole
 * name, and the ids from 6 on differed.
 */
struct UserProfile {
  1: required string userModelVersion = "1.0",
  2: required string airavataInternalUserId = "DO_NOT_SET_AT_CLIENTS",
  3: required string userId,
  4: required string gatewayId,
  5: required list<string> emails,
  6: required string firstName,
  7: required string lastName,
  8: optional string middleName,
  9: optional string namePrefix,
  10: optional string nameSuffix,
  11: optional string orcidId,
  12: optional list<string> phones,
  13: optional string country,
  14: optional list<string> nationality,
  15: optional string homeOrganization,
  16: optional string orginationAffiliation,
  17: required i64 creationTime,
  18: required i64 lastAccessTime,
  19: required i64 validUntil,
  20: required Status State,
  21: optional string comments,
  22: optional list<string> labeledURI,
  23: optional string gpgKey,
  24: optional string timeZone,
  25: optional NSFDemographics nsfDemographics,
  26: optional CustomDashboard customDashboard,
}
