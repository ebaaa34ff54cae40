"""Credentials of gateways: what is known of them as records, what opens a door in the credential store.

The secret is written first and removed last, so that a record never names a
secret that is not there; a crash between the two leaves a secret that nobody
can ask for.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import replace

from airavata_workload.api.access.permission import missing, require_internal
from airavata_workload.api.credentials import ssh_key_pair
from airavata_workload.api.credentials.ssh_key_pair import KeyType
from airavata_workload.api.credentials.x509 import Certificate
from airavata_workload.api.request_check import given
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.credential_store import Credential, CredentialStore
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.credentials import (
    CertificateCredential,
    CommunityUser,
    CredentialOwnerType,
    CredentialSummary,
    PasswordCredential,
    SSHCredential,
    SummaryType,
)


class CredentialVault:
    """The credential store service. Secrets leave it, and every call is, for peers of the internal services only.

    A token of another gateway raises ``NotFoundError`` like one that there is not.
    """

    def __init__(
        self, *, records: RecordStore, secrets: CredentialStore, clock: Clock, key_type: KeyType = KeyType.ED25519
    ) -> None:
        self._records = records
        self._secrets = secrets
        self._clock = clock
        self._key_type = key_type

    # -- storing ---------------------------------------------------------------------
    def add_ssh(self, caller: Caller, ssh_credential: SSHCredential) -> str:
        """Store a pair of SSH keys, a new one if none is given; its token. Raises ``InputError`` for a bad key."""
        require_internal(caller, "store credentials")
        return self.keep_ssh(ssh_credential)

    def keep_ssh(self, ssh_credential: SSHCredential) -> str:
        """As ``add_ssh``, for a caller who has been checked."""
        gateway_id, user = given(ssh_credential.gateway_id, "gatewayId"), given(ssh_credential.username, "username")
        comment = f"{user}@{gateway_id}"
        passphrase = Secret(ssh_credential.passphrase) if ssh_credential.passphrase else None
        if ssh_credential.private_key:
            private_key = Secret(ssh_credential.private_key)
            public_key = ssh_key_pair.public_half(private_key, passphrase, comment)
        else:
            pair = ssh_key_pair.generate(self._key_type, comment)
            private_key, public_key, passphrase = pair.private_key, pair.public_key, None
        summary = self._summary(SummaryType.SSH, gateway_id, user, ssh_credential.description)
        return self._keep(
            replace(summary, public_key=public_key, owner_type=ssh_credential.credential_owner_type),
            Credential(
                token=summary.token,
                description=summary.description or "",
                private_key=private_key,
                passphrase=passphrase,
                public_key=public_key,
            ),
        )

    def add_password(self, caller: Caller, password_credential: PasswordCredential) -> str:
        """Store a password; its token."""
        require_internal(caller, "store credentials")
        return self.keep_password(password_credential)

    def keep_password(self, password_credential: PasswordCredential) -> str:
        """As ``add_password``, for a caller who has been checked."""
        password = Secret(given(password_credential.password, "password"))
        summary = self._summary(
            SummaryType.PASSWD,
            given(password_credential.gateway_id, "gatewayId"),
            given(password_credential.portal_user_name, "portalUserName"),
            password_credential.description,
        )
        return self._keep(
            summary,
            Credential(
                token=summary.token,
                description=summary.description or "",
                user=given(password_credential.login_user_name, "loginUserName"),
                password=password,
            ),
        )

    def add_certificate(self, caller: Caller, certificate_credential: CertificateCredential) -> str:
        """Store a certificate and its key; its token. Raises ``InputError`` for what is no certificate."""
        require_internal(caller, "store credentials")
        certificate = Certificate.read(certificate_credential.x509_cert)
        owner = certificate_credential.community_user
        summary = self._summary(
            SummaryType.CERT, given(owner.gateway_name, "gatewayName"), given(owner.username, "username"), None
        )
        key = certificate_credential.private_key
        return self._keep(
            summary,
            Credential(
                token=summary.token,
                # of a certificate the e-mail address is kept where others have their login name
                user=owner.user_email,
                private_key=Secret(key) if key else None,
                public_key=certificate.pem,
            ),
        )

    # -- secrets ---------------------------------------------------------------------------
    def ssh(self, caller: Caller, token_id: str, gateway_id: str) -> SSHCredential:
        """A pair of SSH keys with its private half."""
        summary, credential = self._secret(caller, SummaryType.SSH, token_id, gateway_id)
        return SSHCredential(
            gateway_id=summary.gateway_id,
            username=summary.username,
            passphrase=_revealed(credential.passphrase),
            public_key=summary.public_key,
            private_key=_revealed(credential.private_key),
            persisted_at_ms=summary.persisted_at_ms,
            token=summary.token,
            description=summary.description,
            credential_owner_type=summary.owner_type,
        )

    def password(self, caller: Caller, token_id: str, gateway_id: str) -> PasswordCredential:
        """A password."""
        summary, credential = self._secret(caller, SummaryType.PASSWD, token_id, gateway_id)
        return PasswordCredential(
            gateway_id=summary.gateway_id,
            portal_user_name=summary.username,
            login_user_name=credential.user,
            password=_revealed(credential.password) or "",
            description=summary.description,
            persisted_at_ms=summary.persisted_at_ms,
            token=summary.token,
        )

    def certificate(self, caller: Caller, token_id: str, gateway_id: str) -> CertificateCredential:
        """A certificate with its key."""
        summary, credential = self._secret(caller, SummaryType.CERT, token_id, gateway_id)
        certificate = Certificate.read(credential.public_key)
        return CertificateCredential(
            community_user=CommunityUser(
                gateway_name=summary.gateway_id, username=summary.username, user_email=credential.user
            ),
            x509_cert=certificate.pem,
            not_after=certificate.not_after,
            not_before=certificate.not_before,
            life_time_s=certificate.life_time_s,
            private_key=_revealed(credential.private_key),
            persisted_at_ms=summary.persisted_at_ms,
            token=summary.token,
        )

    # -- what is known of them ---------------------------------------------------------------
    def summary(
        self, caller: Caller, token_id: str | None, gateway_id: str, gateway_id_0_17: str | None = None
    ) -> CredentialSummary:
        """A credential without its secret. Peers of 0.17 send each argument one place later."""
        require_internal(caller, "see credentials")
        if gateway_id_0_17:
            return self.known(gateway_id, gateway_id_0_17)
        return self.known(given(token_id, "tokenId"), gateway_id)

    def known(self, token_id: str, gateway_id: str, kind: SummaryType | None = None) -> CredentialSummary:
        """A credential without its secret, for a caller who has been checked. Raises ``NotFoundError``."""
        with self._records.reading() as records:
            return _known(records, token_id, gateway_id, kind)

    def summaries(
        self,
        caller: Caller,
        kind: SummaryType,
        accessible_token_ids: tuple[str, ...],
        gateway_id: str,
    ) -> tuple[CredentialSummary, ...]:
        """Those of the tokens that the gateway has."""
        require_internal(caller, "see credentials")
        return self.find(gateway_id, kind, tokens=accessible_token_ids)

    def summaries_of_gateway(self, caller: Caller, kind: SummaryType, gateway_id: str) -> tuple[CredentialSummary, ...]:
        """The gateway's own, its users' left out."""
        require_internal(caller, "see credentials")
        return self.find(gateway_id, kind, owner_type=CredentialOwnerType.GATEWAY)

    def summaries_of_user(
        self,
        caller: Caller,
        kind: SummaryType,
        gateway_id: str,
        user_id: str,
    ) -> tuple[CredentialSummary, ...]:
        """One user's own."""
        require_internal(caller, "see credentials")
        return self.find(gateway_id, kind, owner_type=CredentialOwnerType.USER, user=user_id)

    def passwords_of_gateway(self, caller: Caller, gateway_id: str) -> Mapping[str, str]:
        """The descriptions of the gateway's passwords, by token."""
        require_internal(caller, "see credentials")
        return {each.token: each.description or "" for each in self.find(gateway_id, SummaryType.PASSWD)}

    def ssh_keys_of_user(self, caller: Caller, username: str) -> Mapping[str, str]:
        """The public keys of all users of that name, by token."""
        require_internal(caller, "see credentials")
        return {each.token: each.public_key or "" for each in self.find("", SummaryType.SSH, user=username)}

    def ssh_keys_of_gateway(self, caller: Caller, gateway_id: str) -> Mapping[str, str]:
        """The gateway's public keys, by token."""
        require_internal(caller, "see credentials")
        return {each.token: each.public_key or "" for each in self.find(gateway_id, SummaryType.SSH)}

    def find(
        self,
        gateway_id: str,
        kind: SummaryType,
        *,
        owner_type: CredentialOwnerType | None = None,
        user: str = "",
        tokens: Iterable[str] | None = None,
    ) -> tuple[CredentialSummary, ...]:
        """Those that match, of a gateway or of all of them, for a caller who has been checked."""
        conditions = {
            "gateway_id": gateway_id or None,
            "type": kind,
            "owner_type": owner_type,
            "username": user or None,
            "token": None if tokens is None else tuple(tokens),
        }
        which = Query(equal={column: value for column, value in conditions.items() if value is not None})
        with self._records.reading() as records:
            return tuple(records.find(CredentialSummary, which))

    # -- removing ---------------------------------------------------------------------------
    def delete_ssh(self, caller: Caller, token_id: str, gateway_id: str) -> bool:
        """Forget a pair of SSH keys."""
        require_internal(caller, "delete credentials")
        return self.forget(token_id, gateway_id, SummaryType.SSH)

    def delete_password(self, caller: Caller, token_id: str, gateway_id: str) -> bool:
        """Forget a password."""
        require_internal(caller, "delete credentials")
        return self.forget(token_id, gateway_id, SummaryType.PASSWD)

    def forget(self, token_id: str, gateway_id: str, kind: SummaryType) -> bool:
        """Forget a credential, for a caller who has been checked. Raises ``NotFoundError``."""
        with self._records.transaction() as records:
            _known(records, token_id, gateway_id, kind)
            records.delete(CredentialSummary, token_id)
        with suppress(NotFoundError):
            self._secrets.delete(token_id)
        return True

    # -- the parts of it -----------------------------------------------------------------------
    def _summary(self, kind: SummaryType, gateway_id: str, user: str, description: str | None) -> CredentialSummary:
        return CredentialSummary(
            type=kind,
            gateway_id=gateway_id,
            username=user,
            persisted_at_ms=self._clock() // 1000,
            token=str(uuid.uuid4()),
            description=description,
        )

    def _keep(self, summary: CredentialSummary, credential: Credential) -> str:
        self._secrets.save(credential)
        try:
            with self._records.transaction() as records:
                records.add(summary)
        except BaseException:
            with suppress(NotFoundError):
                self._secrets.delete(credential.token)
            raise
        return summary.token

    def _secret(
        self, caller: Caller, kind: SummaryType, token_id: str, gateway_id: str
    ) -> tuple[CredentialSummary, Credential]:
        require_internal(caller, "read secrets")
        return self.known(token_id, gateway_id, kind), self._secrets.credential(token_id)


def _known(records: Records, token_id: str, gateway_id: str, kind: SummaryType | None) -> CredentialSummary:
    summary = records.get(CredentialSummary, given(token_id, "token"))
    if summary is None or summary.gateway_id != gateway_id or (kind is not None and summary.type is not kind):
        raise missing(f"credential '{token_id}'")
    return summary


def _revealed(secret: Secret | None) -> str | None:
    return None if secret is None else secret.reveal()
