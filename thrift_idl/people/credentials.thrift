// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// Keys, passwords and certificates, and what may be told of them.
//
// Source: the interface of Apache Airavata, releases 0.19 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.credentials
namespace java org.apache.airavata.model.credential.store
namespace php Airavata.Model.Credential.Store

/** Stands in an id field until the server gives the id. */
const string DEFAULT_ID = "DO_NOT_SET_AT_CLIENTS"

/** Kind of a credential. */
enum SummaryType {
  SSH = 0,
  PASSWD = 1,
  CERT = 2,
}

/** Whether a credential belongs to a gateway or to one user; generations before 0.19 ask. */
enum CredentialOwnerType {
  GATEWAY = 0,
  USER = 1,
}

/** An SSH key pair, secrets included. persistedTime in milliseconds since 1970. */
struct SSHCredential {
  1: required string gatewayId,
  2: required string username,
  3: optional string passphrase,
  4: optional string publicKey,
  5: optional string privateKey,
  6: optional i64 persistedTime,
  7: optional string token,
  8: optional string description,
  9: optional CredentialOwnerType credentialOwnerType = 0,
}

/** What may be told of a credential: everything but the secret. */
struct CredentialSummary {
  1: required SummaryType type,
  2: required string gatewayId,
  3: required string username,
  4: optional string publicKey,
  5: optional i64 persistedTime,
  6: required string token,
  7: optional string description,
}

/** The user that a gateway's certificate is shared by. */
struct CommunityUser {
  1: required string gatewayName,
  2: required string username,
  3: required string userEmail,
}

/** An X.509 certificate and its private key. */
struct CertificateCredential {
  1: required CommunityUser communityUser,
  2: required string x509Cert,
  3: optional string notAfter,
  4: optional string privateKey,
  5: optional i64 lifeTime,
  6: optional string notBefore,
  7: optional i64 persistedTime,
  8: optional string token,
}

/** A login name and its password. */
struct PasswordCredential {
  1: required string gatewayId,
  2: required string portalUserName,
  3: required string loginUserName,
  4: required string password,
  5: optional string description,
  6: optional i64 persistedTime,
  7: optional string token,
}
