// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Gateways as the profile service stores them.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.tenants
namespace java org.apache.airavata.model.tenant
namespace php Airavata.Model.Tenant
namespace cpp apache.airavata.model.tenant

/** How far a request for a tenant has come. */
enum TenantApprovalStatus {
  REQUESTED = 0,
  APPROVED = 1,
  ACTIVE = 2,
  DEACTIVATED = 3,
  CANCELLED = 4,
  DENIED = 5,
  CREATED = 6,
  DEPLOYED = 7,
}

/** The administrator of a tenant. */
struct TenantPreferences {
  10: optional string tenantAdminFirstName,
  11: optional string tenantAdminLastName,
  12: optional string tenantAdminEmail,
}

/** How a tenant is known at its identity server. */
struct TenantConfig {
  13: optional string identityServerUserName,
  14: optional string identityServerPasswordToken,
  16: optional string oauthClientId,
  17: optional string oauthClientSecret,
}

/** A gateway in the words of the profile service. */
struct Tenant {
  1: required string tenantId,
  2: required TenantApprovalStatus tenantApprovalStatus,
  3: optional string tenantName,
  4: optional string domain,
  5: optional string emailAddress,
  6: optional string tenantAcronym,
  7: optional string tenantURL,
  8: optional string tenantPublicAbstract,
  9: optional string reviewProposalDescription,
  15: optional string declinedReason,
  18: optional i64 requestCreationTime,
  19: optional string requesterUsername,
}
