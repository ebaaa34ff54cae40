// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The exception of the service of gateways.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.tenant_profile_errors
namespace java org.apache.airavata.service.profile.tenant.cpi.exception
namespace php Airavata.Service.Profile.Tenant.CPI.Error

/** A gateway cannot be read or changed. */
exception TenantProfileServiceException {
  1: required string message,
}
