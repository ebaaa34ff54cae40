"""What a move would do, or has done."""

from __future__ import annotations

from typing import Any

from rich.console import Group, RenderableType
from rich.text import Text

from airavata_workload.cli.views.plain_text import printable
from airavata_workload.migration.survey import Survey

_COUNTS = {
    "experiments": "experiments, with audit trail, tasks and jobs",
    "unfinished": "of them unfinished",
    "jobs": "jobs that run or wait on their clusters",
    "abstract_dags": "versions of abstract DAGs",
    "records": "records of portals: gateways, projects, applications and so on",
    "credentials": "credentials",
    "messages": "messages for an orchestrator",
}


def migration_form(survey: Survey, where_from: str, where_to: str, *, moved: bool) -> dict[str, Any]:
    """A move.

    from: the settings file, or else the home, of the installation that is moved, with its backing systems
    to: the same of the one that takes over
    moved: whether it was done; not so with --dry-run
    experiments: how many experiments there were to move, with audit trail, tasks and jobs
    unfinished: how many of all experiments had not ended
    jobs: how many jobs ran or waited on their clusters
    abstract_dags: how many versions of abstract DAGs the target lacked
    records: how many records of portals the target lacked
    credentials: how many credentials the target lacked
    messages: how many messages, such as launches, waited for an orchestrator
    """
    counts = {name: getattr(survey, name) for name in _COUNTS}
    return {"from": where_from, "to": where_to, "moved": moved, **counts}


def migration_view(form: dict[str, Any]) -> RenderableType:
    """The same for people."""
    places = f" from {printable(form['from'])}\nto {printable(form['to'])}:"
    head = Text.assemble(("Moved" if form["moved"] else "Would move", "bold"), places)
    width = max(len(str(form[name])) for name in _COUNTS)
    lines = [Text(f"  {form[name]:>{width}} {words}") for name, words in _COUNTS.items()]
    return Group(head, *lines)
