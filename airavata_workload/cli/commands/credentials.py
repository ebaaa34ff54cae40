"""``credentials``: SSH keys and passwords. Secrets come from a file, a prompt or standard input, never as arguments."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from airavata_workload.bootstrap import Installation
from airavata_workload.cli import private_key
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.global_options import Command, group
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views import json_forms
from airavata_workload.cli.views.credential_views import credential_table
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.secret import Secret
from airavata_workload.ports.credential_store import Credential

credentials = group("Keep SSH keys and passwords, encrypted.")


def _tokens(incomplete: str) -> list[tuple[str, str]]:
    try:
        with Invocation(quiet=True).stores() as installation:
            found = installation.credentials.summaries()
    except Exception:  # noqa: BLE001 - a shell that completes shows no errors
        return []
    return [(each.token, each.description) for each in found if each.token.startswith(incomplete)]


Token = Annotated[str, typer.Argument(metavar="TOKEN", help="What cluster files call it.", autocompletion=_tokens)]


@credentials.command("add", cls=Command)
def add_credential(
    context: typer.Context,
    token: Token,
    key: Annotated[
        Path | None, typer.Option("--key", "-k", metavar="FILE", help="Private key file, OpenSSH or PEM.")
    ] = None,
    password: Annotated[bool, typer.Option("--password", help="A password in place of a key.")] = False,
    from_stdin: Annotated[
        bool, typer.Option("--stdin", help="Read the passphrase or password from standard input, not from a prompt.")
    ] = False,
    user: Annotated[str, typer.Option("--user", "-u", metavar="NAME", help="Login name that it is for.")] = "",
    description: Annotated[str, typer.Option("--description", metavar="TEXT", help="A few words about it.")] = "",
    replace: Annotated[bool, typer.Option("--replace", help="Take the place of one with that token.")] = False,
) -> int:
    """Store a private key, or a password, under a token.

    A key that is protected asks for its passphrase. In cluster files write: credential = "TOKEN".
    """
    invocation: Invocation = context.obj
    if (key is None) is not password:
        raise InputError("Give either --key FILE or --password.")
    with invocation.stores() as installation:
        _refuse_taken(installation, token, replace)
        if key is not None:
            credential = _of_key(key, token, user, description, from_stdin)
        else:
            secret = _secret("Password", from_stdin)
            credential = Credential(
                token=token, description=description, user=user, password=secret, created_at_us=now_us()
            )
        installation.credentials.save(credential)
    said = Text.assemble("Stored under ", (token, "bold"), ".")
    if credential.public_key:
        said.append("\nIts public key, for the cluster's ~/.ssh/authorized_keys:\n")
        said.append(credential.public_key)
        said.no_wrap, said.overflow = True, "ignore"
    invocation.screen.result(json_forms.credential_form(credential), lambda: said)
    return ExitCode.DONE


def _of_key(path: Path, token: str, user: str, description: str, from_stdin: bool) -> Credential:
    text = private_key.read(path)
    passphrase = None
    if private_key.is_protected(text, path):
        passphrase = _secret(f"Passphrase of {path}", from_stdin)
    return Credential(
        token=token,
        description=description,
        user=user,
        private_key=Secret(text),
        passphrase=passphrase,
        public_key=private_key.public_half(text, path, passphrase),
        created_at_us=now_us(),
    )


def _refuse_taken(installation: Installation, token: str, replace: bool) -> None:
    if not replace and any(each.token == token for each in installation.credentials.summaries()):
        raise InputError(f"There is a credential '{token}' already.", remedy="--replace takes its place.")


def _secret(what: str, from_stdin: bool) -> Secret:
    if from_stdin:
        text = sys.stdin.readline().rstrip("\n")
    elif sys.stdin.isatty():
        text = typer.prompt(what, hide_input=True, err=True)
    else:
        raise InputError(
            f"{what} is needed, and there is no terminal to ask on.", remedy="--stdin reads it from there."
        )
    if not text:
        raise InputError(f"{what}: nothing was given.")
    return Secret(text)


@credentials.command("list", cls=Command)
def list_credentials(context: typer.Context) -> int:
    """List the credentials, without their secrets."""
    invocation: Invocation = context.obj
    with invocation.stores() as installation:
        found = installation.credentials.summaries()
    forms = [json_forms.credential_form(each) for each in found]
    invocation.screen.results(forms, lambda: credential_table(found))
    return ExitCode.DONE


@credentials.command("remove", cls=Command)
def remove_credential(context: typer.Context, token: Token) -> int:
    """Forget a credential."""
    invocation: Invocation = context.obj
    with invocation.stores() as installation:
        installation.credentials.delete(token)
    invocation.screen.result({"token": token, "removed": True}, lambda: Text(f"Removed {token}."))
    return ExitCode.DONE
