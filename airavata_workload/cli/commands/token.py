"""``token``: access tokens for clients of the API.

A token is printed once, when it is made, and read from standard input only: arguments are seen by the whole machine.
"""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.text import Text

from airavata_workload.api.access.authentication import TokenAuthentication
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.global_options import Command, group
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views.plain_text import local_time
from airavata_workload.cli.views.token_views import identity_form, identity_view, token_form, token_table
from airavata_workload.documents.duration import seconds_of
from airavata_workload.domain.access_token import MAX_TOKEN_BYTES
from airavata_workload.domain.caller import Role
from airavata_workload.domain.errors import InputError

token = group("Make and revoke access tokens for clients of the API.")


def _token_ids(incomplete: str) -> list[tuple[str, str]]:
    try:
        with Invocation(quiet=True).stores() as installation:
            found = installation.token_issuer.issued()
    except Exception:  # noqa: BLE001 - a shell that completes shows no errors
        return []
    return [(each.token_id, f"{each.user} of {each.gateway}") for each in found if each.token_id.startswith(incomplete)]


@token.command("create", cls=Command)
def create_token(
    context: typer.Context,
    user: Annotated[str, typer.Option("--user", "-u", metavar="NAME", help="Whose it is.")],
    gateway: Annotated[str, typer.Option("--gateway", "-g", metavar="ID", help="For which gateway it is good.")],
    roles: Annotated[
        list[Role] | None,
        typer.Option("--role", "-r", help="What they may do; several times for several. Default: user."),
    ] = None,
    valid: Annotated[
        str, typer.Option("--valid", metavar="TIME", help="How long it is good, as '30d' or '12 h'.")
    ] = "30d",
) -> int:
    """Make an access token and print it, this once.

    Only the token goes to standard output, so that a script can take it from there.
    """
    invocation: Invocation = context.obj
    try:
        valid_s = seconds_of(valid)
    except ValueError as error:
        raise InputError(f"--valid {error}.") from None
    with invocation.stores() as installation:
        text, made = installation.token_issuer.issue(
            user=user, gateway=gateway, roles=frozenset(roles or [Role.USER]), valid_s=valid_s
        )
    if invocation.screen.for_people:
        invocation.screen.text(f"{text.reveal()}\n")
        invocation.screen.say(
            f"Token {made.token_id} is good until {local_time(made.expires_at_us)}. It is not shown again."
        )
    else:
        invocation.screen.result({**token_form(made), "token": text.reveal()}, Text)
    return ExitCode.DONE


@token.command("list", cls=Command)
def list_tokens(context: typer.Context) -> int:
    """List the tokens that have not expired, without the tokens themselves."""
    invocation: Invocation = context.obj
    with invocation.stores() as installation:
        found = installation.token_issuer.issued()
    invocation.screen.results([token_form(each) for each in found], lambda: token_table(found))
    return ExitCode.DONE


@token.command("check", cls=Command)
def check_token(context: typer.Context) -> int:
    """Read a token from standard input and say whose it is, or why it is refused.

    Tokens of every provider in the settings are checked as the API checks them.
    """
    invocation: Invocation = context.obj
    if sys.stdin.isatty():
        raise InputError("The token is read from standard input.", remedy="airavata-workload token check < FILE")
    given = sys.stdin.read(MAX_TOKEN_BYTES + 2).strip()
    with invocation.stores() as installation:
        identity = TokenAuthentication(verifiers=installation.token_verifiers).identity(given)
    invocation.screen.result(identity_form(identity), lambda: identity_view(identity))
    return ExitCode.DONE


@token.command("revoke", cls=Command)
def revoke_token(
    context: typer.Context,
    token_id: Annotated[str, typer.Argument(metavar="ID", help="The token's id.", autocompletion=_token_ids)],
) -> int:
    """Refuse a token from now on; services that run notice it at once."""
    invocation: Invocation = context.obj
    with invocation.stores() as installation:
        installation.token_issuer.revoke(token_id)
    invocation.screen.result({"token_id": token_id, "revoked": True}, lambda: Text(f"Revoked {token_id}."))
    return ExitCode.DONE


@token.command("renew-key", cls=Command)
def renew_key(
    context: typer.Context,
    revoke_all: Annotated[
        bool, typer.Option("--revoke-all", help="Refuse all tokens that were made until now.")
    ] = False,
) -> int:
    """Sign new tokens with a new key; those that were made stay good until they expire."""
    invocation: Invocation = context.obj
    with invocation.stores() as installation:
        installation.token_issuer.renew_key(forget_old=revoke_all)
    said = "There is a new key; all tokens made before are refused." if revoke_all else "There is a new key."
    invocation.screen.result({"renewed": True, "revoked_all": revoke_all}, lambda: Text(said))
    return ExitCode.DONE
