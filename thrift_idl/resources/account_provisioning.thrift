// Licensed under the Apache License, Version 2.0: see LICENSE.
//
// How users get accounts on compute resources.
//
// Source: the interface of Apache Airavata, releases 0.17 to 0.21, and as of 2026-03 what it adds to them.

namespace py airavata_thrift.account_provisioning
namespace java org.apache.airavata.model.appcatalog.accountprovisioning
namespace php Airavata.Model.AppCatalog.AccountProvisioning
namespace cpp apache.airavata.model.appcatalog.accountprovisioning

/** Whether a parameter is plain text or the token of a stored password. */
enum SSHAccountProvisionerConfigParamType {
  STRING = 0,
  CRED_STORE_PASSWORD_TOKEN = 1,
}

/** A parameter that a provisioner needs. */
struct SSHAccountProvisionerConfigParam {
  1: required string name,
  2: required SSHAccountProvisionerConfigParamType type = 0,
  3: required bool isOptional = false,
  4: optional string description,
}

/** A way to make accounts or to install keys, and the parameters that it needs. */
struct SSHAccountProvisioner {
  1: required string name,
  2: required bool canCreateAccount,
  3: required bool canInstallSSHKey,
  4: required list<SSHAccountProvisionerConfigParam> configParams,
}
