// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The exception of the service of groups.
//
// Source: the interface of Apache Airavata, releases 0.19 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.group_manager_errors
namespace java org.apache.airavata.service.profile.groupmanager.cpi.exception
namespace php Airavata.Service.Profile.Groupmanager.CPI.Error

/** A group cannot be read or changed. */
exception GroupManagerServiceException {
  1: required string message,
}
