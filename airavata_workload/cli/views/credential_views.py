"""Credentials as a table, without secrets."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from airavata_workload.cli.views.experiment_views import plain_table
from airavata_workload.cli.views.plain_text import local_time, printable
from airavata_workload.ports.credential_store import Credential


def credential_table(credentials: Sequence[Credential]) -> RenderableType:
    """One line a credential."""
    if not credentials:
        return Text("There are no credentials; 'airavata-workload credentials add' stores one.", style="dim")
    table = plain_table("TOKEN", "KIND", "USER", "STORED", "")
    for each in credentials:
        kind = each.public_key.split()[0] if each.public_key else "password"
        table.add_row(
            Text(printable(each.token), style="bold"),
            printable(kind),
            printable(each.user),
            local_time(each.created_at_us),
            printable(each.description),
        )
    return table
