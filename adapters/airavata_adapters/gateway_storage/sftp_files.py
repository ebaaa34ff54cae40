"""What SFTP requests do, on the files of one user.

Source: draft-ietf-secsh-filexfer-02, the version 3 that OpenSSH and paramiko speak.
"""

from __future__ import annotations

import errno
import functools
import itertools
import os
import posixpath
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

import paramiko
from paramiko import SFTPAttributes
from paramiko.sftp import SFTP_BAD_MESSAGE, SFTP_FAILURE, SFTP_NO_SUCH_FILE, SFTP_OK, SFTP_PERMISSION_DENIED

from airavata_adapters.gateway_storage.confined_directory import ConfinedDirectory
from airavata_adapters.gateway_storage.directory_listing import DirectoryListing

_NAMES_A_PAGE = 100
"""As OpenSSH answers (Source: OpenSSH 9.2, ``sftp-server.c``, ``process_readdir``); the longest names fill 60 KiB."""
_CODES = {
    errno.ENOENT: SFTP_NO_SUCH_FILE,
    errno.ENOTDIR: SFTP_NO_SUCH_FILE,
    errno.EACCES: SFTP_PERMISSION_DENIED,
    errno.EPERM: SFTP_PERMISSION_DENIED,
    errno.EROFS: SFTP_PERMISSION_DENIED,
}

S = TypeVar("S")
P = ParamSpec("P")
R = TypeVar("R")


def _answered(method: Callable[Concatenate[S, P], R]) -> Callable[Concatenate[S, P], R | int]:
    """Turn what the operating system refuses into an SFTP status code."""

    @functools.wraps(method)
    def answer(self: S, /, *arguments: P.args, **named: P.kwargs) -> R | int:
        try:
            return method(self, *arguments, **named)
        except OSError as error:
            return _CODES.get(error.errno or 0, SFTP_FAILURE)
        except (ValueError, OverflowError):  # a path with a NUL, a time or offset beyond all limits
            return SFTP_BAD_MESSAGE

    return answer


class SftpFile(paramiko.SFTPHandle):
    """A file that a client has opened."""

    def __init__(self, descriptor: int, flags: int, max_read_bytes: int) -> None:
        super().__init__(flags)
        self._descriptor = descriptor
        self._max_read_bytes = max_read_bytes

    def close(self) -> None:
        """Close it; again is harmless."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    @_answered
    def read(self, offset: int, length: int) -> bytes:
        """At most so many bytes; fewer than asked for say nothing about the end of the file."""
        return os.pread(self._descriptor, min(length, self._max_read_bytes), offset)

    @_answered
    def write(self, offset: int, data: bytes) -> int:  # type: ignore[override]
        """All of the data."""
        left = memoryview(data)
        while left:
            written = os.pwrite(self._descriptor, left, offset)
            left, offset = left[written:], offset + written
        return SFTP_OK

    @_answered
    def stat(self) -> SFTPAttributes:
        """What is known of it."""
        return SFTPAttributes.from_stat(os.fstat(self._descriptor))

    @_answered
    def chattr(self, attr: SFTPAttributes) -> int:
        """Set size, permissions and times, those that are given."""
        size, mode, times = _wishes(attr)
        if size is not None:
            os.ftruncate(self._descriptor, size)
        if mode is not None:
            os.fchmod(self._descriptor, mode & 0o777)
        if times is not None:
            os.utime(self._descriptor, times)
        return SFTP_OK


class SftpFolder(paramiko.SFTPHandle):
    """A directory that a client lists, page by page: it may have millions of files, and is never held as a whole."""

    def __init__(self, listing: DirectoryListing) -> None:
        super().__init__()
        self._listing = listing

    def close(self) -> None:
        """Close it; again is harmless."""
        self._listing.close()

    def _get_next_files(self) -> list[SFTPAttributes]:
        page = itertools.islice(self._listing, _NAMES_A_PAGE)
        return [SFTPAttributes.from_stat(found, _shown(name)) for name, found in page]


class SftpFiles(paramiko.SFTPServerInterface):
    """Requests that name a path. Links are followed inside, and never made."""

    def __init__(self, server: paramiko.ServerInterface, *, files: ConfinedDirectory, max_read_bytes: int) -> None:
        super().__init__(server)
        self._files = files
        self._max_read_bytes = max_read_bytes

    @_answered
    def open_folder(self, path: str) -> SftpFolder:
        """A directory, to be listed."""
        return SftpFolder(self._files.entries(path))

    @_answered
    def stat(self, path: str) -> SFTPAttributes:
        """What is known of a file, links followed."""
        return SFTPAttributes.from_stat(self._files.stat(path))

    @_answered
    def lstat(self, path: str) -> SFTPAttributes:
        """What is known of a file or of a link itself."""
        return SFTPAttributes.from_stat(self._files.stat(path, follow=False))

    @_answered
    def open(self, path: str, flags: int, attr: SFTPAttributes) -> SftpFile:
        """A file, with the flags of ``os.open``."""
        mode = attr.st_mode if attr.st_mode is not None else 0o600
        return SftpFile(self._files.open(path, flags, mode), flags, self._max_read_bytes)

    @_answered
    def remove(self, path: str) -> int:
        """Remove a file."""
        self._files.remove(path)
        return SFTP_OK

    @_answered
    def rename(self, oldpath: str, newpath: str) -> int:
        """Rename; a name that is taken is refused (section 6.5)."""
        self._files.rename(oldpath, newpath, replace=False)
        return SFTP_OK

    @_answered
    def posix_rename(self, oldpath: str, newpath: str) -> int:
        """Rename in place of what has the name. Source: OpenSSH, ``PROTOCOL``, section 4.3."""
        self._files.rename(oldpath, newpath, replace=True)
        return SFTP_OK

    @_answered
    def mkdir(self, path: str, attr: SFTPAttributes) -> int:
        """Make a directory."""
        self._files.make_directory(path, attr.st_mode if attr.st_mode is not None else 0o700)
        return SFTP_OK

    @_answered
    def rmdir(self, path: str) -> int:
        """Remove an empty directory."""
        self._files.remove_directory(path)
        return SFTP_OK

    @_answered
    def chattr(self, path: str, attr: SFTPAttributes) -> int:
        """Set size, permissions and times, those that are given."""
        size, mode, times = _wishes(attr)
        if size is not None:
            self._files.set_size(path, size)
        if mode is not None:
            self._files.set_mode(path, mode)
        if times is not None:
            self._files.set_times(path, *times)
        return SFTP_OK

    def canonicalize(self, path: str) -> str:
        """The path without ``.`` and ``..``, from the user's directory as ``/``."""
        return posixpath.normpath("/" + path.lstrip("/"))

    @_answered
    def readlink(self, path: str) -> str:
        """The text of a link that somebody else made."""
        return _shown(self._files.read_link(path))

    def symlink(self, _target_path: str, _path: str) -> int:
        """Refused: a link would be followed by others who are not confined."""
        return SFTP_PERMISSION_DENIED


def _wishes(attr: SFTPAttributes) -> tuple[int | None, int | None, tuple[float, float] | None]:
    """Size, permissions and times that are to be set; a wish for another owner is refused."""
    flags: Any = getattr(attr, "_flags")  # noqa: B009 - the types do not know it
    if flags & attr.FLAG_UIDGID and (attr.st_uid, attr.st_gid) != (os.getuid(), os.getgid()):
        raise PermissionError(errno.EPERM, "files keep their owner")
    times = (float(attr.st_atime or 0), float(attr.st_mtime or 0)) if flags & attr.FLAG_AMTIME else None
    return (
        attr.st_size if flags & attr.FLAG_SIZE else None,
        attr.st_mode if flags & attr.FLAG_PERMISSIONS else None,
        times,
    )


def _shown(name: str) -> str:
    """A name as the protocol can say it: bytes that are no UTF-8 are shown as replacement characters."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
