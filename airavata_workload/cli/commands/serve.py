"""``serve``: the engine as a service."""

from __future__ import annotations

import os
import signal
import time

import structlog
import typer

from airavata_workload.cli.exit_codes import ExitCode
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.cli.invocation import Invocation

LOOK_S = 0.1
"""How soon a signal is noticed at the latest; the wait itself is ended by the signal."""


def serve(context: typer.Context) -> int:
    """Run the engine until it is told to stop.

    It takes what 'submit' hands over, and goes on with experiments whose process is gone. SIGTERM or Ctrl-C stops it:
    running tasks get the drain time of the settings, jobs go on, and the next 'serve' takes everything up again.
    The log goes to standard error.
    """
    invocation: Invocation = context.obj
    with invocation.installation("serve") as installation, Interrupts(signal.SIGINT, signal.SIGTERM) as signals:
        log = structlog.get_logger("airavata_workload.serve")
        installation.load_missing_dags()
        engine = installation.engine(adopt_orphans=True)
        engine.start()
        log.info("the engine runs", session=installation.session, pid=os.getpid(), home=str(installation.settings.home))
        while not signals.requested:
            time.sleep(LOOK_S)
        drain_time_s = installation.settings.drain_time_s
        log.info("the engine stops; a second signal ends it at once", drain_time_s=drain_time_s)
        drained = engine.stop(drain_time_s)
        log.info("the engine has stopped", drained=drained)
    return ExitCode.DONE
