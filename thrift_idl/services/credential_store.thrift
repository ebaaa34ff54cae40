// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The service that keeps keys and passwords. Internal: it is reached with mutual TLS or from the same machine.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

include "../people/credentials.thrift"
include "credential_store_errors.thrift"

namespace py airavata_thrift.credential_store
namespace java org.apache.airavata.credential.store.cpi

/** Version of this service. */
const string CS_CPI_VERSION = "0.18.0"

/** Stores credentials under tokens and gives them back, secrets included, to the services that use them. */
service CredentialStoreService {
  string getAPIVersion(),
  credentials.CredentialSummary getCredentialSummary(
    1: required string tokenId,
    2: required string gatewayId,
    3: string gatewayId_0_17
  ) throws (1: credential_store_errors.CredentialStoreException csException),
  list<credentials.CredentialSummary> getAllCredentialSummaries(
    1: required credentials.SummaryType type,
    2: required list<string> accessibleTokenIds,
    3: required string gatewayId
  ) throws (1: credential_store_errors.CredentialStoreException csException),
  string addSSHCredential(1: required credentials.SSHCredential sshCredential)
    throws (1: credential_store_errors.CredentialStoreException csException),
  string addCertificateCredential(1: required credentials.CertificateCredential certificateCredential)
    throws (1: credential_store_errors.CredentialStoreException csException),
  string addPasswordCredential(1: required credentials.PasswordCredential passwordCredential)
    throws (1: credential_store_errors.CredentialStoreException csException),
  credentials.SSHCredential getSSHCredential(1: required string tokenId, 2: required string gatewayId)
    throws (1: credential_store_errors.CredentialStoreException csException),
  credentials.CertificateCredential getCertificateCredential(1: required string tokenId, 2: required string gatewayId)
    throws (1: credential_store_errors.CredentialStoreException csException),
  credentials.PasswordCredential getPasswordCredential(1: required string tokenId, 2: required string gatewayId)
    throws (1: credential_store_errors.CredentialStoreException csException),
  list<credentials.CredentialSummary> getAllCredentialSummaryForGateway(
    1: required credentials.SummaryType type,
    2: required string gatewayId
  ) throws (1: credential_store_errors.CredentialStoreException csException),
  list<credentials.CredentialSummary> getAllCredentialSummaryForUserInGateway(
    1: required credentials.SummaryType type,
    2: required string gatewayId,
    3: required string userId
  ) throws (1: credential_store_errors.CredentialStoreException csException),
  map<string, string> getAllPWDCredentialsForGateway(1: required string gatewayId)
    throws (1: credential_store_errors.CredentialStoreException csException),
  bool deleteSSHCredential(1: required string tokenId, 2: required string gatewayId)
    throws (1: credential_store_errors.CredentialStoreException csException),
  bool deletePWDCredential(1: required string tokenId, 2: required string gatewayId)
    throws (1: credential_store_errors.CredentialStoreException csException),
  string getCSServiceVersion(),
  map<string, string> getAllSSHKeysForUser(1: required string username)
    throws (1: credential_store_errors.CredentialStoreException csException),
  map<string, string> getAllSSHKeysForGateway(1: required string gatewayId)
    throws (1: credential_store_errors.CredentialStoreException csException),
}
