"""Runs an engine, or one stage of it, until a signal stops it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence

import structlog

from airavata_workload.bootstrap import Installation
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.health import HealthServer

LOOK_S = 0.1
"""How soon a signal is noticed at the latest; the wait itself is ended by the signal."""


def run_service(
    installation: Installation,
    service: str,
    *,
    kinds: Sequence[str] | None = None,
    slots: int | None = None,
    health_port: int | None = None,
) -> bool:
    """Start the service, wait for SIGTERM or Ctrl-C, drain and stop. False if something still ran at the end."""
    settings = installation.settings
    log = structlog.get_logger(f"airavata_workload.{service}")
    with Interrupts(signal.SIGINT, signal.SIGTERM) as signals:
        if service in ("engine", "orchestrator"):
            installation.load_missing_dags()
        engine = installation.engine(service=service, kinds=kinds, slots=slots, adopt_orphans=True)
        health = HealthServer(
            engine,
            service=service,
            session=installation.session,
            host=settings.health_host,
            port=settings.health_port if health_port is None else health_port,
        )
        try:
            engine.start({"health": health.url})
            health.ready = True
            runs, stops, stopped = (f"the {service} {verb}" for verb in ("runs", "stops", "has stopped"))
            log.info(
                runs,
                session=installation.session,
                pid=os.getpid(),
                home=str(settings.home),
                health=health.url,
            )
            while not signals.requested:
                time.sleep(LOOK_S)
            health.ready = False
            log.info(stops, drain_time_s=settings.drain_time_s, second_signal="ends it at once")
            drained = engine.stop(settings.drain_time_s)
            log.info(stopped, drained=drained)
        finally:
            health.close()
    return drained
