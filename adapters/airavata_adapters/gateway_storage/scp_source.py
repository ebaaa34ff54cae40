"""The end of an SCP transfer that sends.

Source: the protocol as OpenSSH 9.2 speaks it, ``scp.c``, ``source`` and ``rsource``.
"""

from __future__ import annotations

import os
import posixpath
import stat

from airavata_adapters.gateway_storage.confined_directory import ConfinedDirectory
from airavata_adapters.gateway_storage.scp_command import ScpCommand
from airavata_adapters.gateway_storage.scp_stream import ScpStream
from airavata_workload.domain.errors import TransferError

_PIECE_BYTES = 65_536
_MAX_DEPTH = 128


class ScpSource:
    """Sends files. A file that cannot be read is complained of, and the others follow."""

    def __init__(self, command: ScpCommand, stream: ScpStream, files: ConfinedDirectory) -> None:
        self._command = command
        self._stream = stream
        self._files = files
        self._complete = True

    def run(self) -> bool:
        """Send all that is asked for. False if something could not be sent. Raises ``TransferError``."""
        if not self._stream.confirmed():
            return False
        for path in self._command.paths:
            self._send(path, 0)
        return self._complete

    def _send(self, path: str, depth: int) -> None:
        try:
            found = self._files.stat(path)
        except (OSError, ValueError) as error:
            self._complain(path, error)
            return
        if stat.S_ISREG(found.st_mode):
            self._send_file(path)
        elif not stat.S_ISDIR(found.st_mode):
            self._refuse(f"{path}: not a regular file")
        elif not self._command.recursive:
            self._refuse(f"{path}: is a directory; ask for it with -r")
        elif depth >= _MAX_DEPTH:
            self._refuse(f"{path}: is too deep")
        else:
            self._send_directory(path, found, depth)

    def _send_directory(self, path: str, found: os.stat_result, depth: int) -> None:
        try:
            listing = self._files.entries(path)
        except OSError as error:
            self._complain(path, error)
            return
        with listing:
            if not self._announced(f"D{found.st_mode & 0o777:04o} 0 {_base_name(path)}\n", found):
                return
            for name, _ in listing:
                self._send(posixpath.join(path, name), depth + 1)
        self._stream.send(b"E\n")
        self._stream.confirmed()

    def _send_file(self, path: str) -> None:
        try:
            descriptor = self._files.open(path, os.O_RDONLY)
        except OSError as error:
            self._complain(path, error)
            return
        with os.fdopen(descriptor, "rb", buffering=0) as file:
            found = os.fstat(descriptor)
            if not self._announced(f"C{found.st_mode & 0o777:04o} {found.st_size} {_base_name(path)}\n", found):
                return
            left = found.st_size
            while left:
                piece = file.read(min(left, _PIECE_BYTES))
                if not piece:
                    raise TransferError(f"{path} was made shorter while it was sent.")
                self._stream.send(piece)
                left -= len(piece)
        self._stream.confirm()
        self._note(self._stream.confirmed())

    def _announced(self, line: str, found: os.stat_result) -> bool:
        """Whether the other end wants what the line announces."""
        if self._command.keeps_times:
            self._stream.send(f"T{max(0, int(found.st_mtime))} 0 {max(0, int(found.st_atime))} 0\n".encode())
            if not self._note(self._stream.confirmed()):
                return False
        self._stream.send(line.encode("utf-8", "surrogateescape"))
        return self._note(self._stream.confirmed())

    def _complain(self, path: str, error: OSError | ValueError) -> None:
        reason = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "no such path"
        self._refuse(f"{path}: {reason}")

    def _refuse(self, text: str) -> None:
        self._complete = False
        self._stream.complain(text)

    def _note(self, well: bool) -> bool:
        self._complete = self._complete and well
        return well


def _base_name(path: str) -> str:
    """The last part, '.' for the whole storage; a line end is written as OpenSSH writes it."""
    name = posixpath.basename(posixpath.normpath("/" + path)) or "."
    return name.replace("\n", "\\^J")
