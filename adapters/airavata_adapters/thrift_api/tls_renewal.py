"""The TLS of a listener for as long as it runs: certificates are renewed while clients are served."""

from __future__ import annotations

import ssl
import time
from datetime import UTC, datetime
from pathlib import Path

import structlog

from airavata_adapters.thrift_api.tls import TlsFiles, expiry, server_context
from airavata_workload.domain.errors import WorkloadError

log = structlog.get_logger("airavata_workload.thrift")

LOOK_EVERY_S = 10.0
"""How often the files are looked at. A certificate that ends within days is renewed in time by far."""

_Marks = tuple[tuple[int, int, int] | None, ...]


class RenewedTls:
    """The context for new connections, made again from its files whenever they have changed.

    While new files cannot be used, the context of the old ones stays, and ``trouble`` says so. Raises as
    ``server_context`` when it is made.
    """

    def __init__(self, files: TlsFiles) -> None:
        self._files = files
        self._marks = _marks(files)
        self._load()
        self._refused = ""
        self._next_look_s = time.monotonic() + LOOK_EVERY_S

    @property
    def context(self) -> ssl.SSLContext:
        """For the next connection."""
        return self._context

    @property
    def trouble(self) -> str:
        """Why clients are refused, or will be; '' if they are not."""
        if self._refused:
            return self._refused
        if self._expires_at < datetime.now(UTC):
            return f"The certificate in {self._files.certificate} expired on {self._expires_at:%Y-%m-%d}. Renew it."
        return ""

    def look(self, now_s: float) -> None:
        """Take up changed files, if it is time to look."""
        if now_s < self._next_look_s:
            return
        self._next_look_s = now_s + LOOK_EVERY_S
        marks = _marks(self._files)
        if marks == self._marks:
            return
        self._marks = marks
        try:
            self._load()
        except WorkloadError as error:
            self._refused = f"Changed TLS files are not used: {error}"
            log.warning("changed TLS files cannot be used, the old ones stay", reason=str(error))
        else:
            self._refused = ""
            log.info("changed TLS files are used", certificate=str(self._files.certificate))

    def _load(self) -> None:
        self._context = server_context(self._files)
        assert self._files.certificate is not None  # noqa: S101 - ``server_context`` refuses a listener without one
        self._expires_at = expiry(self._files.certificate)


def _marks(files: TlsFiles) -> _Marks:
    """What changes when a file does, or when a link is pointed elsewhere."""
    return tuple(_mark(each) for each in (files.certificate, files.private_key, files.peer_ca))


def _mark(file: Path | None) -> tuple[int, int, int] | None:
    try:
        found = file.stat() if file is not None else None
    except OSError:
        return None
    return None if found is None else (found.st_ino, found.st_mtime_ns, found.st_size)
