// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// What every service since 0.19 can be asked.
//
// Source: the interface of Apache Airavata, releases 0.19 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.base_service
namespace java org.apache.airavata.base.api
namespace php Airavata.Base.API
namespace cpp apache.airavata.base.api

/** The version of a service. Older generations ask each service in their own way. */
service BaseAPI {
  string getAPIVersion(),
}
