// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The groups that every gateway has.
//
// Source: the interface of Apache Airavata, releases 0.19 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.gateway_groups
namespace java org.apache.airavata.model.appcatalog.gatewaygroups
namespace php Airavata.Model.AppCatalog.GatewayGroups
namespace cpp apache.airavata.model.appcatalog.gatewaygroups

/** Ids of the groups of a gateway's administrators, its read-only administrators and all its users. */
struct GatewayGroups {
  1: required string gatewayId,
  2: required string adminsGroupId,
  3: required string readOnlyAdminsGroupId,
  4: required string defaultGatewayUsersGroupId,
}
