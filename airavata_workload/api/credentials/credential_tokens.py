"""Which credentials a resource profile may name: those of its own gateway that whoever writes it may read."""

from __future__ import annotations

from collections.abc import Iterable

from airavata_workload.api.sharing.sharing import Sharing
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import DeniedError, InputError
from airavata_workload.ports.record_store import Records
from airavata_workload.records.credentials import CredentialSummary
from airavata_workload.records.groups import ResourcePermissionType

Named = tuple[str, str | None]
"""A field and the token in it."""


def check_tokens(records: Records, sharing: Sharing, caller: Caller, gateway_id: str, named: Iterable[Named]) -> None:
    """Raise ``InputError`` for a token that the gateway does not have, ``DeniedError`` for one the caller may not use.

    Peers of the internal services have been checked by whoever called them.
    """
    if caller.internal:
        return
    fields: dict[str, str] = {}
    for field, token in named:
        if token:
            fields.setdefault(token, field)
    for token, field in fields.items():
        summary = records.get(CredentialSummary, token)
        if summary is None or summary.gateway_id != gateway_id:
            raise InputError(
                f"{field} names a credential that gateway '{gateway_id}' does not have.",
                remedy="Register the key or password first, and use the token that is answered.",
            )
        if summary.username != caller.user and not sharing.may(caller, token, ResourcePermissionType.READ):
            raise DeniedError(
                f"User '{caller.user}' may not use the credential that {field} names.",
                remedy="Ask its owner to share it with READ, or register one of your own.",
            )
