"""``service``: one stage of the engine, or what clients talk to, as a process of its own."""

from __future__ import annotations

from typing import Annotated

import typer

from airavata_workload.cli.api_serving import INSECURE_HELP, open_api_server
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.global_options import Command, group
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.service_process import run_service
from airavata_workload.domain.errors import InputError

service = group("Run one stage of the engine, or its API, in a process of its own.")

HealthPort = Annotated[
    int | None,
    typer.Option("--health-port", min=0, max=65535, help="Port of /live and /ready; by default that of the settings."),
]


@service.command("api", cls=Command)
def api(
    context: typer.Context,
    insecure: Annotated[bool, typer.Option("--insecure", help=INSECURE_HELP)] = False,
    health_port: HealthPort = None,
) -> int:
    """Serve Airavata's Thrift clients: on the ports of [thrift] in the settings."""
    invocation: Invocation = context.obj
    with invocation.installation("api") as installation:
        server = open_api_server(installation, insecure=insecure)
        run_service(installation, "api", health_port=health_port, api_server=server)
    return ExitCode.DONE


@service.command("orchestrator", cls=Command)
def orchestrator(context: typer.Context, health_port: HealthPort = None) -> int:
    """Apply outcomes, find what became ready, carry out commands, adopt what nobody drives."""
    return _run(context, "orchestrator", health_port)


@service.command("scheduler", cls=Command)
def scheduler(context: typer.Context, health_port: HealthPort = None) -> int:
    """Decide which ready task goes to a worker, and when. One leads, the others stand by."""
    return _run(context, "scheduler", health_port)


@service.command("worker", cls=Command)
def worker(
    context: typer.Context,
    kinds: Annotated[
        str | None, typer.Option("--kinds", help="Kinds of tasks to run, joined by commas; by default all.")
    ] = None,
    slots: Annotated[
        int | None,
        typer.Option("--slots", min=1, max=1024, help="Tasks at once; by default worker_slots of the settings."),
    ] = None,
    health_port: HealthPort = None,
) -> int:
    """Run tasks."""
    chosen = None
    if kinds is not None:
        chosen = [kind.strip() for kind in kinds.split(",") if kind.strip()]
        if not chosen:
            raise InputError("--kinds names no kind.", remedy="'airavata-workload plugins list' shows them.")
    return _run(context, "worker", health_port, kinds=chosen, slots=slots)


@service.command("monitor", cls=Command)
def monitor(context: typer.Context, health_port: HealthPort = None) -> int:
    """Watch the jobs, with one query per cluster. One leads, the others stand by."""
    return _run(context, "monitor", health_port)


def _run(
    context: typer.Context,
    name: str,
    health_port: int | None,
    *,
    kinds: list[str] | None = None,
    slots: int | None = None,
) -> int:
    invocation: Invocation = context.obj
    with invocation.installation(name) as installation:
        run_service(installation, name, kinds=kinds, slots=slots, health_port=health_port)
    return ExitCode.DONE
