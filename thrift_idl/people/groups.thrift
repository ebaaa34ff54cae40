// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Groups of users as portals see them.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.groups
namespace java org.apache.airavata.model.group
namespace php Airavata.Model.Group
namespace cpp apache.airavata.model.group

/** Kind of a shared resource. Before 0.19, OTHER had the number 3. */
enum ResourceType {
  PROJECT = 0,
  EXPERIMENT = 1,
  DATA = 2,
  APPLICATION_DEPLOYMENT = 3,
  GROUP_RESOURCE_PROFILE = 4,
  CREDENTIAL_TOKEN = 5,
  OTHER = 6,
}

/** What sharing allows. The last one came with 0.19. */
enum ResourcePermissionType {
  WRITE = 0,
  READ = 1,
  OWNER = 2,
  MANAGE_SHARING = 3,
}

/** A group with its owner, members and administrators. */
struct GroupModel {
  1: optional string id,
  2: optional string name,
  3: optional string ownerId,
  4: optional string description,
  5: optional list<string> members,
  6: optional list<string> admins,
}
