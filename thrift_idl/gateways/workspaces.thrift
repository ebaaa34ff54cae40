// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Gateways, their projects, users and announcements.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.workspaces
namespace java org.apache.airavata.model.workspace
namespace php Airavata.Model.Workspace
namespace cpp apache.airavata.model.workspace

/** How far a request for a gateway has come. The last one came with 0.17. */
enum GatewayApprovalStatus {
  REQUESTED = 0,
  APPROVED = 1,
  ACTIVE = 2,
  DEACTIVATED = 3,
  CANCELLED = 4,
  DENIED = 5,
  CREATED = 6,
  DEPLOYED = 7,
}

/** How much an announcement matters. */
enum NotificationPriority {
  LOW = 0,
  NORMAL = 1,
  HIGH = 2,
}

/** A group of users of the time before sharing groups. */
struct Group {
  1: required string groupName,
  2: optional string description,
}

/** What a user's experiments are sorted into. */
struct Project {
  1: required string projectID = "DO_NOT_SET_AT_CLIENTS",
  2: required string owner,
  3: required string gatewayId,
  4: required string name,
  5: optional string description,
  6: optional i64 creationTime,
  7: optional list<string> sharedUsers,
  8: optional list<string> sharedGroups,
}

/** A user of a gateway, as little as the registry knows. */
struct User {
  1: required string airavataInternalUserId = "DO_NOT_SET_AT_CLIENTS",
  2: optional string userName,
  3: required string gatewayId,
  4: optional string firstName,
  5: optional string lastName,
  6: optional string email,
}

/**
 * A gateway: a portal, its administrator and its approval. In April 2017 it had no internal id, and every id was one
 * less.
 */
struct Gateway {
  1: optional string airavataInternalGatewayId,
  2: required string gatewayId,
  3: required GatewayApprovalStatus gatewayApprovalStatus,
  4: optional string gatewayName,
  5: optional string domain,
  6: optional string emailAddress,
  7: optional string gatewayAcronym,
  8: optional string gatewayURL,
  9: optional string gatewayPublicAbstract,
  10: optional string reviewProposalDescription,
  11: optional string gatewayAdminFirstName,
  12: optional string gatewayAdminLastName,
  13: optional string gatewayAdminEmail,
  14: optional string identityServerUserName,
  15: optional string identityServerPasswordToken,
  16: optional string declinedReason,
  17: optional string oauthClientId,
  18: optional string oauthClientSecret,
  19: optional i64 requestCreationTime,
  20: optional string requesterUsername,
}

/** The command that a compute resource wants to be told with who uses it through a gateway. */
struct GatewayUsageReportingCommand {
  1: required string gatewayId,
  2: required string computeResourceId,
  3: required string command,
}

/** An announcement to the users of a gateway. The times in milliseconds since 1970. */
struct Notification {
  1: optional string notificationId,
  2: required string gatewayId,
  3: required string title,
  4: required string notificationMessage,
  5: optional i64 creationTime,
  6: optional i64 publishedTime,
  7: optional i64 expirationTime,
  8: optional NotificationPriority priority,
}
