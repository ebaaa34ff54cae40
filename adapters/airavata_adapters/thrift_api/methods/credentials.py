"""Credentials: what portals do with them, and the credential store."""

from __future__ import annotations

from airavata_adapters.thrift_api.targets import Table

AIRAVATA: Table = {
    "generateAndRegisterSSHKeys": ("credentials", "generate_ssh_keys"),
    "registerPwdCredential": ("credentials", "register_password"),
    "getCredentialSummary": ("credentials", "summary"),
    "getAllCredentialSummaries": ("credentials", "summaries"),
    "getAllCredentialSummaryForGateway": ("credentials", "summaries_of_gateway"),
    "getAllCredentialSummaryForUsersInGateway": ("credentials", "summaries_of_user"),
    "getSSHPubKey": ("credentials", "ssh_public_key"),
    "getAllGatewaySSHPubKeys": ("credentials", "ssh_public_keys"),
    "getAllGatewayPWDCredentials": ("credentials", "password_descriptions"),
    "deleteSSHPubKey": ("credentials", "delete_ssh_keys"),
    "deletePWDCredential": ("credentials", "delete_password"),
}
CREDENTIAL_STORE: Table = {
    "addSSHCredential": ("credential_vault", "add_ssh"),
    "addPasswordCredential": ("credential_vault", "add_password"),
    "addCertificateCredential": ("credential_vault", "add_certificate"),
    "getSSHCredential": ("credential_vault", "ssh"),
    "getPasswordCredential": ("credential_vault", "password"),
    "getCertificateCredential": ("credential_vault", "certificate"),
    "getCredentialSummary": ("credential_vault", "summary"),
    "getAllCredentialSummaries": ("credential_vault", "summaries"),
    "getAllCredentialSummaryForGateway": ("credential_vault", "summaries_of_gateway"),
    "getAllCredentialSummaryForUserInGateway": ("credential_vault", "summaries_of_user"),
    "getAllPWDCredentialsForGateway": ("credential_vault", "passwords_of_gateway"),
    "getAllSSHKeysForUser": ("credential_vault", "ssh_keys_of_user"),
    "getAllSSHKeysForGateway": ("credential_vault", "ssh_keys_of_gateway"),
    "deleteSSHCredential": ("credential_vault", "delete_ssh"),
    "deletePWDCredential": ("credential_vault", "delete_password"),
}
