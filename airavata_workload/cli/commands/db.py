"""``db``: the tables of the registry and the record store, whichever the settings name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import typer

from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.global_options import Command, group
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.views.schema_views import schema_form, schema_lines, schema_words
from airavata_workload.domain.errors import ConflictError
from airavata_workload.ports.store_schema import SchemaState, SchemaVerdict, StoreSchema

if TYPE_CHECKING:  # slow to import, and not needed for help
    from airavata_workload.bootstrap import Installation

db = group("Show, check and upgrade the tables of the registry and the record store.")

_REMEDIES = {
    SchemaVerdict.EMPTY: "Run 'airavata-workload db upgrade'; opening them does the same, if it may.",
    SchemaVerdict.BEHIND: "Run 'airavata-workload db upgrade'; opening them does the same, if it may.",
    SchemaVerdict.NEWER: "Install the version of airavata-workload that made them, or use another database.",
}


@db.command("current", cls=Command)
def current(context: typer.Context) -> int:
    """Show which revision the tables are of, and which this version needs. Changes nothing."""
    invocation: Invocation = context.obj
    with invocation.stores() as installation:
        _show(invocation, [schema.state() for schema in _schemas(installation)])
    return ExitCode.DONE


@db.command("check", cls=Command)
def check(context: typer.Context) -> int:
    """Check that the tables are as this version needs them.

    Changes nothing. Exit code 0 if they are, 2 if they are behind, newer or not there.
    """
    invocation: Invocation = context.obj
    with invocation.stores() as installation:
        states = [schema.state() for schema in _schemas(installation)]
    for state in states:
        if state.verdict is not SchemaVerdict.CURRENT:
            raise ConflictError(schema_words(state), remedy=_REMEDIES[state.verdict])
    _show(invocation, states)
    return ExitCode.DONE


@db.command("upgrade", cls=Command)
def upgrade(context: typer.Context) -> int:
    """Make the tables, or bring them up to date; services may go on meanwhile.

    Of several that do it at once, one does and the others wait for it. Tables that are newer than this version are
    refused.
    """
    invocation: Invocation = context.obj
    with invocation.stores() as installation:
        schemas = _schemas(installation)
        before = [schema.state() for schema in schemas]
        after = [schema.upgrade() for schema in schemas]
    _show(invocation, after)
    if all(state.verdict is SchemaVerdict.CURRENT for state in before):
        invocation.screen.say("There was nothing to do.")
    return ExitCode.DONE


def _schemas(installation: Installation) -> list[StoreSchema]:
    return [installation.registry_schema(), installation.record_schema()]


def _show(invocation: Invocation, states: list[SchemaState]) -> None:
    invocation.screen.results(map(schema_form, states), lambda: schema_lines(states))
