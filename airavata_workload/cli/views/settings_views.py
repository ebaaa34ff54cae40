"""The settings as a table."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import RenderableType
from rich.text import Text

from airavata_workload.cli.views.experiment_views import plain_table
from airavata_workload.cli.views.plain_text import printable


def settings_table(settings: Sequence[Mapping[str, Any]]) -> RenderableType:
    """One line a setting; those that somebody has set stand out."""
    table = plain_table("SETTING", "VALUE", "FROM")
    for each in settings:
        chosen = each["source"] != "default"
        table.add_row(
            Text(each["name"], style="bold" if chosen else ""),
            Text(printable(json.dumps(each["value"], ensure_ascii=False))),
            Text(each["source"], style="" if chosen else "dim"),
        )
    return table
