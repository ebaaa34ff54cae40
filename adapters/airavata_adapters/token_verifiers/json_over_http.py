"""Exchanges small JSON documents with a server that the operator named."""

from __future__ import annotations

import http.client
import json
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import airavata_workload
from airavata_workload.domain.errors import SettingsError, UnavailableError

MAX_DOCUMENT_BYTES = 1 << 20
_LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")
_BLOCK_BYTES = 65_536
_REMEDY = "Check the provider, and the network on the way to it."


def is_trustworthy(url: str) -> bool:
    """Whether nobody on the way can change what is fetched from ``url``: https, or http on this machine."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        return False
    return bool(host) and (parts.scheme == "https" or (parts.scheme == "http" and host in _LOCAL_HOSTS))


def trusting(ca_file: str) -> ssl.SSLContext:
    """Checks certificates against the authorities in a file; '' are the public ones.

    Raises ``SettingsError`` for a file that holds none.
    """
    try:
        return ssl.create_default_context(cafile=ca_file or None)
    except (OSError, ssl.SSLError) as error:
        raise SettingsError(
            f"option 'ca_file' names {ca_file}, which holds no certificates: {error}.", key="ca_file"
        ) from error


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """What is asked: by default for a document. The headers and the body may hold secrets."""

    url: str
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    body: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What is answered. ``document`` is ``None`` for an empty body, and for the body of an error that is no JSON."""

    status: int
    document: Any = field(repr=False)

    @property
    def is_good(self) -> bool:
        """Whether the server did what was asked."""
        return 200 <= self.status < 300


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirection is an error: it could lead to where nobody looked, and an issuer names its own address."""

    def redirect_request(self, *_arguments: Any) -> None:
        return None


def fetch_json(url: str, *, time_limit_s: float, context: ssl.SSLContext) -> Any:
    """The document at a URL that ``is_trustworthy``.

    Raises ``UnavailableError`` if the server does not answer in time, answers
    something else than JSON, or more than ``MAX_DOCUMENT_BYTES``.
    """
    answer = exchange(HttpRequest(url=url), time_limit_s=time_limit_s, context=context)
    if not answer.is_good:
        raise UnavailableError(f"{url} answers with status {answer.status}.", remedy=_REMEDY)
    if answer.document is None:
        raise _no_json(url)
    return answer.document


def exchange(request: HttpRequest, *, time_limit_s: float, context: ssl.SSLContext) -> HttpAnswer:
    """The answer of a server whose URL ``is_trustworthy``, whatever its status; redirections are not followed.

    Raises ``UnavailableError`` as ``fetch_json``, but for the status.
    """
    url = request.url
    if not is_trustworthy(url):
        raise UnavailableError(f"{url} is not fetched: it is no https URL.", remedy="Have the provider use https.")
    opener = urllib.request.build_opener(_NoRedirects, urllib.request.HTTPSHandler(context=context))
    common = {"Accept": "application/json", "User-Agent": f"airavata-workload/{airavata_workload.__version__}"}
    prepared = urllib.request.Request(  # noqa: S310 - the scheme was checked above
        url, request.body, {**common, **request.headers}, method=request.method
    )
    deadline = time.monotonic() + time_limit_s
    try:
        with _opened(opener, prepared, time_limit_s) as response:
            return _answer(response.status, _body(response, deadline))
    except urllib.error.URLError as error:
        raise UnavailableError(f"{url} does not answer: {error.reason}.", remedy=_REMEDY) from None
    except (OSError, http.client.HTTPException) as error:
        raise UnavailableError(f"{url} does not answer: {error or type(error).__name__}.", remedy=_REMEDY) from None
    except (ValueError, RecursionError):
        raise _no_json(url) from None


def _opened(opener: urllib.request.OpenerDirector, request: urllib.request.Request, time_limit_s: float) -> Any:
    try:
        return opener.open(request, timeout=time_limit_s)
    except urllib.error.HTTPError as error:
        return error


def _answer(status: int, content: bytes) -> HttpAnswer:
    try:
        return HttpAnswer(status, json.loads(content) if content else None)
    except (ValueError, RecursionError):
        if HttpAnswer(status, None).is_good:
            raise
        return HttpAnswer(status, None)


def _body(response: Any, deadline: float) -> bytes:
    content = b""
    while block := response.read1(_BLOCK_BYTES):
        content += block
        if len(content) > MAX_DOCUMENT_BYTES:
            raise OSError(f"it sends more than {MAX_DOCUMENT_BYTES:,} bytes")
        if time.monotonic() > deadline:
            raise OSError("it sends too slowly")
    return content


def _no_json(url: str) -> UnavailableError:
    return UnavailableError(f"{url} does not answer with a JSON document.", remedy=_REMEDY)
