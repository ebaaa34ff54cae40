"""Places of files: where an input comes from, where an output goes, and what lies inside a directory."""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator

_ON_RESOURCE = re.compile(r"([A-Za-z0-9][A-Za-z0-9._-]*):(/.*)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Place:
    """A file or directory: an absolute ``path`` on the named resource, or on the engine's machine if that is ''."""

    resource: str
    path: str

    @classmethod
    def parse(cls, text: str) -> Place:
        """What ``/absolute/path`` or ``resource:/absolute/path`` means. Raises ``ValueError`` with the reason."""
        found = _ON_RESOURCE.fullmatch(text)
        resource, path = (found.group(1), found.group(2)) if found else ("", text)
        return cls(resource, absolute(path))

    def beside(self, name: str) -> Place:
        """The place of ``name`` below this directory."""
        return Place(self.resource, posixpath.join(self.path, name))

    def __str__(self) -> str:
        return f"{self.resource}:{self.path}" if self.resource else self.path


def absolute(path: str) -> str:
    """``path`` without a slash at its end. Raises ``ValueError`` unless it is absolute and free of ``..`` and NUL."""
    if not path.startswith("/"):
        raise ValueError(f"{path!r} is not an absolute path; write /path, or resource:/path where a resource may stand")
    if ".." in PurePosixPath(path).parts:
        raise ValueError(f"{path!r} holds '..'; write the path without it")
    if "\0" in path:
        raise ValueError(f"{path!r} holds a NUL character")
    return posixpath.normpath("/" + path.lstrip("/"))


def inside(path: str) -> str:
    """``path``, normalised. Raises ``ValueError`` unless it is relative and stays inside its directory."""
    if not path or path.endswith("/") or posixpath.normpath(path) == ".":
        raise ValueError(f"{path!r} does not name a file")
    if path.startswith("/"):
        raise ValueError(f"{path!r} is absolute; write it relative to the working directory")
    if ".." in PurePosixPath(path).parts:
        raise ValueError(f"{path!r} leads out of the working directory")
    if "\0" in path:
        raise ValueError(f"{path!r} holds a NUL character")
    return posixpath.normpath(path)


def _place(text: str) -> str:
    return str(Place.parse(text))


AbsolutePath = Annotated[str, AfterValidator(absolute)]
"""An absolute path without ``..``."""

InsidePath = Annotated[str, AfterValidator(inside)]
"""A relative path that stays inside its directory."""

PlaceText = Annotated[str, AfterValidator(_place)]
"""``/absolute/path`` on the engine's machine or ``resource:/absolute/path``."""
