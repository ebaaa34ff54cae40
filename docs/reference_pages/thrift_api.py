"""The page of the Thrift methods: what answers each of them, and which test proves it."""

from __future__ import annotations

import typing
from functools import cached_property

from airavata_adapters.thrift_api import interfaces, methods
from airavata_adapters.thrift_api.binding import methods_of
from airavata_adapters.thrift_api.targets import Constant, Target
from airavata_workload.api.api import Api
from reference_pages.evidence import evidence
from reference_pages.markdown import code, document, table

_INTRODUCTION = """
Every method of Airavata's Thrift services, as the superset of all generations has them: what of the application layer
answers it, and the tests that call it, either over the wire or there. Files of `tests/clients/` are programs that use
the SDKs as they are published. A method without an answer is refused with an `UNKNOWN_METHOD` exception.
"""


def page() -> str:
    """The page."""
    parts: list[str] = []
    for interface in interfaces.INTERFACES:
        bound = methods.table(interface.table)
        names = sorted(methods_of(interface))
        parts.append(f"## {interface.name}")
        parts.append(f"{sum(name in bound for name in names)} of {len(names)} methods are answered.")
        parts.append(table(("method", "answered by", "tests"), [_row(name, bound.get(name)) for name in names]))
    return document("Thrift API", "`airavata_adapters/thrift_api/methods/` and the tests", _INTRODUCTION, *parts)


def _row(name: str, target: Target | None) -> tuple[str, str, str]:
    if target is None:
        return code(name), "-", "-"
    owner, method = _owner(target)
    answer = f"{owner}.{method}" if owner else method
    return code(name), code(answer), ", ".join(map(code, evidence().files(name, owner, method))) or "-"


def _owner(target: Target) -> tuple[str, str]:
    """The class and the method behind a target; a target that is no method has no class."""
    if isinstance(target, Constant):
        return "", f'"{target.value}"'
    if not isinstance(target, tuple):
        return "", target.__name__
    attribute, method = target
    topic: cached_property[object] = getattr(Api, attribute)
    return typing.get_type_hints(topic.func)["return"].__name__, method
