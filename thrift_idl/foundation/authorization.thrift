// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Who calls.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.authorization
namespace java org.apache.airavata.model.security
namespace php Airavata.Model.Security
namespace cpp apache.airavata.model.security

/** The caller's access token with claims beside it: userName and gatewayID, which have to agree with the token. */
struct AuthzToken {
  1: required string accessToken,
  2: optional map<string, string> claimsMap,
}
