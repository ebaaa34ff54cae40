"""Runs an engine, one stage of it, or what clients talk to, until a signal stops it."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Sequence
from typing import Any

import structlog

from airavata_workload.bootstrap import Installation
from airavata_workload.cli.interrupts import Interrupts
from airavata_workload.engine import Engine
from airavata_workload.health import HealthServer, Together
from airavata_workload.ports.api_server import ApiServer

LOOK_S = 0.1
"""How soon a signal is noticed at the latest; the wait itself is ended by the signal."""


def run_service(
    installation: Installation,
    service: str,
    *,
    kinds: Sequence[str] | None = None,
    slots: int | None = None,
    health_port: int | None = None,
    api_server: ApiServer | None = None,
) -> bool:
    """Start the service, wait for SIGTERM or Ctrl-C, drain and stop. False if something still ran at the end.

    ``api_server`` runs beside it in this process, and what keeps the clients' lists of experiments up to date.
    """
    settings = installation.settings
    log = structlog.get_logger(f"airavata_workload.{service}")
    with Interrupts(signal.SIGINT, signal.SIGTERM) as signals:
        if service in ("engine", "orchestrator"):
            installation.load_missing_dags()
        beside = [] if api_server is None else [installation.api().experiment_follower]
        engine = installation.engine(service=service, kinds=kinds, slots=slots, adopt_orphans=True, beside=beside)
        health = _health(installation, service, engine, api_server, health_port)
        told: dict[str, Any] = {"health": health.url}
        if api_server is not None:
            told["listeners"] = dict(api_server.addresses)
        try:
            engine.start(told)
            if api_server is not None:
                api_server.start()
            health.ready = True
            runs, stops, stopped = (f"the {service} {verb}" for verb in ("runs", "stops", "has stopped"))
            log.info(runs, session=installation.session, pid=os.getpid(), home=str(settings.home), **told)
            while not signals.requested:
                time.sleep(LOOK_S)
            health.ready = False
            log.info(stops, drain_time_s=settings.drain_time_s, second_signal="ends it at once")
            drained = _stopped(engine, api_server, settings.drain_time_s)
            log.info(stopped, drained=drained)
        finally:
            health.close()
            if api_server is not None:
                api_server.stop(0)
    return drained


def _health(
    installation: Installation, service: str, engine: Engine, api_server: ApiServer | None, port: int | None
) -> HealthServer:
    settings = installation.settings
    return HealthServer(
        Together([engine] if api_server is None else [engine, api_server]),
        service=service,
        session=installation.session,
        host=settings.health_host,
        port=settings.health_port if port is None else port,
        listeners=None if api_server is None else api_server.addresses,
    )


def _stopped(engine: Engine, api_server: ApiServer | None, drain_s: float) -> bool:
    """Clients first: what they still ask for should find the engine at work."""
    end_s = time.monotonic() + drain_s
    answered = api_server is None or api_server.stop(drain_s)
    return engine.stop(max(0.1, end_s - time.monotonic())) and answered
