"""Clusters as a table and in detail."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from airavata_workload.cli.views.experiment_views import plain_table
from airavata_workload.cli.views.plain_text import duration, printable
from airavata_workload.domain.clock import microseconds
from airavata_workload.domain.cluster import BatchQueue, Cluster


def cluster_table(clusters: Sequence[Cluster], directory: Path) -> RenderableType:
    """One line a cluster, and where to describe more."""
    table = plain_table("CLUSTER", "HOST", "JOBS", "WHAT IT IS")
    for each in clusters:
        table.add_row(
            Text(each.name, style="bold"),
            printable(_host(each)),
            printable(each.batch_system),
            printable(each.description),
        )
    more = Text(f"\nDescribe more in {directory}, one file NAME.toml a cluster.", style="dim")
    return Group(table, more) if clusters else Text(f"No cluster is described; write {directory / 'NAME.toml'}.")


def _host(cluster: Cluster) -> str:
    if cluster.remote_shell == "local":
        return "this machine"
    user = f"{cluster.user}@" if cluster.user else ""
    port = f":{cluster.port}" if cluster.port != 22 else ""
    return f"{user}{cluster.host}{port}"


def cluster_detail(cluster: Cluster) -> RenderableType:
    """Every key of a cluster that says something, and its queues."""
    grid = Table.grid(padding=(0, 2, 0, 0))
    grid.add_column(style="dim", no_wrap=True)
    grid.add_column(overflow="fold")
    for name in cluster.__slots__:
        value = getattr(cluster, name)
        if name not in ("name", "queues") and value not in (None, "", (), {}):
            grid.add_row(name, Text(printable(_value(value))))
    parts: list[RenderableType] = [Text(cluster.name, style="bold"), Padding(grid, (0, 0, 0, 2))]
    if cluster.queues:
        parts += [Text("\nQueues", style="bold"), Padding(_queues(cluster.queues), (0, 0, 0, 2))]
    return Group(*parts)


def _value(value: Any) -> str:
    if isinstance(value, tuple):
        return ", ".join(str(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{name}={item}" for name, item in value.items())
    return str(value).lower() if isinstance(value, bool) else str(value)


def _queues(queues: Sequence[BatchQueue]) -> Table:
    table = plain_table("QUEUE", "WALL TIME", "NODES", "CPUS", "MEMORY (MiB)")
    for queue in queues:
        limits = (queue.max_node_count, queue.max_cpu_count, queue.max_memory_mib)
        wall_time = duration(microseconds(queue.max_wall_time_s)) if queue.max_wall_time_s else "-"
        table.add_row(printable(queue.name), wall_time, *("-" if limit is None else str(limit) for limit in limits))
    return table
