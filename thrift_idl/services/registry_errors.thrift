// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The exception of the registry.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.registry_errors
namespace java org.apache.airavata.registry.api.exception
namespace php Airavata.Registry.API.Error

/** A record cannot be read or written. */
exception RegistryServiceException {
  1: required string message,
}
