"""Answers, over HTTP, whether a service lives and whether it can work.

``/live`` is for whoever would restart it: 200 unless a stage has died or
hangs. ``/ready`` is for whoever would send it work: 200 unless it is starting
or stopping, or a backing system does not answer. Both give JSON that names the
stages concerned. Nothing that is told here is secret, and the address is
loopback unless the settings say otherwise.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Protocol

from airavata_workload.domain.errors import SettingsError

REQUEST_TIMEOUT_S = 5.0


class Subject(Protocol):
    """What is asked about; an ``Engine`` is one, an ``ApiServer`` another."""

    def stuck(self) -> list[str]:
        """The stages that have died or hang."""

    def troubles(self) -> dict[str, str]:
        """The stages that do not work now, each with the reason."""


class Together:
    """Several subjects in one process."""

    def __init__(self, subjects: Sequence[Subject]) -> None:
        self._subjects = tuple(subjects)

    def stuck(self) -> list[str]:
        """As ``Subject.stuck``."""
        return [name for subject in self._subjects for name in subject.stuck()]

    def troubles(self) -> dict[str, str]:
        """As ``Subject.troubles``."""
        return {name: reason for subject in self._subjects for name, reason in subject.troubles().items()}


class HealthServer:
    """Serves the two paths until it is closed. Raises ``SettingsError`` if the address cannot be had.

    ``listeners`` are the addresses at which the service's own clients find it.
    """

    def __init__(
        self,
        subject: Subject,
        *,
        service: str,
        session: str,
        host: str,
        port: int,
        listeners: Mapping[str, str] | None = None,
    ) -> None:
        self._subject = subject
        self._about: dict[str, Any] = {"service": service, "session": session}
        if listeners:
            self._about["listeners"] = dict(listeners)
        self.ready = False
        """Set by the owner once the service has started, and taken back when it begins to stop."""

        health = self

        class Handler(BaseHTTPRequestHandler):
            timeout = REQUEST_TIMEOUT_S
            server_version = "airavata-workload"
            sys_version = ""

            def do_GET(self) -> None:
                status, body = health.answer(self.path)
                content = json.dumps(body).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
                """Say nothing: probes come every few seconds."""

        try:
            self._server = ThreadingHTTPServer((host, port), Handler)
        except OSError as error:
            raise SettingsError(
                f"The health port {host}:{port} cannot be opened: {error.strerror}.",
                key="health_port",
                remedy="Choose another with --health-port, or 0 for any that is free.",
            ) from None
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, name="health", daemon=True).start()

    @property
    def url(self) -> str:
        """Where it answers, without a path."""
        host, port = self._server.server_address[:2]
        return f"http://{host!s}:{port}"

    def answer(self, path: str) -> tuple[HTTPStatus, Mapping[str, Any]]:
        """Status and body for a path."""
        stuck = self._subject.stuck()
        if path == "/live":
            live = not (self.ready and stuck)
            return _status(live), {**self._about, "live": live, "stuck": stuck}
        if path == "/ready":
            troubles = self._subject.troubles()
            ready = self.ready and not stuck and not troubles
            return _status(ready), {**self._about, "ready": ready, "stuck": stuck, "troubles": troubles}
        return HTTPStatus.NOT_FOUND, {"error": f"There is no {path}; there are /live and /ready."}

    def close(self) -> None:
        """Stop answering."""
        self._server.shutdown()
        self._server.server_close()


def _status(good: bool) -> HTTPStatus:
    return HTTPStatus.OK if good else HTTPStatus.SERVICE_UNAVAILABLE
