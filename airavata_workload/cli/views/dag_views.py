"""Abstract DAGs as a table and in detail."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from airavata_workload.cli.views.experiment_views import plain_table
from airavata_workload.cli.views.graph_boxes import dag_graph
from airavata_workload.cli.views.plain_text import plural, printable
from airavata_workload.domain.dag import AbstractDag, DagNode
from airavata_workload.domain.task import Trigger


def dag_table(dags: Sequence[AbstractDag]) -> RenderableType:
    """One line an application type."""
    if not dags:
        return Text("No DAG is loaded.", style="dim")
    table = plain_table("TYPE", "VERSION", "TASKS", "WHAT FOR")
    for dag in dags:
        table.add_row(
            Text(printable(dag.application_type), style="bold"),
            str(dag.version),
            str(len(dag.nodes)),
            printable(dag.description),
        )
    return table


def dag_detail(dag: AbstractDag, *, columns: int, ascii_only: bool) -> RenderableType:
    """The drawing of a DAG and a table of its tasks."""
    heading = Text.assemble(
        (printable(dag.application_type), "bold"),
        (f"  version {dag.version}, {plural(len(dag.nodes), 'task')}", "dim"),
        f"\n{printable(dag.description)}\n" if dag.description else "\n",
    )
    table = plain_table("TASK", "KIND", "AFTER", "")
    for node in dag.nodes:
        table.add_row(
            Text(node.name),
            Text(printable(node.kind)),
            Text(", ".join(node.after), style="dim"),
            Text(printable(_remark(node)), style="dim"),
        )
    return Group(heading, dag_graph(dag, columns=columns, ascii_only=ascii_only), "", Padding(table, (0, 0, 0, 0)))


def _remark(node: DagNode) -> str:
    when = {Trigger.SUCCESS: "", Trigger.FAILURE: "runs after a failure", Trigger.ALWAYS: "always runs"}[node.when]
    each = f"one task an item of {node.for_each}" if node.for_each else ""
    tries = f"tried up to {node.retry.attempts} times" if node.retry.attempts != type(node.retry)().attempts else ""
    return "; ".join(part for part in (when, each, tries) if part)
