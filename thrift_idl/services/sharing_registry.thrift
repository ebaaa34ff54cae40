// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service that knows who may see and change what. Internal.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../people/sharing.thrift"

namespace py airavata_thrift.sharing_registry
namespace java org.apache.airavata.sharing.registry.service.cpi
namespace php Airavata.API.Sharing

/** Version of this service. */
const string SHARING_CPI_VERSION = "0.18.0"

/** Domains, users, groups, entities and permissions, and the question whether a user has one on an entity. */
service SharingRegistryService {
  string getAPIVersion(),
  string createDomain(1: required sharing.Domain domain)
    throws (1: sharing.SharingRegistryException sre, 2: sharing.DuplicateEntryException dee),
  bool updateDomain(1: required sharing.Domain domain) throws (1: sharing.SharingRegistryException sre),
  bool isDomainExists(1: required string domainId) throws (1: sharing.SharingRegistryException sre),
  bool deleteDomain(1: required string domainId) throws (1: sharing.SharingRegistryException sre),
  sharing.Domain getDomain(1: required string domainId) throws (1: sharing.SharingRegistryException sre),
  list<sharing.Domain> getDomains(1: required i32 offset, 2: required i32 limit)
    throws (1: sharing.SharingRegistryException sre),
  string createUser(1: required sharing.User user)
    throws (1: sharing.SharingRegistryException sre, 2: sharing.DuplicateEntryException dee),
  bool updatedUser(1: required sharing.User user) throws (1: sharing.SharingRegistryException sre),
  bool isUserExists(1: required string domainId, 2: required string userId)
    throws (1: sharing.SharingRegistryException sre),
  bool deleteUser(1: required string domainId, 2: required string userId)
    throws (1: sharing.SharingRegistryException sre),
  sharing.User getUser(1: required string domainId, 2: required string userId)
    throws (1: sharing.SharingRegistryException sre),
  list<sharing.User> getUsers(1: required string domainId, 2: required i32 offset, 3: required i32 limit)
    throws (1: sharing.SharingRegistryException sre),
  string createGroup(1: required sharing.UserGroup group) throws (1: sharing.SharingRegistryException sre),
  bool updateGroup(1: required sharing.UserGroup group) throws (1: sharing.SharingRegistryException sre),
  bool isGroupExists(1: required string domainId, 2: required string groupId)
    throws (1: sharing.SharingRegistryException sre),
  bool deleteGroup(1: required string domainId, 2: required string groupId)
    throws (1: sharing.SharingRegistryException sre),
  sharing.UserGroup getGroup(1: required string domainId, 2: required string groupId)
    throws (1: sharing.SharingRegistryException sre),
  list<sharing.UserGroup> getGroups(1: required string domainId, 2: required i32 offset, 3: required i32 limit),
  bool addUsersToGroup(1: required string domainId, 2: required list<string> userIds, 3: required string groupId)
    throws (1: sharing.SharingRegistryException sre),
  bool removeUsersFromGroup(1: required string domainId, 2: required list<string> userIds, 3: required string groupId)
    throws (1: sharing.SharingRegistryException sre),
  bool transferGroupOwnership(1: required string domainId, 2: required string groupId, 3: required string newOwnerId)
    throws (1: sharing.SharingRegistryException sre),
  bool addGroupAdmins(1: required string domainId, 2: required string groupId, 3: required list<string> adminIds)
    throws (1: sharing.SharingRegistryException sre),
  bool removeGroupAdmins(1: required string domainId, 2: required string groupId, 3: required list<string> adminIds)
    throws (1: sharing.SharingRegistryException sre),
  bool hasAdminAccess(1: required string domainId, 2: required string groupId, 3: required string adminId)
    throws (1: sharing.SharingRegistryException sre),
  bool hasOwnerAccess(1: required string domainId, 2: required string groupId, 3: required string ownerId)
    throws (1: sharing.SharingRegistryException sre),
  list<sharing.User> getGroupMembersOfTypeUser(
    1: string domainId,
    2: required string groupId,
    3: required i32 offset,
    4: required i32 limit
  ) throws (1: sharing.SharingRegistryException sre),
  list<sharing.UserGroup> getGroupMembersOfTypeGroup(
    1: required string domainId,
    2: required string groupId,
    3: required i32 offset,
    4: required i32 limit
  ) throws (1: sharing.SharingRegistryException sre),
  bool addChildGroupsToParentGroup(
    1: required string domainId,
    2: required list<string> childIds,
    3: required string groupId
  ) throws (1: sharing.SharingRegistryException sre),
  bool removeChildGroupFromParentGroup(
    1: required string domainId,
    2: required string childId,
    3: required string groupId
  ) throws (1: sharing.SharingRegistryException sre),
  list<sharing.UserGroup> getAllMemberGroupsForUser(1: required string domainId, 2: required string userId)
    throws (1: sharing.SharingRegistryException sre),
  string createEntityType(1: required sharing.EntityType entityType)
    throws (1: sharing.SharingRegistryException sre, 2: sharing.DuplicateEntryException dee),
  bool updateEntityType(1: required sharing.EntityType entityType) throws (1: sharing.SharingRegistryException sre),
  bool isEntityTypeExists(1: required string domainId, 2: required string entityTypeId)
    throws (1: sharing.SharingRegistryException sre),
  bool deleteEntityType(1: required string domainId, 2: required string entityTypeId)
    throws (1: sharing.SharingRegistryException sre),
  sharing.EntityType getEntityType(1: required string domainId, 2: required string entityTypeId)
    throws (1: sharing.SharingRegistryException sre),
  list<sharing.EntityType> getEntityTypes(1: required string domainId, 2: required i32 offset, 3: required i32 limit)
    throws (1: sharing.SharingRegistryException sre),
  string createEntity(1: required sharing.Entity entity) throws (1: sharing.SharingRegistryException sre),
  bool updateEntity(1: required sharing.Entity entity) throws (1: sharing.SharingRegistryException sre),
  bool isEntityExists(1: required string domainId, 2: required string entityId)
    throws (1: sharing.SharingRegistryException sre),
  bool deleteEntity(1: required string domainId, 2: required string entityId)
    throws (1: sharing.SharingRegistryException sre),
  sharing.Entity getEntity(1: required string domainId, 2: required string entityId)
    throws (1: sharing.SharingRegistryException sre),
  list<sharing.Entity> searchEntities(
    1: required string domainId,
    2: required string userId,
    3: required list<sharing.SearchCriteria> filters,
    4: required i32 offset,
    5: required i32 limit
  ) throws (1: sharing.SharingRegistryException sre),
  list<sharing.User> getListOfSharedUsers(
    1: required string domainId,
    2: required string entityId,
    3: required string permissionTypeId
  ) throws (1: sharing.SharingRegistryException sre),
  list<sharing.User> getListOfDirectlySharedUsers(
    1: required string domainId,
    2: required string entityId,
    3: required string permissionTypeId
  ) throws (1: sharing.SharingRegistryException sre),
  list<sharing.UserGroup> getListOfSharedGroups(
    1: required string domainId,
    2: required string entityId,
    3: required string permissionTypeId
  ) throws (1: sharing.SharingRegistryException sre),
  list<sharing.UserGroup> getListOfDirectlySharedGroups(
    1: required string domainId,
    2: required string entityId,
    3: required string permissionTypeId
  ) throws (1: sharing.SharingRegistryException sre),
  string createPermissionType(1: required sharing.PermissionType permissionType)
    throws (1: sharing.SharingRegistryException sre, 2: sharing.DuplicateEntryException dee),
  bool updatePermissionType(1: required sharing.PermissionType permissionType)
    throws (1: sharing.SharingRegistryException sre),
  bool isPermissionExists(1: required string dimainId, 2: required string permissionId)
    throws (1: sharing.SharingRegistryException sre),
  bool deletePermissionType(1: required string domainId, 2: required string permissionTypeId)
    throws (1: sharing.SharingRegistryException sre),
  sharing.PermissionType getPermissionType(1: required string domainId, 2: required string permissionTypeId)
    throws (1: sharing.SharingRegistryException sre),
  list<sharing.PermissionType> getPermissionTypes(
    1: required string domainId,
    2: required i32 offset,
    3: required i32 limit
  ) throws (1: sharing.SharingRegistryException sre),
  bool shareEntityWithUsers(
    1: required string domainId,
    2: required string entityId,
    3: required list<string> userList,
    4: required string permissionTypeId,
    5: required bool cascadePermission
  ) throws (1: sharing.SharingRegistryException sre),
  bool revokeEntitySharingFromUsers(
    1: required string domainId,
    2: required string entityId,
    3: required list<string> userList,
    4: required string permissionTypeId
  ) throws (1: sharing.SharingRegistryException sre),
  bool shareEntityWithGroups(
    1: required string domainId,
    2: required string entityId,
    3: required list<string> groupList,
    4: required string permissionTypeId,
    5: required bool cascadePermission
  ) throws (1: sharing.SharingRegistryException sre),
  bool revokeEntitySharingFromGroups(
    1: required string domainId,
    2: required string entityId,
    3: required list<string> groupList,
    4: required string permissionTypeId
  ) throws (1: sharing.SharingRegistryException sre),
  bool userHasAccess(
    1: required string domainId,
    2: required string userId,
    3: required string entityId,
    4: required string permissionTypeId
  ) throws (1: sharing.SharingRegistryException sre),
}
