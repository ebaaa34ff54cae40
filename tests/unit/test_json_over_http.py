"""Documents of a provider: fetched in time, of a decent size, from where the operator said and from nowhere else."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from airavata_adapters.token_verifiers.json_over_http import (
    MAX_DOCUMENT_BYTES,
    HttpAnswer,
    HttpRequest,
    exchange,
    fetch_json,
    is_trustworthy,
)
from airavata_workload.domain.errors import UnavailableError

TLS = ssl.create_default_context()


class Server(ThreadingHTTPServer):
    """Answers each path as ``Answers`` says; ``over`` ends answers that would not end."""

    daemon_threads = True
    over = threading.Event()


class Answers(BaseHTTPRequestHandler):
    server: Server

    def log_message(self, *_arguments: object) -> None:
        """Quiet."""

    def do_GET(self) -> None:
        if self.path == "/silent":
            self.server.over.wait(30)
            return
        status = {"/moved": 302, "/broken": 500}.get(self.path, 200)
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/good")
        self.end_headers()
        if self.path == "/endless":
            while not self.server.over.wait(0.05):
                self.wfile.write(b" ")
        self.wfile.write({"/page": b"<html>", "/huge": b" " * (MAX_DOCUMENT_BYTES + 1)}.get(self.path, b'{"a": 1}'))

    def do_PUT(self) -> None:
        """The path is the status; what is answered is what was sent."""
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(int(self.path.strip("/")))
        self.send_header("Location", "/good")
        self.end_headers()
        if not self.path.startswith("/204"):
            self.wfile.write(content + self.headers["X-More"].encode())


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Server(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.over.set()
        server.shutdown()
        thread.join(10)


def test_a_document_is_fetched(url: str) -> None:
    assert fetch_json(f"{url}/good", time_limit_s=10, context=TLS) == {"a": 1}


@pytest.mark.parametrize(
    ("path", "said", "limit_s"),
    [
        ("/moved", "status 302", 10),
        ("/broken", "status 500", 10),
        ("/page", "no JSON document|not answer with a JSON document", 10),
        ("/huge", "more than 1,048,576 bytes", 10),
        ("/silent", "timed out", 0.2),
        ("/endless", "too slowly", 0.2),
    ],
)
def test_what_is_no_answer_is_an_outage(url: str, path: str, said: str, limit_s: float) -> None:
    with pytest.raises(UnavailableError, match=said) as raised:
        fetch_json(url + path, time_limit_s=limit_s, context=TLS)
    assert path in str(raised.value)


@pytest.mark.parametrize(
    ("status", "more", "document"),
    [(201, "]", [1]), (204, "", None), (302, "]", [1]), (409, "]", [1]), (409, "<html>", None), (500, "<html>", None)],
)
def test_every_status_is_an_answer_to_an_exchange(url: str, status: int, more: str, document: object) -> None:
    request = HttpRequest(url=f"{url}/{status}", method="PUT", headers={"X-More": more}, body=b"[1")
    answer = exchange(request, time_limit_s=10, context=TLS)
    assert answer == HttpAnswer(status, document)
    assert answer.is_good == (status < 300)
    assert "[1" not in f"{request}{answer}"


def test_a_good_status_with_something_else_than_json_is_an_outage(url: str) -> None:
    request = HttpRequest(url=f"{url}/200", method="PUT", headers={"X-More": "<html>"}, body=b"")
    with pytest.raises(UnavailableError, match="JSON document"):
        exchange(request, time_limit_s=10, context=TLS)
    with pytest.raises(UnavailableError, match="no https URL"):
        exchange(HttpRequest(url="http://example.org/"), time_limit_s=10, context=TLS)


def test_nobody_there_is_an_outage() -> None:
    with pytest.raises(UnavailableError, match="does not answer"):
        fetch_json("http://127.0.0.1:1/keys", time_limit_s=5, context=TLS)


@pytest.mark.parametrize(
    ("url", "trusted"),
    [
        ("https://auth.example.org/keys", True),
        ("http://localhost:8080/keys", True),
        ("http://[::1]:8080/keys", True),
        ("http://auth.example.org/keys", False),
        ("http://localhost.example.org/keys", False),
        ("file:///etc/passwd", False),
        ("ftp://127.0.0.1/keys", False),
        ("https://", False),
        ("https://[::1", False),
        ("", False),
    ],
)
def test_plain_http_and_other_schemes_are_not_fetched(url: str, trusted: bool) -> None:
    assert is_trustworthy(url) == trusted
    if not trusted:
        with pytest.raises(UnavailableError, match="no https URL"):
            fetch_json(url, time_limit_s=5, context=TLS)
