// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service of gateways. Multiplexed with the other profile services on one port.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../foundation/api_errors.thrift"
include "../foundation/authorization.thrift"
include "../gateways/workspaces.thrift"
include "tenant_profile_errors.thrift"

namespace py airavata_thrift.tenant_profile
namespace java org.apache.airavata.service.profile.tenant.cpi
namespace php Airavata.Service.Profile.Tenant.CPI

/** Version of this service. */
const string TENANT_PROFILE_CPI_VERSION = "0.18.0"

/** Its name before the colon of a multiplexed method. */
const string TENANT_PROFILE_CPI_NAME = "TenantProfileService"

/** Registers, changes and lists gateways. */
service TenantProfileService {
  string getAPIVersion(1: authorization.AuthzToken authzToken)
    throws (1: tenant_profile_errors.TenantProfileServiceException tpe, 2: api_errors.AuthorizationException ae),
  string addGateway(1: required authorization.AuthzToken authzToken, 2: required workspaces.Gateway gateway)
    throws (1: tenant_profile_errors.TenantProfileServiceException tpe, 2: api_errors.AuthorizationException ae),
  bool updateGateway(1: required authorization.AuthzToken authzToken, 2: required workspaces.Gateway updatedGateway)
    throws (1: tenant_profile_errors.TenantProfileServiceException tpe, 2: api_errors.AuthorizationException ae),
  workspaces.Gateway getGateway(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataInternalGatewayId
  ) throws (1: tenant_profile_errors.TenantProfileServiceException tpe, 2: api_errors.AuthorizationException ae),
  bool deleteGateway(
    1: required authorization.AuthzToken authzToken,
    2: required string airavataInternalGatewayId,
    3: required string gatewayId
  ) throws (1: tenant_profile_errors.TenantProfileServiceException tpe, 2: api_errors.AuthorizationException ae),
  list<workspaces.Gateway> getAllGateways(1: required authorization.AuthzToken authzToken)
    throws (1: tenant_profile_errors.TenantProfileServiceException tpe, 2: api_errors.AuthorizationException ae),
  bool isGatewayExist(1: required authorization.AuthzToken authzToken, 2: required string gatewayId)
    throws (1: tenant_profile_errors.TenantProfileServiceException tpe, 2: api_errors.AuthorizationException ae),
  list<workspaces.Gateway> getAllGatewaysForUser(
    1: required authorization.AuthzToken authzToken,
    2: required string requesterUsername
  ) throws (1: tenant_profile_errors.TenantProfileServiceException tpe, 2: api_errors.AuthorizationException ae),
}
