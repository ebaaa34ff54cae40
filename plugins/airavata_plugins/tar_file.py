"""A tar file from a machine that we do not trust, unpacked so that nothing leaves the directory."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

LEFT_OUT_LIMIT = 1000
"""At most so many names are told; all are left out."""


class UnsafeTarError(Exception):
    """The file is no tar file, is cut short, or holds names that no tar of ours would write."""


@dataclass(slots=True)
class Contents:
    """What was unpacked: how many files, and the names of the members that were left out as unsafe."""

    files: int = 0
    left_out: list[str] = field(default_factory=list)


def unpack(tar: Path, directory: Path, check_cancelled: Callable[[], None]) -> Contents:
    """Unpack ``tar`` into ``directory``.

    Members pass Python's ``data`` filter (Source: tarfile documentation,
    "Extraction filters"; PEP 706). Links that lead out of the directory and
    special files are left out and listed. Raises ``UnsafeTarError``, ``OSError``
    and what ``check_cancelled``, called before each member, raises.
    """
    contents = Contents()
    try:
        with tarfile.open(tar, errorlevel=2) as archive:
            for member in archive:
                check_cancelled()
                _unpack_member(archive, member, directory, contents)
    except (tarfile.TarError, EOFError) as error:
        raise UnsafeTarError(f"{type(error).__name__}: {error}") from error
    _make_directories_removable(directory)
    return contents


def _unpack_member(archive: tarfile.TarFile, member: tarfile.TarInfo, directory: Path, contents: Contents) -> None:
    try:
        archive.extract(member, directory, filter="data")
    except (tarfile.AbsoluteLinkError, tarfile.LinkOutsideDestinationError, tarfile.SpecialFileError):
        if len(contents.left_out) < LEFT_OUT_LIMIT:
            contents.left_out.append(_printable(member.name))
        return
    except KeyError:
        # A hard link to a member that was left out.
        contents.left_out.append(_printable(member.name))
        return
    if member.isfile() or member.islnk() or member.issym():
        contents.files += 1


def _printable(name: str) -> str:
    """The name as text that any JSON can hold."""
    return os.fsencode(name).decode("utf-8", "replace")


def _make_directories_removable(directory: Path) -> None:
    """Give the owner all rights on directories, or a later attempt could not replace them."""
    for path, _directories, _files in os.walk(directory):
        os.chmod(path, 0o755)  # noqa: S103 - an archive is for others to read; GFAC's ArchiveTask gives 755, too
