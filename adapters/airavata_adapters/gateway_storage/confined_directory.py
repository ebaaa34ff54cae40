"""A directory out of which no path leads.

A path is walked name by name from a descriptor of the directory, and every
step refuses to follow a symbolic link (``O_NOFOLLOW``). A link is read and its
text walked in turn, so that what was checked is what is used, whatever others
rename meanwhile. Links that are absolute, or that climb above the directory,
are refused. ``..`` in a path that a client sends stays inside by itself, as
``/..`` is ``/``.

Source: open(2), "Rationale for openat()"; path_resolution(7).
"""

from __future__ import annotations

import contextlib
import errno
import os
import posixpath
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Self

from airavata_adapters.gateway_storage.directory_listing import DirectoryListing

_MAX_LINKS = 40  # Source: path_resolution(7)
_MAX_DEPTH = 128
"""How deep directories may nest: each level of a walk holds a descriptor."""
_DIRECTORY = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_PERMISSIONS = 0o777
_HERE = "."


class ConfinedDirectory:
    """Works on files below ``root``, which must exist; a path is as the client knows it, ``/`` being ``root``.

    Methods raise ``OSError`` as the calls of ``os`` of the same names, with
    ``EACCES`` for what would lead out, and ``ValueError`` for a path with a
    NUL character. Several threads may use one.
    """

    def __init__(self, root: Path) -> None:
        self._root = os.open(root, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    def close(self) -> None:
        """Let go of the directory."""
        if self._root >= 0:
            os.close(self._root)
            self._root = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    # -- looking --------------------------------------------------------------------------
    def stat(self, path: str, *, follow: bool = True) -> os.stat_result:
        """What is known of a file; with ``follow`` of that to which a link leads."""
        with self._place(path, follow=follow) as (directory, name):
            return os.stat(name, dir_fd=directory, follow_symlinks=False)

    def entries(self, path: str) -> DirectoryListing:
        """What a directory holds; the caller closes it."""
        with self._place(path) as (directory, name):
            descriptor = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
        return DirectoryListing(descriptor)

    def read_link(self, path: str) -> str:
        """The text of a symbolic link."""
        with self._place(path, follow=False) as (directory, name):
            return os.readlink(name, dir_fd=directory)

    # -- files ----------------------------------------------------------------------------
    def open(self, path: str, flags: int, mode: int = 0o600) -> int:
        """A descriptor of a regular file, with the ``flags`` of ``os.open``; anything else is refused."""
        # Opening a named pipe would wait for its other end; a regular file does not mind O_NONBLOCK.
        careful = flags | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOCTTY
        with self._place(path) as (directory, name):
            descriptor = os.open(name, careful, mode & _PERMISSIONS, dir_fd=directory)
        kind = os.fstat(descriptor).st_mode
        if not stat.S_ISREG(kind):
            os.close(descriptor)
            raise _error(errno.EISDIR if stat.S_ISDIR(kind) else errno.EACCES, path)
        return descriptor

    def remove(self, path: str) -> None:
        """Remove a file, or a link."""
        with self._place(path, follow=False) as (directory, name):
            os.unlink(name, dir_fd=directory)

    def rename(self, old: str, new: str, *, replace: bool) -> None:
        """Give a file or directory another name. Without ``replace`` none may have it."""
        with (
            self._place(old, follow=False) as (old_directory, old_name),
            self._place(new, follow=False) as (new_directory, new_name),
        ):
            if not replace and _exists(new_name, new_directory):
                raise _error(errno.EEXIST, new)
            os.rename(old_name, new_name, src_dir_fd=old_directory, dst_dir_fd=new_directory)

    # -- directories ----------------------------------------------------------------------
    def make_directory(self, path: str, mode: int = 0o700) -> None:
        """Make a directory."""
        with self._place(path, follow=False) as (directory, name):
            os.mkdir(name, mode & _PERMISSIONS, dir_fd=directory)

    def remove_directory(self, path: str) -> None:
        """Remove an empty directory."""
        with self._place(path, follow=False) as (directory, name):
            os.rmdir(name, dir_fd=directory)

    # -- attributes -----------------------------------------------------------------------
    def set_mode(self, path: str, mode: int) -> None:
        """Set the permissions, of which there are nine."""
        with self._handle(path) as known_as:
            os.chmod(known_as, mode & _PERMISSIONS)

    def set_times(self, path: str, access_s: float, change_s: float) -> None:
        """Set the instants of the last access and change, in seconds since the epoch."""
        with self._handle(path) as known_as:
            os.utime(known_as, (access_s, change_s))

    def set_size(self, path: str, size_bytes: int) -> None:
        """Cut a file off, or fill it up with zeros."""
        descriptor = self.open(path, os.O_WRONLY)
        try:
            os.ftruncate(descriptor, size_bytes)
        finally:
            os.close(descriptor)

    # -- walking --------------------------------------------------------------------------
    @contextlib.contextmanager
    def _handle(self, path: str) -> Iterator[str]:
        """A name by which the kernel knows exactly this file (proc(5): ``/proc/self/fd``)."""
        with self._place(path) as (directory, name):
            descriptor = os.open(name, os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=directory)
        try:
            if stat.S_ISLNK(os.fstat(descriptor).st_mode):
                raise _error(errno.ELOOP, path)
            yield f"/proc/self/fd/{descriptor}"
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def _place(self, path: str, *, follow: bool = True) -> Iterator[tuple[int, str]]:
        """Descriptor of the directory that holds what the path names, and its name in there."""
        opened: list[int] = []
        try:
            yield self._walked(path, opened, follow=follow)
        finally:
            for descriptor in opened:
                os.close(descriptor)

    def _walked(self, path: str, opened: list[int], *, follow: bool) -> tuple[int, str]:
        if "\0" in path:
            raise ValueError("a path with a NUL character")
        pending = [*reversed(posixpath.normpath("/" + path).split("/"))]
        links = 0
        while pending:
            part = pending.pop()
            if part in ("", _HERE):
                continue
            if part == "..":
                if not opened:
                    raise _error(errno.EACCES, path)
                os.close(opened.pop())
                continue
            here = opened[-1] if opened else self._root
            target = _link_text(part, here) if pending or follow else None
            if target is not None:
                links += 1
                if links > _MAX_LINKS:
                    raise _error(errno.ELOOP, path)
                if target.startswith("/"):
                    raise _error(errno.EACCES, path)
                pending += reversed(target.split("/"))
            elif any(each not in ("", _HERE) for each in pending):
                if len(opened) >= _MAX_DEPTH:
                    raise _error(errno.ENAMETOOLONG, path)
                opened.append(os.open(part, _DIRECTORY, dir_fd=here))
            else:
                return here, part
        return (opened[-1] if opened else self._root), _HERE


def _link_text(name: str, directory: int) -> str | None:
    """The text of a symbolic link; ``None`` for anything else, also for nothing."""
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError as error:
        if error.errno in (errno.EINVAL, errno.ENOENT):
            return None
        raise


def _exists(name: str, directory: int) -> bool:
    try:
        os.stat(name, dir_fd=directory, follow_symlinks=False)
    except FileNotFoundError:
        return False
    return True


def _error(number: int, path: str) -> OSError:
    return OSError(number, os.strerror(number), path)
