"""Serves the routes over HTTP, by the standard library: ten routes that carry little need no framework."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import threading
import time
from collections.abc import Mapping
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import structlog

from airavata_adapters.notebook_routes import routes
from airavata_adapters.notebook_routes.arriving_request import ArrivingRequest
from airavata_adapters.notebook_routes.request import Answer, Request
from airavata_workload.api.access.listening import refuse_insecure_elsewhere
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import (
    AuthenticationError,
    ConflictError,
    DeniedError,
    InputError,
    NotFoundError,
    SettingsError,
    UnavailableError,
    WorkloadError,
)
from airavata_workload.ports.api_server import ApiServer, ApiServerContext
from airavata_workload.storage_settings import HttpSettings

NAME = "http"
_PIECE_BYTES = 65_536
_MOST_DIGITS = 19
_MOST_LET_GO_BYTES = 2**32
"""The SDK sends whole files to agents before it hears that there are none."""

_STATUSES: tuple[tuple[type[WorkloadError], HTTPStatus], ...] = (
    (AuthenticationError, HTTPStatus.UNAUTHORIZED),
    (DeniedError, HTTPStatus.FORBIDDEN),
    (NotFoundError, HTTPStatus.NOT_FOUND),
    (ConflictError, HTTPStatus.CONFLICT),
    (InputError, HTTPStatus.BAD_REQUEST),
    (UnavailableError, HTTPStatus.SERVICE_UNAVAILABLE),
)


def open_api_server(context: ApiServerContext) -> ApiServer:
    """The server of the routes; entry point ``http`` of ``api_servers``."""
    return RouteServer(context)


class _Handler(BaseHTTPRequestHandler):
    """One connection. It ends with its first answer: notebooks call now and then."""

    server: _Listener
    server_version = "airavata-workload"
    sys_version = ""

    def setup(self) -> None:
        super().setup()
        self.rfile.close()
        self._arriving = ArrivingRequest(self.connection, self.server.settings.request_time_s)
        self.rfile = io.BufferedReader(self._arriving)

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def do_PUT(self) -> None:
        self._serve()

    def _serve(self) -> None:
        self._arriving.head_is_whole()
        answer = self.server.answered(self)
        content = json.dumps(answer.body).encode()
        self.connection.settimeout(self.server.settings.request_time_s)
        self.close_connection = True
        self.send_response(answer.status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(content)

    def body(self, most_bytes: int, *, keep: bool) -> bytes:
        """The request's body; all of it is read, and b'' unless it is to be kept. Raises ``InputError``."""
        told = self.headers.get("Content-Length", "0")
        if (
            not told.isdecimal()
            or len(told) > _MOST_DIGITS
            or int(told) > most_bytes
            or self.headers.get("Transfer-Encoding")
        ):
            raise InputError(
                f"The request's body has more than {most_bytes:,} bytes, or does not say how many.",
                remedy="Send less, with a Content-Length.",
            )
        kept, left = bytearray(), int(told)
        while left:
            piece = self.rfile.read(min(left, _PIECE_BYTES))
            if not piece:
                raise InputError("The request was broken off.", remedy="Send it again.")
            left -= len(piece)
            if keep:
                kept += piece
        return bytes(kept)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name is the base class's
        """Say nothing of each request."""


class _Listener(ThreadingHTTPServer):
    """Has so many connections at once and closes any further one."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, context: ApiServerContext, family: int) -> None:
        self.settings: HttpSettings = context.settings
        self.address_family = family
        self._context = context
        self._log = structlog.get_logger("airavata_workload.http")
        self._places = threading.BoundedSemaphore(self.settings.connections)
        super().__init__((self.settings.host, self.settings.port), _Handler)

    def idle(self, end_s: float) -> bool:
        """Whether all requests were answered by then, an instant of ``time.monotonic``."""
        places = 0
        for _ in range(self.settings.connections):
            if not self._places.acquire(timeout=max(0.0, end_s - time.monotonic())):
                break
            places += 1
        for _ in range(places):
            self._places.release()
        return places == self.settings.connections

    def process_request(self, request: Any, client_address: Any) -> None:
        if not self._places.acquire(blocking=False):
            self.shutdown_request(request)
            return
        try:
            super().process_request(request, client_address)
        except BaseException:  # no thread could be made
            self._places.release()
            raise

    def finish_request(self, request: Any, client_address: Any) -> None:
        try:
            super().finish_request(request, client_address)
        finally:  # before the connection is closed: who sees its end may come again at once
            self._places.release()

    def handle_error(self, _request: Any, client_address: Any) -> None:
        self._log.debug("an HTTP client has gone", peer=client_address[0], exc_info=True)

    def answered(self, handler: _Handler) -> Answer:
        """What a request gets: whatever goes wrong has an answer, too."""
        try:
            return self._routed(handler)
        except WorkloadError as error:
            status = next((each for kind, each in _STATUSES if isinstance(error, kind)), None)
            if status is None:
                self._log.error("an HTTP request failed", reason=error.message)
                status = HTTPStatus.INTERNAL_SERVER_ERROR
            return Answer(status, {"error": str(error)})
        except OSError:
            raise
        except Exception:  # noqa: BLE001 - one request fails, the others do not
            self._log.exception("an HTTP request failed")
            return Answer(HTTPStatus.INTERNAL_SERVER_ERROR, {"error": "The server failed; its log says why."})

    def _routed(self, handler: _Handler) -> Answer:
        found = routes.found(handler.command, handler.path)
        if found is not None and found[0].keeps_body:
            return self._routed_with_body(*found, handler)
        handler.body(_MOST_LET_GO_BYTES, keep=False)
        if found is None:
            raise NotFoundError(
                f"There is no {handler.command} {handler.path}.", remedy=f"The routes are under {routes.BASE}."
            )
        route, words = found
        request = Request(words=words, body=b"", caller=lambda: self._caller(handler))
        return route.handler(self._context.api, request)

    def _routed_with_body(self, route: routes.Route, words: tuple[str, ...], handler: _Handler) -> Answer:
        """What is kept is kept for callers who have proved who they are."""
        most_bytes = self.settings.request_bytes
        try:
            caller = self._caller(handler)
        except WorkloadError:
            handler.body(most_bytes, keep=False)  # cut off while it sends, a client would not read why
            raise
        body = handler.body(most_bytes, keep=True)
        return route.handler(self._context.api, Request(words=words, body=body, caller=lambda: caller))

    def _caller(self, handler: _Handler) -> Caller:
        """Source: ``airavata-python-sdk`` 2.2.7, ``Plan.save``: a bearer token, and its claims as JSON."""
        scheme, _, token = handler.headers.get("Authorization", "").partition(" ")
        try:
            claims = json.loads(handler.headers.get("X-Claims") or "{}")
        except (ValueError, RecursionError):
            claims = None
        if not isinstance(claims, dict) or not all(isinstance(each, str) for each in claims.values()):
            raise InputError("X-Claims is no JSON object of texts.", remedy="Send userName and gatewayID, or nothing.")
        return self._context.authenticate(token.strip() if scheme.lower() == "bearer" else "", claims)


class RouteServer(ApiServer):
    """The listener and its thread."""

    def __init__(self, context: ApiServerContext) -> None:
        settings: HttpSettings = context.settings
        if context.insecure:
            refuse_insecure_elsewhere([settings.host])
        try:
            family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0][0]
            self._listener = _Listener(context, family)
        except OSError as error:
            raise SettingsError(
                f"{settings.host}:{settings.port} for HTTP cannot be opened: {error.strerror or error}.",
                key="http.port",
                remedy="Choose another port, or 0 for any that is free, or enabled = false.",
            ) from None
        self._stopped = False
        self._thread = threading.Thread(target=self._listener.serve_forever, name="http", daemon=True)

    @property
    def addresses(self) -> Mapping[str, str]:
        """As ``ApiServer.addresses``."""
        host, port = self._listener.server_address[:2]
        return {NAME: f"{host!s}:{port}"}

    def start(self) -> None:
        """As ``ApiServer.start``."""
        self._thread.start()

    def stop(self, drain_s: float) -> bool:
        """As ``ApiServer.stop``."""
        end_s = time.monotonic() + drain_s
        if not self._stopped:
            self._stopped = True
            if self._thread.is_alive():
                self._listener.shutdown()
            with contextlib.suppress(OSError):
                self._listener.server_close()
        return self._listener.idle(end_s)

    def stuck(self) -> list[str]:
        """As ``ApiServer.stuck``."""
        return [] if self._thread.is_alive() or self._stopped else [NAME]

    def troubles(self) -> dict[str, str]:
        """As ``ApiServer.troubles``."""
        return {}
