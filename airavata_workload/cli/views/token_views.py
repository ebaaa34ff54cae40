"""Access tokens as a table and as JSON, never with the tokens themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from airavata_workload.cli.views.experiment_views import plain_table
from airavata_workload.cli.views.plain_text import local_time, printable, utc_time
from airavata_workload.domain.access_token import Identity, IssuedToken


def token_form(token: IssuedToken) -> dict[str, Any]:
    """An access token that this installation issued, without the token itself, which only ``token create`` prints.

    token_id: its id, for ``token revoke``
    user: whose it is
    gateway: the gateway for which it is good
    roles: list of admin, read-only-admin, user
    issued_at: when it was made
    expires_at: until when it is good
    revoked: whether it is refused all the same
    """
    return {
        "token_id": token.token_id,
        "user": token.user,
        "gateway": token.gateway,
        "roles": sorted(token.roles),
        "issued_at": utc_time(token.issued_at_us),
        "expires_at": utc_time(token.expires_at_us),
        "revoked": token.revoked,
    }


def identity_form(identity: Identity) -> dict[str, Any]:
    """What an access token says about its holder.

    token_id: the token's id, or empty
    user: whose it is
    gateway: the gateway for which it is good
    roles: list of admin, read-only-admin, user; it may be empty
    expires_at: until when it is good
    """
    return {
        "token_id": identity.token_id,
        "user": identity.user,
        "gateway": identity.gateway,
        "roles": sorted(identity.roles),
        "expires_at": utc_time(identity.expires_at_us),
    }


def token_table(tokens: Sequence[IssuedToken]) -> RenderableType:
    """One line a token."""
    if not tokens:
        return Text("There are no tokens; 'airavata-workload token create' makes one.", style="dim")
    table = plain_table("ID", "USER", "GATEWAY", "ROLES", "GOOD UNTIL", "")
    for each in tokens:
        table.add_row(
            Text(each.token_id, style="bold"),
            printable(each.user),
            printable(each.gateway),
            ", ".join(sorted(each.roles)),
            local_time(each.expires_at_us),
            "revoked" if each.revoked else "",
        )
    return table


def identity_view(identity: Identity) -> RenderableType:
    """One line a member."""
    roles = ", ".join(sorted(identity.roles)) or "none"
    return Text(
        f"user        {printable(identity.user)}\n"
        f"gateway     {printable(identity.gateway)}\n"
        f"roles       {roles}\n"
        f"good until  {local_time(identity.expires_at_us)}"
    )
