"""What a request may say, checked before anything is stored: each refusal names the field and says what to write."""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import TypeVar

from airavata_workload.api.access.permission import missing
from airavata_workload.domain.errors import ConflictError, InputError
from airavata_workload.domain.thing import Thing
from airavata_workload.records.record import DEFAULT_ID

_PLAIN_ID = re.compile(r"[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9._-]*")
_NOT_PLAIN = re.compile(r"[^A-Za-z0-9._-]+")
_DOTS = re.compile(r"\.{2,}")
_HOST = re.compile(r"[A-Za-z0-9](?!.*\.\.)[A-Za-z0-9.:-]{0,252}")
_LONGEST_NAME = 100

T = TypeVar("T")


def found(record: T | None, what: str | Thing) -> T:
    """The record. Raises ``NotFoundError`` about ``what`` if there is none."""
    if record is None:
        raise missing(what)
    return record


def given(value: str | None, field: str) -> str:
    """The text without blanks around it. Raises ``InputError`` if there is none."""
    text = (value or "").strip()
    if not text or text == DEFAULT_ID:
        raise InputError(f"{field} is not given.", remedy=f"Set {field}.")
    return text


def is_new(identifier: str | None) -> bool:
    """Whether the id is what clients send for something that has none yet."""
    return (identifier or "").strip() in ("", DEFAULT_ID)


def new_id(prefix: str) -> str:
    """A new id ``<prefix>_<uuid>``, with characters replaced that are not safe in a file name.

    Source: the forms that clients rely on: they look for a host by the beginning of its id.
    """
    plain = _DOTS.sub(".", _NOT_PLAIN.sub("_", prefix.strip())).lstrip("._-")[:_LONGEST_NAME]
    return f"{plain or 'x'}_{uuid.uuid4()}"


def chosen_id(identifier: str | None, prefix: str, field: str) -> str:
    """The id that a client chose, or a new one. Raises ``InputError`` for one with other characters than ids have."""
    if is_new(identifier):
        return new_id(prefix)
    return plain_id(identifier, field)


def plain_id(identifier: str | None, field: str) -> str:
    """An id that is safe in file names, places and names of clusters. Raises ``InputError``."""
    text = given(identifier, field)
    if not _PLAIN_ID.fullmatch(text):
        raise InputError(
            f"{field} is {text!r}, which is not an id.",
            remedy="Use letters, digits, '-', '_' and single '.', the first a letter or digit, or leave it unset.",
        )
    return text


def host_name(value: str | None, field: str) -> str:
    """A host name or address. Raises ``InputError``."""
    text = given(value, field)
    if not _HOST.fullmatch(text):
        raise InputError(f"{field} is {text!r}, which is not a host name or address.", remedy=f"Correct {field}.")
    return text


def port(value: int | None, field: str) -> None:
    """Raise ``InputError`` unless the port is unset or one of TCP's."""
    if value is not None and not 0 < value < 65536:
        raise InputError(f"{field} is {value}; a port is a number from 1 to 65535.", remedy=f"Correct {field}.")


def not_negative(value: int | None, field: str) -> None:
    """Raise ``InputError`` for a number below zero."""
    if value is not None and value < 0:
        raise InputError(f"{field} is {value}; it must not be negative.", remedy=f"Correct or unset {field}.")


def absolute_path(value: str | None, field: str) -> None:
    """Raise ``InputError`` unless the path is unset, or absolute and free of ``..`` and of line ends."""
    if not value:
        return
    path = PurePosixPath(value)
    if not path.is_absolute() or ".." in path.parts or any(each in value for each in "\0\r\n"):
        raise InputError(f"{field} is {value!r}.", remedy="It must be an absolute path without '..', in one line.")


def one_line(value: str | None, field: str) -> None:
    """Raise ``InputError`` for text with a line end or a NUL character in it."""
    if value and any(each in value for each in "\0\r\n"):
        raise InputError(f"{field} holds a line end.", remedy=f"Write {field} in one line.")


def login_name(value: str | None, field: str) -> None:
    """Raise ``InputError`` unless the login name is unset or a word that cannot be taken for an option."""
    if value and (value.startswith("-") or any(each.isspace() or not each.isprintable() for each in value)):
        raise InputError(f"{field} is {value!r}, which is not a login name.", remedy=f"Correct {field}.")


def unique(values: Iterable[str], field: str) -> None:
    """Raise ``InputError`` for a value that stands there twice."""
    seen: set[str] = set()
    for value in values:
        if value in seen:
            raise InputError(f"{field} names {value!r} twice.", remedy="Name each one once.")
        seen.add(value)


def page(limit: int | None, offset: int | None) -> tuple[int | None, int]:
    """Limit and offset of a list: a limit below zero is none. Raises ``InputError`` for an offset below zero."""
    if offset is not None and offset < 0:
        raise InputError(f"offset is {offset}; it must not be negative.", remedy="Count from 0.")
    return (None if limit is None or limit < 0 else limit), offset or 0


def unused(what: str, users: Sequence[str], kind: str) -> None:
    """Raise ``ConflictError`` while something of that kind still names the thing."""
    if users:
        more = f" and {len(users) - 1} more" if len(users) > 1 else ""
        raise ConflictError(f"The {what} is used by {kind} '{users[0]}'{more}.", remedy=f"Delete the {kind} first.")
