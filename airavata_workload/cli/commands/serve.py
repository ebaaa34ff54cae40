"""``serve``: the whole engine, and what clients talk to, in one process."""

from __future__ import annotations

from typing import Annotated

import typer

from airavata_workload.cli.api_serving import INSECURE_HELP, can_serve_thrift, open_api_server
from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.service_process import run_service


def serve(
    context: typer.Context,
    insecure: Annotated[bool, typer.Option("--insecure", help=INSECURE_HELP)] = False,
) -> int:
    """Run the engine until it is told to stop.

    It takes what 'submit' hands over, and goes on with experiments whose process is gone. SIGTERM or Ctrl-C stops it:
    running tasks get the drain time of the settings, jobs go on, and the next 'serve' takes everything up again.
    The log goes to standard error. Airavata's Thrift clients are served, too, if the extra 'thrift' is installed and
    [thrift] in the settings does not switch it off.
    """
    invocation: Invocation = context.obj
    with invocation.installation("serve") as installation:
        wanted = installation.settings.thrift.enabled and (insecure or can_serve_thrift())
        server = open_api_server(installation, insecure=insecure) if wanted else None
        run_service(installation, "engine", api_server=server)
    return ExitCode.DONE
