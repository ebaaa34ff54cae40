"""A tar file from a machine that we do not trust, unpacked so that nothing leaves the directory.

Python's own filter for this (PEP 706) is missing from the Python 3.11 of
Debian 12, so this module does its own: tarfile only reads, and every file and
directory is made here, in directories that were made here. That none of their
names is or becomes a link is why nothing can be written outside. Modes are cut
as PEP 706 cuts them: nobody but the owner may write, nothing is set-user-id.
"""

from __future__ import annotations

import os
import shutil
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

LEFT_OUT_LIMIT = 1000
"""At most so many names are told; all are left out."""

_BLOCK_BYTES = 1024 * 1024
_LATEST_S = 2.0**33
"""Times after the year 2242 are taken for that."""


class UnsafeTarError(Exception):
    """The file is no tar file, is cut short, or holds names that no tar of ours would write."""


@dataclass(slots=True)
class Contents:
    """What was unpacked: how many files, and the names of the members that were left out as unsafe."""

    files: int = 0
    left_out: list[str] = field(default_factory=list)


def unpack(tar: Path, directory: Path, check_cancelled: Callable[[], None]) -> Contents:
    """Unpack ``tar`` into ``directory``, which is empty.

    Links that could lead out of the directory, and special files, are left out
    and listed. Raises ``UnsafeTarError``, ``OSError`` and what
    ``check_cancelled``, called before each member, raises.
    """
    contents = Contents()
    tree = _Tree(directory)
    try:
        with tarfile.open(tar, "r:") as archive:
            for member in archive:
                check_cancelled()
                if member.isdir():
                    tree.make_directory(_parts(member.name))
                elif _unpack_member(archive, member, tree):
                    contents.files += 1
                elif len(contents.left_out) < LEFT_OUT_LIMIT:
                    contents.left_out.append(_printable(member.name))
    except (tarfile.TarError, EOFError) as error:
        raise UnsafeTarError(f"{type(error).__name__}: {error}") from error
    return contents


def _unpack_member(archive: tarfile.TarFile, member: tarfile.TarInfo, tree: _Tree) -> bool:
    """Unpack what is no directory; false if it is left out."""
    parts = _parts(member.name)
    if member.issym():
        return tree.make_link(parts, member.linkname)
    if member.islnk():
        return tree.make_hard_link(parts, _parts(member.linkname))
    if not member.isreg():
        return False
    tree.make_file(parts, archive, member)
    return True


class _Tree:
    """The files below a directory that was empty; it knows which directories it has made."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._directories: set[tuple[str, ...]] = {()}

    def make_directory(self, parts: tuple[str, ...]) -> None:
        """Make the directory and those above it. Raises ``UnsafeTarError`` if something else stands there."""
        if parts in self._directories:
            return
        self.make_directory(parts[:-1])
        path = self._root.joinpath(*parts)
        try:
            path.mkdir(mode=0o755)
        except FileExistsError:
            raise UnsafeTarError(f"{_printable('/'.join(parts))} is a directory and something else, too") from None
        self._directories.add(parts)

    def make_file(self, parts: tuple[str, ...], archive: tarfile.TarFile, member: tarfile.TarInfo) -> None:
        """Write a regular file; a file or link of that name that came earlier is replaced."""
        path = self._free(parts)
        source = archive.extractfile(member)
        assert source is not None  # noqa: S101 - it is None only for what is no regular file
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with source, os.fdopen(descriptor, "wb") as target:
            shutil.copyfileobj(source, target, _BLOCK_BYTES)
            os.fchmod(target.fileno(), member.mode & 0o755 | 0o600)
        # In this order, so that not even a NaN gets through.
        modified_s = max(0.0, min(float(member.mtime), _LATEST_S))
        os.utime(path, (modified_s, modified_s))

    def make_link(self, parts: tuple[str, ...], target: str) -> bool:
        """Make a symbolic link, or return false if it could lead out.

        ``..`` may stand at the beginning only: there it goes up through
        directories of ours, after a name it might go up from where a link leads.
        """
        steps = [step for step in target.split("/") if step not in ("", ".")]
        upwards = next((number for number, step in enumerate(steps) if step != ".."), len(steps))
        if not target or target.startswith("/") or ".." in steps[upwards:] or upwards > len(parts) - 1:
            return False
        self._free(parts).symlink_to(target)
        return True

    def make_hard_link(self, parts: tuple[str, ...], target: tuple[str, ...]) -> bool:
        """Link to a file that has been unpacked, or return false if there is none."""
        existing = self._root.joinpath(*target)
        if target[:-1] not in self._directories or existing.is_symlink() or not existing.is_file():
            return False
        if parts != target:
            self._free(parts).hardlink_to(existing)
        return True

    def _free(self, parts: tuple[str, ...]) -> Path:
        """The path for something new, in a directory of ours."""
        if parts in self._directories:
            raise UnsafeTarError(f"{_printable('/'.join(parts))!r} is a directory and something else, too")
        self.make_directory(parts[:-1])
        path = self._root.joinpath(*parts)
        path.unlink(missing_ok=True)
        return path


def _parts(name: str) -> tuple[str, ...]:
    """The parts of a member's name. Raises ``UnsafeTarError`` if it is absolute or climbs."""
    parts = tuple(part for part in name.split("/") if part not in ("", "."))
    if name.startswith("/") or ".." in parts:
        raise UnsafeTarError(f"the name {_printable(name)!r} leads out of the archive")
    return parts


def _printable(name: str) -> str:
    """The name as text that any JSON can hold."""
    return os.fsencode(name).decode("utf-8", "replace")
