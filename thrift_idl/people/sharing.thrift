// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Who shares what with whom. All times in milliseconds since 1970.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.sharing
namespace java org.apache.airavata.sharing.registry.models
namespace php Airavata.Model.Sharing

/** Stands in an id field until the server gives the id. */
const string DO_NOT_SET_AT_CLIENTS_ID = "DO_NOT_SET_AT_CLIENTS_ID"

/** Whether a group stands for one user or may have several members. */
enum GroupCardinality {
  SINGLE_USER = 0,
  MULTI_USER = 1,
}

/** Whether a group was made by the domain or by a user. */
enum GroupType {
  DOMAIN_LEVEL_GROUP = 0,
  USER_LEVEL_GROUP = 1,
}

/** Whether a member of a group is a user or another group. */
enum GroupChildType {
  USER = 0,
  GROUP = 1,
}

/** What entities can be searched by. */
enum EntitySearchField {
  NAME = 0,
  DESCRIPTION = 1,
  FULL_TEXT = 2,
  PARRENT_ENTITY_ID = 3,
  OWNER_ID = 4,
  PERMISSION_TYPE_ID = 5,
  CREATED_TIME = 6,
  UPDATED_TIME = 7,
  ENTITY_TYPE_ID = 8,
  SHARED_COUNT = 9,
}

/** How a field is compared with a value. */
enum SearchCondition {
  EQUAL = 0,
  LIKE = 1,
  FULL_TEXT = 2,
  GTE = 3,
  LTE = 4,
  NOT = 5,
}

/** Whether a permission was given here, given for everything below too, or came from above. */
enum SharingType {
  DIRECT_NON_CASCADING = 0,
  DIRECT_CASCADING = 1,
  INDIRECT_CASCADING = 2,
}

/** A world of its own with users, groups and entities: a gateway. */
struct Domain {
  1: optional string domainId = "DO_NOT_SET_AT_CLIENTS_ID",
  2: optional string name,
  3: optional string description,
  4: optional i64 createdTime,
  5: optional i64 updatedTime,
  6: optional string initialUserGroupId,
}

/** A user of a domain. */
struct User {
  1: optional string userId,
  2: optional string domainId,
  3: optional string userName,
  4: optional string firstName,
  5: optional string lastName,
  6: optional string email,
  7: optional binary icon,
  8: optional i64 createdTime,
  9: optional i64 updatedTime,
}

/** A user who may change the members of a group. */
struct GroupAdmin {
  1: optional string groupId,
  2: optional string domainId,
  3: optional string adminId,
}

/** A group of users; every user is one of their own too, so that permissions go to groups alone. */
struct UserGroup {
  1: optional string groupId,
  2: optional string domainId,
  3: optional string name,
  4: optional string description,
  5: optional string ownerId,
  6: optional GroupType groupType,
  7: optional GroupCardinality groupCardinality,
  8: optional i64 createdTime,
  9: optional i64 updatedTime,
  10: optional list<GroupAdmin> groupAdmins,
}

/** A user or group as a member of a group. */
struct GroupMembership {
  1: optional string parentId,
  2: optional string childId,
  3: optional string domainId,
  4: optional GroupChildType childType,
  5: optional i64 createdTime,
  6: optional i64 updatedTime,
}

/** A kind of thing that can be shared. */
struct EntityType {
  1: optional string entityTypeId,
  2: optional string domainId,
  3: optional string name,
  4: optional string description,
  5: optional i64 createdTime,
  6: optional i64 updatedTime,
}

/** One condition of a search for entities. */
struct SearchCriteria {
  1: optional EntitySearchField searchField,
  2: optional string value,
  3: optional SearchCondition searchCondition,
}

/** A thing that can be shared, with its owner and the entity above it. */
struct Entity {
  1: optional string entityId,
  2: optional string domainId,
  3: optional string entityTypeId,
  4: optional string ownerId,
  5: optional string parentEntityId,
  6: optional string name,
  7: optional string description,
  8: optional binary binaryData,
  9: optional string fullText,
  10: optional i64 sharedCount = 0,
  11: optional i64 originalEntityCreationTime,
  12: optional i64 createdTime,
  13: optional i64 updatedTime,
}

/** A permission that can be given on entities, such as reading. */
struct PermissionType {
  1: optional string permissionTypeId,
  2: optional string domainId,
  3: optional string name,
  4: optional string description,
  5: optional i64 createdTime,
  6: optional i64 updatedTime,
}

/** A permission on an entity that a group has, and where it came from. */
struct Sharing {
  1: optional string permissionTypeId,
  2: optional string entityId,
  3: optional string groupId,
  4: optional SharingType sharingType,
  5: optional string domainId,
  6: optional string inheritedParentId,
  7: optional i64 createdTime,
  8: optional i64 updatedTime,
}

/** The service cannot do it; the message says why. */
exception SharingRegistryException {
  1: required string message,
}

/** There is one with that id already. */
exception DuplicateEntryException {
  1: required string message,
}
