// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The exception of the service of accounts.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.iam_admin_errors
namespace java org.apache.airavata.service.profile.iam.admin.services.cpi.exception
namespace php Airavata.Service.Iam.Admin.Services.CPI.Error

/** The identity provider cannot do it; the message says why. */
exception IamAdminServicesException {
  1: required string message,
}
