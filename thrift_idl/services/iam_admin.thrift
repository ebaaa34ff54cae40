// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service of accounts. Multiplexed with the other profile services on one port.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../foundation/api_errors.thrift"
include "../foundation/authorization.thrift"
include "../gateways/workspaces.thrift"
include "../people/user_profiles.thrift"
include "iam_admin_errors.thrift"

namespace py airavata_thrift.iam_admin
namespace java org.apache.airavata.service.profile.iam.admin.services.cpi
namespace php Airavata.Service.Iam.Admin.Services.CPI

/** Version of this service. */
const string IAM_ADMIN_SERVICES_CPI_VERSION = "0.18.0"

/** Its name before the colon of a multiplexed method. */
const string IAM_ADMIN_SERVICES_CPI_NAME = "IamAdminServices"

/** Accounts and roles of a gateway's users at the identity provider. */
service IamAdminServices {
  string getAPIVersion(1: authorization.AuthzToken authzToken)
    throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  workspaces.Gateway setUpGateway(
    1: required authorization.AuthzToken authzToken,
    2: required workspaces.Gateway gateway
  ) throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  bool isUsernameAvailable(1: required authorization.AuthzToken authzToken, 2: required string username)
    throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  bool registerUser(
    1: required authorization.AuthzToken authzToken,
    2: required string username,
    3: required string emailAddress,
    4: required string firstName,
    5: required string lastName,
    6: required string newPassword
  ) throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  bool enableUser(1: required authorization.AuthzToken authzToken, 2: required string username)
    throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  bool isUserEnabled(1: required authorization.AuthzToken authzToken, 2: required string username)
    throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  bool isUserExist(1: required authorization.AuthzToken authzToken, 2: required string username)
    throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  user_profiles.UserProfile getUser(1: required authorization.AuthzToken authzToken, 2: required string username)
    throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  list<user_profiles.UserProfile> getUsers(
    1: required authorization.AuthzToken authzToken,
    2: required i32 offset,
    3: required i32 limit,
    4: string search
  ) throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  bool resetUserPassword(
    1: required authorization.AuthzToken authzToken,
    2: required string username,
    3: required string newPassword
  ) throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  list<user_profiles.UserProfile> findUsers(
    1: required authorization.AuthzToken authzToken,
    2: required string email,
    3: required string userId
  ) throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  void updateUserProfile(
    1: required authorization.AuthzToken authzToken,
    2: required user_profiles.UserProfile userDetails
  ) throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  bool deleteUser(1: required authorization.AuthzToken authzToken, 2: required string username)
    throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  bool addRoleToUser(
    1: required authorization.AuthzToken authzToken,
    2: required string username,
    3: required string roleName
  ) throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  bool removeRoleFromUser(
    1: required authorization.AuthzToken authzToken,
    2: required string username,
    3: required string roleName
  ) throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
  list<user_profiles.UserProfile> getUsersWithRole(
    1: required authorization.AuthzToken authzToken,
    2: required string roleName
  ) throws (1: iam_admin_errors.IamAdminServicesException Idse, 2: api_errors.AuthorizationException ae),
}
