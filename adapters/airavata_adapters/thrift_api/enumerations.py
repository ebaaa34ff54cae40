"""The numbers that enumerations have on the wire, by the names of their members."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from typing import Any

import airavata_thrift
from airavata_adapters.thrift_api.naming import ENUMS_RENAMED


class EnumerationError(Exception):
    """An enumeration of the records that Thrift does not have, or not like that."""


@cache
def numbers(enumeration: type[Enum]) -> Mapping[Enum, int]:
    """The number of every member. Raises ``EnumerationError``.

    Thrift's enumeration is found by its name, because the generated structs do
    not say which one a field has; of several with that name those count that
    know all members, and they must agree.
    """
    name = ENUMS_RENAMED.get(enumeration.__name__, enumeration.__name__)
    wanted = {member.name for member in enumeration}
    fitting = [each for each in _generated().get(name.lower(), ()) if wanted <= each.keys()]
    found = {tuple(each[member.name] for member in enumeration) for each in fitting}
    if len(found) != 1:
        what = "none with its members" if not found else "several that contradict one another"
        raise EnumerationError(f"{enumeration.__qualname__}: Thrift has {what} under the name {name}.")
    return dict(zip(enumeration, found.pop(), strict=True))


@cache
def _generated() -> Mapping[str, list[Mapping[str, int]]]:
    """By name in small letters, the members of every generated enumeration: some begin with a small one."""
    result: dict[str, list[Mapping[str, int]]] = {}
    for name, members in _each():
        result.setdefault(name.lower(), []).append(members)
    return result


def _each() -> Iterator[tuple[str, Mapping[str, int]]]:
    for package in pkgutil.iter_modules(airavata_thrift.__path__):
        if package.ispkg:
            module: Any = importlib.import_module(f"{airavata_thrift.__name__}.{package.name}.ttypes")
            for name, thing in vars(module).items():
                members = vars(thing).get("_NAMES_TO_VALUES") if isinstance(thing, type) else None
                if members is not None and thing.__module__ == module.__name__:
                    yield name, members
