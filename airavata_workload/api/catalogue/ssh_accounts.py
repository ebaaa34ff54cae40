"""Accounts of users on compute resources, and the keys that open them, by the provisioner that a gateway names."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Protocol

from airavata_workload.api.access.permission import missing, require_user
from airavata_workload.api.machines.account_machine import RegisteredMachine, ShellOpener
from airavata_workload.api.machines.registered_clusters import RegisteredClusters
from airavata_workload.api.request_check import found, given
from airavata_workload.api.sharing.sharing import Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.account_provisioner import AccountProvisioner, ProvisionerParameter, UserKey
from airavata_workload.ports.credential_store import CredentialStore
from airavata_workload.ports.record_store import Records, RecordStore
from airavata_workload.records.account_provisioners import (
    SSHAccountProvisioner,
    SSHAccountProvisionerConfigParam,
    SSHAccountProvisionerConfigParamType,
)
from airavata_workload.records.credentials import CredentialSummary
from airavata_workload.records.gateway_profiles import ComputeResourcePreference, GatewayResourceProfile
from airavata_workload.records.groups import ResourcePermissionType
from airavata_workload.records.user_profiles import UserComputeResourcePreference


class ProvisionerCatalogue(Protocol):
    """Where account provisioners come from: the catalogue of their entry points."""

    def names(self) -> list[str]:
        """The names of all."""
        ...

    def load(self, name: str) -> type[AccountProvisioner]:
        """The one of that name. Raises ``NotFoundError``."""
        ...


class SshAccounts:
    """Asks the provisioner of a compute resource, which the gateway's preference for it names.

    Users ask for themselves, administrators for everybody. Raises
    ``NotFoundError``, ``DeniedError``, ``InputError`` for a resource without a
    provisioner, and ``UnavailableError``.
    """

    def __init__(
        self,
        *,
        records: RecordStore,
        sharing: Sharing,
        clusters: RegisteredClusters,
        secrets: CredentialStore,
        provisioners: ProvisionerCatalogue,
        open_shell: ShellOpener,
    ) -> None:
        self._records = records
        self._sharing = sharing
        self._clusters = clusters
        self._secrets = secrets
        self._provisioners = provisioners
        self._open_shell = open_shell

    def provisioners(self, caller: Caller) -> tuple[SSHAccountProvisioner, ...]:
        """All provisioners that are installed, with the parameters that a preference must give them."""
        return tuple(_told(name, self._provisioners.load(name)) for name in self._provisioners.names())

    def has_account(self, caller: Caller, compute_resource_id: str, user_id: str) -> bool:
        """Whether the user has an account on the compute resource."""
        require_user(caller, user_id, "ask about the accounts of another user")
        with self._records.reading() as records:
            preference = _preference(records, caller.gateway, compute_resource_id)
            provisioner = self._provisioner(records, caller.gateway, preference)
        return provisioner.has_account(user_id)

    def is_complete(self, caller: Caller, compute_resource_id: str, airavata_cred_store_token: str) -> bool:
        """Whether the credential's key opens the caller's account on the compute resource."""
        with self._records.reading() as records:
            preference = _preference(records, caller.gateway, compute_resource_id)
            provisioner = self._provisioner(records, caller.gateway, preference)
            key = self._key(records, caller, airavata_cred_store_token)
        return provisioner.has_key(caller.user, key)

    def set_up(
        self, caller: Caller, compute_resource_id: str, user_id: str, airavata_cred_store_token: str
    ) -> UserComputeResourcePreference:
        """Let the credential's key open the user's account, log in with it and make the scratch directory.

        The preference that is answered is not stored: clients add it to the user's profile.
        """
        require_user(caller, user_id, "set up the account of another user")
        with self._records.reading() as records:
            preference = _preference(records, caller.gateway, compute_resource_id)
            provisioner = self._provisioner(records, caller.gateway, preference)
            key = self._key(records, caller, airavata_cred_store_token)
        if not provisioner.can_create_account and not provisioner.has_account(user_id):
            raise InputError(
                f"User '{user_id}' has no account on compute resource '{compute_resource_id}', and its provisioner "
                f"'{provisioner.name}' makes none.",
                remedy="Ask the site for an account first.",
            )
        answer = UserComputeResourcePreference(
            compute_resource_id=compute_resource_id,
            login_user_name=provisioner.install_key(user_id, key),
            scratch_location=provisioner.scratch_directory(user_id),
            resource_specific_credential_store_token=airavata_cred_store_token,
            validated=True,
        )
        self._log_in(self._clusters.account(caller.gateway, answer))
        return answer

    def _log_in(self, cluster: Cluster) -> None:
        shell = self._open_shell(cluster)
        try:
            result = shell.run(f"mkdir -p -- {shlex.quote(cluster.scratch_directory)}")
            result.require_success(f"Making {cluster.scratch_directory} on {cluster.host}")
        finally:
            shell.close()

    def _provisioner(
        self, records: Records, gateway_id: str, preference: ComputeResourcePreference
    ) -> AccountProvisioner:
        if not preference.ssh_account_provisioner:
            raise InputError(
                f"Compute resource '{preference.compute_resource_id}' has no account provisioner.",
                remedy="Set ssh_account_provisioner in the gateway's preference for it.",
            )
        kind = self._provisioners.load(preference.ssh_account_provisioner)
        config = preference.ssh_account_provisioner_config or {}
        given = {
            each.name: value for each in kind.parameters if (value := self._value(records, gateway_id, each, config))
        }
        machine = RegisteredMachine(
            records=self._records,
            clusters=self._clusters,
            open_shell=self._open_shell,
            gateway_id=gateway_id,
            compute_resource_id=preference.compute_resource_id,
        )
        return kind(given, machine)

    def _value(
        self, records: Records, gateway_id: str, parameter: ProvisionerParameter, config: Mapping[str, str]
    ) -> str | Secret | None:
        value = config.get(parameter.name) or None
        if value is None and not parameter.optional:
            raise InputError(
                f"The account provisioner is not told '{parameter.name}'.",
                remedy="Set it in ssh_account_provisioner_config of the gateway's preference.",
            )
        if value is None or not parameter.secret:
            return value
        _summary(records, gateway_id, value)
        return found(self._secrets.credential(value).password, f"password under the token of '{parameter.name}'")

    def _key(self, records: Records, caller: Caller, token: str) -> UserKey:
        summary = _summary(records, caller.gateway, token)
        if summary.username != caller.user:
            self._sharing.require(caller, token, ResourcePermissionType.READ, "credential")
        return UserKey(token=token, public_key=given(summary.public_key, "the credential's public key"))


def _summary(records: Records, gateway_id: str, token: str | None) -> CredentialSummary:
    summary = records.get(CredentialSummary, token) if token else None
    if summary is None or summary.gateway_id != gateway_id:
        raise missing(f"such credential in gateway '{gateway_id}'")
    return summary


def _preference(records: Records, gateway_id: str, resource_id: str) -> ComputeResourcePreference:
    profile = records.get(GatewayResourceProfile, gateway_id) if gateway_id else None
    preferences = (profile.compute_resource_preferences if profile is not None else None) or ()
    return found(
        next((each for each in preferences if each.compute_resource_id == resource_id), None),
        f"preference of gateway '{gateway_id}' for compute resource '{resource_id}'",
    )


def _told(name: str, kind: type[AccountProvisioner]) -> SSHAccountProvisioner:
    types = SSHAccountProvisionerConfigParamType
    return SSHAccountProvisioner(
        name=name,
        can_create_account=kind.can_create_account,
        can_install_ssh_key=kind.can_install_ssh_key,
        config_params=tuple(
            SSHAccountProvisionerConfigParam(
                name=each.name,
                type=types.CRED_STORE_PASSWORD_TOKEN if each.secret else types.STRING,
                is_optional=each.optional,
                description=each.description or None,
            )
            for each in kind.parameters
        ),
    )
