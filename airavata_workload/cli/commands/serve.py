"""``serve``: the whole engine in one process."""

from __future__ import annotations

import typer

from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.invocation import Invocation
from airavata_workload.cli.service_process import run_service


def serve(context: typer.Context) -> int:
    """Run the engine until it is told to stop.

    It takes what 'submit' hands over, and goes on with experiments whose process is gone. SIGTERM or Ctrl-C stops it:
    running tasks get the drain time of the settings, jobs go on, and the next 'serve' takes everything up again.
    The log goes to standard error.
    """
    invocation: Invocation = context.obj
    with invocation.installation("serve") as installation:
        run_service(installation, "engine")
    return ExitCode.DONE
