// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service of users' groups. Multiplexed with the other profile services on one port.
//
// Source: the interface of Apache Airavata, releases 0.19 to 0.21, and as of 2026-03 what it adds to them.

include "../foundation/api_errors.thrift"
include "../foundation/authorization.thrift"
include "../people/groups.thrift"
include "group_manager_errors.thrift"

namespace py airavata_thrift.group_manager
namespace java org.apache.airavata.service.profile.groupmanager.cpi
namespace php Airavata.Service.Profile.Groupmanager.CPI

/** Version of this service. */
const string GROUP_MANAGER_CPI_VERSION = "0.18.0"

/** Its name before the colon of a multiplexed method. */
const string GROUP_MANAGER_CPI_NAME = "GroupManagerService"

/** Makes and changes groups of users, and says who owns and administers them. */
service GroupManagerService {
  string getAPIVersion(),
  string createGroup(1: required authorization.AuthzToken authzToken, 2: required groups.GroupModel groupModel)
    throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  bool updateGroup(1: required authorization.AuthzToken authzToken, 2: required groups.GroupModel groupModel)
    throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  bool deleteGroup(
    1: required authorization.AuthzToken authzToken,
    2: required string groupId,
    3: required string ownerId
  ) throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  groups.GroupModel getGroup(1: required authorization.AuthzToken authzToken, 2: required string groupId)
    throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  list<groups.GroupModel> getGroups(1: required authorization.AuthzToken authzToken)
    throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  list<groups.GroupModel> getAllGroupsUserBelongs(
    1: required authorization.AuthzToken authzToken,
    2: required string userName
  ) throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  bool addUsersToGroup(
    1: required authorization.AuthzToken authzToken,
    2: required list<string> userIds,
    3: required string groupId
  ) throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  bool removeUsersFromGroup(
    1: required authorization.AuthzToken authzToken,
    2: required list<string> userIds,
    3: required string groupId
  ) throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  bool transferGroupOwnership(
    1: required authorization.AuthzToken authzToken,
    2: required string groupId,
    3: required string newOwnerId
  ) throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  bool addGroupAdmins(
    1: required authorization.AuthzToken authzToken,
    2: required string groupId,
    3: required list<string> adminIds
  ) throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  bool removeGroupAdmins(
    1: required authorization.AuthzToken authzToken,
    2: required string groupId,
    3: required list<string> adminIds
  ) throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  bool hasAdminAccess(
    1: required authorization.AuthzToken authzToken,
    2: required string groupId,
    3: required string adminId
  ) throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
  bool hasOwnerAccess(
    1: required authorization.AuthzToken authzToken,
    2: required string groupId,
    3: required string ownerId
  ) throws (1: group_manager_errors.GroupManagerServiceException gse, 2: api_errors.AuthorizationException ae),
}
