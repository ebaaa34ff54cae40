"""The SFTP protocol of paramiko, bounded."""

from __future__ import annotations

import struct
from typing import Any

import paramiko
from paramiko.sftp import CMD_CLOSE, SFTP_FAILURE, SFTP_OP_UNSUPPORTED

from airavata_adapters.gateway_storage.limits import Limits
from airavata_adapters.gateway_storage.sftp_files import SftpFiles


class BoundedSftp(paramiko.SFTPServer):
    """Reads no endless request, keeps no endless number of files open, and ends when the client is silent.

    paramiko takes requests of up to 16 MiB, opens as many files as are asked
    for, holds listings whole, and hashes files of any size in blocks of 256
    bytes. Source: paramiko 5.1, ``BaseSFTP._read_packet``,
    ``SFTPServer._open_folder``, ``SFTPServer._check_file``; a test compares
    the names that are overridden here with those there.
    """

    def __init__(self, channel: paramiko.Channel, name: str, server: Any, limits: Limits) -> None:
        super().__init__(channel, name, server, SftpFiles, files=server.files, max_read_bytes=limits.packet_bytes)
        self._limits = limits
        self._session = server
        self._files: Any = self.server  # what paramiko makes of SftpFiles, and of their arguments

    def start_subsystem(self, name: str, transport: paramiko.Transport, channel: paramiko.Channel) -> None:
        """Answer requests until the client ends, or is silent for too long."""
        channel.settimeout(self._limits.idle_time_s)
        with self._session.at_work():
            super().start_subsystem(name, transport, channel)

    def _read_packet(self) -> tuple[int, bytes]:
        (size,) = struct.unpack(">I", self._exactly(4))
        # A write of the largest size has its handle and offset, too.
        if not 0 < size <= self._limits.packet_bytes + 1024:
            raise paramiko.SFTPError(f"a request of {size:,} bytes")
        packet = self._exactly(size)
        return packet[0], packet[1:]

    def _exactly(self, size: int) -> bytes:
        channel: Any = self.sock
        found = bytearray()
        while len(found) < size:
            piece = channel.recv(size - len(found))
            if not piece:
                raise EOFError
            found += piece
        return bytes(found)

    def _send_handle_response(self, request_number: int, handle: Any, folder: bool = False) -> None:
        if isinstance(handle, paramiko.SFTPHandle):
            tables: Any = (self.file_table, self.folder_table)
            if sum(map(len, tables)) >= self._limits.open_files:
                handle.close()
                handle = SFTP_FAILURE
        super()._send_handle_response(request_number, handle, folder)  # type: ignore[misc]

    def _open_folder(self, request_number: int, path: str) -> None:
        self._send_handle_response(request_number, self._files.open_folder(path), folder=True)

    def _process(self, kind: int, request_number: int, message: paramiko.Message) -> None:
        if kind == CMD_CLOSE:
            self._close_folder(message)
        super()._process(kind, request_number, message)  # type: ignore[misc]

    def _close_folder(self, message: paramiko.Message) -> None:
        """Close it, whose handle paramiko only forgets: its own folders hold nothing of the system."""
        folders: Any = self.folder_table
        folder = folders.get(paramiko.Message(message.get_remainder()).get_binary())
        if folder is not None:
            folder.close()

    def _check_file(self, request_number: int, _message: paramiko.Message) -> None:
        self._send_status(request_number, SFTP_OP_UNSUPPORTED)  # type: ignore[attr-defined]
