"""The form of a store's tables: which revision they are of."""

from __future__ import annotations

from collections.abc import Sequence, Set
from typing import Any

from rich.text import Text

from airavata_workload.cli.views.plain_text import printable
from airavata_workload.ports.store_schema import SchemaState, SchemaVerdict

_SAID = {
    SchemaVerdict.CURRENT: "up to date",
    SchemaVerdict.BEHIND: "behind this version",
    SchemaVerdict.NEWER: "newer than this version",
    SchemaVerdict.EMPTY: "without tables",
}


def schema_form(state: SchemaState) -> dict[str, Any]:
    """The tables of the registry or, in a second object, of the record store.

    database: where they are, without a password
    verdict: current, behind, newer or empty
    stored: the revisions that they are of
    wanted: the revisions that this version needs
    """
    return {
        "database": state.where,
        "verdict": str(state.verdict),
        "stored": sorted(state.stored),
        "wanted": sorted(state.wanted),
    }


def schema_words(state: SchemaState) -> str:
    """The verdict and both revisions, in a sentence."""
    said = f"{printable(state.where)} is {_SAID[state.verdict]}"
    if state.verdict is SchemaVerdict.CURRENT:
        return f"{said}: {_list(state.stored)}."
    if state.verdict is SchemaVerdict.EMPTY:
        return f"{said}; this version needs {_list(state.wanted)}."
    return f"{said}: it is of {_list(state.stored)}; this version needs {_list(state.wanted)}."


def schema_lines(states: Sequence[SchemaState]) -> Text:
    """A sentence for each, in colour."""
    return Text("\n").join(
        Text(schema_words(state), style="green" if state.verdict is SchemaVerdict.CURRENT else "yellow")
        for state in states
    )


def _list(revisions: Set[str]) -> str:
    return ", ".join(sorted(revisions))
