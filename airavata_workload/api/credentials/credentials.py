"""Credentials as portals manage them: they make keys and store passwords, and never get a secret back."""

from __future__ import annotations

from collections.abc import Mapping

from airavata_workload.api.access.permission import require_gateway, require_user
from airavata_workload.api.credentials.credential_vault import CredentialVault
from airavata_workload.api.sharing.sharing import READ, WRITE, Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.records.credentials import (
    CredentialOwnerType,
    CredentialSummary,
    PasswordCredential,
    SSHCredential,
    SummaryType,
)
from airavata_workload.records.groups import ResourceType


class Credentials:
    """SSH keys and passwords of the caller's gateway.

    Each belongs to who made it and can be shared like anything else: seen with
    READ, deleted with WRITE. Clients of older generations name the gateway and
    the user; without, they are the caller's. A token that the gateway does not
    have raises ``NotFoundError``, one that is not shared ``DeniedError``.
    """

    def __init__(self, *, vault: CredentialVault, sharing: Sharing) -> None:
        self._vault = vault
        self._sharing = sharing

    def generate_ssh_keys(
        self,
        caller: Caller,
        gateway_id: str | None = None,
        user_name: str | None = None,
        description: str | None = None,
        credential_owner_type: CredentialOwnerType | None = None,
    ) -> str:
        """Make and store a pair of SSH keys; its token."""
        gateway, user = self._owner(caller, gateway_id, user_name)
        token = self._vault.keep_ssh(
            SSHCredential(
                gateway_id=gateway,
                username=user,
                description=description,
                credential_owner_type=credential_owner_type or CredentialOwnerType.GATEWAY,
            )
        )
        self._register(caller, token, SummaryType.SSH, gateway, user, description)
        return token

    def register_password(
        self,
        caller: Caller,
        gateway_id: str | None = None,
        portal_user_name: str | None = None,
        login_user_name: str = "",
        password: str = "",
        description: str = "",
    ) -> str:
        """Store the password of a login elsewhere; its token."""
        gateway, user = self._owner(caller, gateway_id, portal_user_name)
        token = self._vault.keep_password(
            PasswordCredential(
                gateway_id=gateway,
                portal_user_name=user,
                login_user_name=login_user_name,
                password=password,
                description=description,
            )
        )
        self._register(caller, token, SummaryType.PASSWD, gateway, user, description)
        return token

    def summary(self, caller: Caller, token_id: str) -> CredentialSummary:
        """What is known of a credential."""
        summary = self._vault.known(token_id, caller.gateway)
        self._sharing.require(caller, token_id, READ, f"credential '{token_id}'")
        return summary

    def summaries(self, caller: Caller, kind: SummaryType) -> tuple[CredentialSummary, ...]:
        """What is known of all credentials of a kind that the caller may see."""
        return self._visible(caller, self._vault.find(caller.gateway, kind))

    def summaries_of_gateway(self, caller: Caller, kind: SummaryType, gateway_id: str) -> tuple[CredentialSummary, ...]:
        """Those of the gateway, as clients of 0.17 ask for them; users' own left out."""
        require_gateway(caller, gateway_id)
        found = self._vault.find(gateway_id, kind, owner_type=CredentialOwnerType.GATEWAY)
        return self._visible(caller, found)

    def summaries_of_user(
        self,
        caller: Caller,
        kind: SummaryType,
        gateway_id: str,
        user_id: str,
    ) -> tuple[CredentialSummary, ...]:
        """One user's own, as clients of 0.17 ask for them."""
        require_gateway(caller, gateway_id)
        found = self._vault.find(gateway_id, kind, owner_type=CredentialOwnerType.USER, user=user_id)
        return self._visible(caller, found)

    def ssh_public_key(self, caller: Caller, airavata_cred_store_token: str, gateway_id: str) -> str:
        """The public half of a pair of SSH keys: a line for ``authorized_keys``."""
        require_gateway(caller, gateway_id, f"credential '{airavata_cred_store_token}'")
        summary = self._vault.known(airavata_cred_store_token, gateway_id, SummaryType.SSH)
        self._sharing.require(caller, summary.token, READ, f"credential '{summary.token}'")
        return summary.public_key or ""

    def ssh_public_keys(self, caller: Caller, gateway_id: str) -> Mapping[str, str]:
        """All public keys of the gateway that the caller may see, by token."""
        require_gateway(caller, gateway_id)
        found = self._visible(caller, self._vault.find(gateway_id, SummaryType.SSH))
        return {each.token: each.public_key or "" for each in found}

    def password_descriptions(self, caller: Caller, gateway_id: str) -> Mapping[str, str]:
        """What the passwords are for that the caller may see, by token."""
        require_gateway(caller, gateway_id)
        found = self._visible(caller, self._vault.find(gateway_id, SummaryType.PASSWD))
        return {each.token: each.description or "" for each in found}

    def delete_ssh_keys(self, caller: Caller, airavata_cred_store_token: str, gateway_id: str | None = None) -> bool:
        """Forget a pair of SSH keys."""
        return self._delete(caller, airavata_cred_store_token, gateway_id, SummaryType.SSH)

    def delete_password(self, caller: Caller, airavata_cred_store_token: str, gateway_id: str | None = None) -> bool:
        """Forget a password."""
        return self._delete(caller, airavata_cred_store_token, gateway_id, SummaryType.PASSWD)

    # -- the parts of it --------------------------------------------------------------------
    @staticmethod
    def _owner(caller: Caller, gateway_id: str | None, user: str | None) -> tuple[str, str]:
        gateway, owner = gateway_id or caller.gateway, user or caller.user
        require_gateway(caller, gateway)
        require_user(caller, owner, "store credentials for another user")
        return gateway, owner

    def _register(
        self, caller: Caller, token: str, kind: SummaryType, gateway: str, user: str, description: str | None
    ) -> None:
        try:
            self._sharing.register_entity(
                caller,
                token,
                ResourceType.CREDENTIAL_TOKEN,
                name=token,
                description=description or "",
                owner=user,
                gateway_id=gateway,
            )
        except BaseException:
            # nobody knows the token yet, and nobody but administrators could use it
            self._vault.forget(token, gateway, kind)
            raise

    def _visible(self, caller: Caller, found: tuple[CredentialSummary, ...]) -> tuple[CredentialSummary, ...]:
        if caller.sees_everything:
            return found
        tokens = self._sharing.accessible(caller, ResourceType.CREDENTIAL_TOKEN, READ)
        return tuple(each for each in found if each.token in tokens)

    def _delete(self, caller: Caller, token: str, gateway_id: str | None, kind: SummaryType) -> bool:
        gateway = gateway_id or caller.gateway
        require_gateway(caller, gateway, f"credential '{token}'")
        self._vault.known(token, gateway, kind)
        self._sharing.require(caller, token, WRITE, f"credential '{token}'")
        # what is left if we die between the two opens nothing
        self._vault.forget(token, gateway, kind)
        self._sharing.delete_entity(caller, token, gateway_id=gateway)
        return True
