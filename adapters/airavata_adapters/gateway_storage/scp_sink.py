"""The end of an SCP transfer that takes.

Source: the protocol as OpenSSH 9.2 speaks it, ``scp.c``, ``sink``.
"""

from __future__ import annotations

import errno
import os
import posixpath
import re
import stat
from dataclasses import dataclass

from airavata_adapters.gateway_storage.confined_directory import ConfinedDirectory
from airavata_adapters.gateway_storage.scp_command import ScpCommand
from airavata_adapters.gateway_storage.scp_stream import ScpStream
from airavata_workload.domain.errors import TransferError

_ENTRY = re.compile(rb"([CD])([0-7]{4}) (\d{1,19}) (.+)", re.DOTALL)
_TIMES = re.compile(rb"T(\d{1,12}) \d{1,6} (\d{1,12}) \d{1,6}")
_MAX_DEPTH = 128
_NEW_FILE = os.O_WRONLY | os.O_CREAT | os.O_TRUNC


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    """What a line announces: a file with its size, or a directory."""

    is_directory: bool
    mode: int
    size_bytes: int
    name: str


class ScpSink:
    """Takes files. One that cannot be written is complained of, and the others are taken."""

    def __init__(self, command: ScpCommand, stream: ScpStream, files: ConfinedDirectory) -> None:
        self._command = command
        self._stream = stream
        self._files = files
        self._complete = True
        self._times: tuple[float, float] | None = None

    def run(self) -> bool:
        """Take all that comes. False if something could not be written. Raises ``TransferError``."""
        target = self._command.paths[0]
        is_directory = self._is_directory(target)
        if self._command.into_directory and not is_directory:
            self._refuse(target, OSError(errno.ENOTDIR, ""))
            # A channel that closes before its request was answered looks as if the request had failed.
            self._stream.line()
            return False
        self._stream.confirm()
        self._take(target, 0, is_directory=is_directory)
        return self._complete

    def _take(self, target: str, depth: int, *, is_directory: bool) -> None:
        """Take what comes until this directory, or the transfer, ends."""
        while line := self._stream.line():
            if line == b"E" and depth:
                self._stream.confirm()
                return
            if line[:1] in (b"\1", b"\2"):  # the other end complains; after 2 it says nothing more
                self._complete = False
                continue
            times = _TIMES.fullmatch(line)
            if times is not None:
                self._times = (float(times[2]), float(times[1]))
                self._stream.confirm()
                continue
            entry = _entry(line)
            path = posixpath.join(target, entry.name) if is_directory else target
            if entry.is_directory:
                self._take_directory(path, entry, depth)
            else:
                self._take_file(path, entry)
        if depth:
            raise TransferError("The SCP transfer was broken off by the other end.")

    def _take_directory(self, path: str, entry: _Entry, depth: int) -> None:
        if not self._command.recursive or depth >= _MAX_DEPTH:
            raise TransferError("The other end sends a directory, or one too deep, unasked.")
        times, self._times = self._times, None
        try:
            if not self._is_directory(path):
                self._files.make_directory(path, entry.mode | stat.S_IRWXU)
        except (OSError, ValueError) as error:
            self._refuse(path, error)
            return
        self._stream.confirm()
        self._take(path, depth + 1, is_directory=True)
        self._keep_times(path, times)

    def _take_file(self, path: str, entry: _Entry) -> None:
        times, self._times = self._times, None
        try:
            descriptor = self._files.open(path, _NEW_FILE, entry.mode)
        except (OSError, ValueError) as error:
            self._refuse(path, error)
            return
        self._stream.confirm()
        trouble: OSError | None = None
        with os.fdopen(descriptor, "wb", buffering=0) as file:
            left = entry.size_bytes
            while left:
                piece = memoryview(self._stream.some(left))
                left -= len(piece)
                try:
                    while piece and trouble is None:
                        piece = piece[file.write(piece) :]
                except OSError as error:
                    trouble = error  # the rest still comes, and is let go
        self._note(self._stream.confirmed())
        if trouble is None:
            self._keep_times(path, times)
            self._stream.confirm()
        else:
            self._refuse(path, trouble)

    def _keep_times(self, path: str, times: tuple[float, float] | None) -> None:
        if times is not None:
            try:
                self._files.set_times(path, *times)
            except OSError:
                self._complete = False

    def _is_directory(self, path: str) -> bool:
        try:
            return stat.S_ISDIR(self._files.stat(path).st_mode)
        except (OSError, ValueError):
            return False

    def _refuse(self, path: str, error: OSError | ValueError) -> None:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no such path"
        self._complete = False
        self._stream.complain(f"{path}: {reason}")

    def _note(self, well: bool) -> None:
        self._complete = self._complete and well


def _entry(line: bytes) -> _Entry:
    """What the line announces. Raises ``TransferError``; a name is one name, not a path."""
    found = _ENTRY.fullmatch(line)
    name = found[4].decode("utf-8", "surrogateescape") if found else ""
    if found is None or "/" in name or name in (".", ".."):
        raise TransferError("The other end sends what the SCP protocol does not know, or a name that is a path.")
    return _Entry(is_directory=found[1] == b"D", mode=int(found[2], 8), size_bytes=int(found[3]), name=name)
