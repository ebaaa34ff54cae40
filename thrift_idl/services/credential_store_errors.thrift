// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// The exception of the credential store.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.credential_store_errors
namespace java org.apache.airavata.credential.store.exception
namespace php Airavata.Credential.Store.Error

/** A credential cannot be stored, found or read. */
exception CredentialStoreException {
  1: required string message,
}
