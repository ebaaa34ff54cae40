"""The page of the Thrift methods: what answers each of them, and which test proves it."""

from __future__ import annotations

import typing
from functools import cached_property

from airavata_adapters.thrift_api import interfaces, methods
from airavata_adapters.thrift_api.binding import methods_of
from airavata_adapters.thrift_api.targets import Constant, Target
from airavata_workload.api.api import Api
from reference_pages.evidence import of_application_layer, strongest_first
from reference_pages.markdown import code, document, table
from reference_pages.wire_evidence import over_the_wire

_SHOWN = 3
"""Proofs of one kind: a reader looks one up, and the rest can be searched for."""

_INTRODUCTION = f"""
Every method of Airavata's Thrift services, as the superset of all generations has them: what of the application layer
answers it, and the tests that call it, over the wire and in the application layer; of each the {_SHOWN} that prove
most, and how many more there are. `clients/portal_*.py` are one program that uses each of the SDKs as they are
published, run by `integration/test_python_sdks.py`; `clients/Portal.java` uses the published Java classes, run by
`integration/test_java_client.py`. Those tests compare all that the programs have seen. Beyond what stands here,
`unit/test_thrift_every_method.py` asks every method for what there is not, and none answers without words.
"""


def page() -> str:
    """The page."""
    parts: list[str] = []
    columns = ("method", "answered by", "over the wire", "in the application layer")
    for interface in interfaces.INTERFACES:
        bound = methods.table(interface.table)
        names = sorted(methods_of(interface))
        parts.append(f"## {interface.name}")
        parts.append(f"{sum(name in bound for name in names)} of {len(names)} methods are answered.")
        parts.append(table(columns, [_row(interface.name, name, bound[name]) for name in names if name in bound]))
    return document("Thrift API", "`airavata_adapters/thrift_api/methods/` and the tests", _INTRODUCTION, *parts)


def _row(service: str, name: str, target: Target) -> tuple[str, str, str, str]:
    owner, method = _owner(target)
    answer = f"{owner}.{method}" if owner else method
    wire = over_the_wire().get((service, name), set())
    inside = of_application_layer().get((owner, method), set())
    return code(name), code(answer), _proofs(wire), _proofs(inside - wire)


def _proofs(found: set[str]) -> str:
    shown = ", ".join(map(code, strongest_first(found)[:_SHOWN]))
    return f"{shown}, {len(found) - _SHOWN} more" if len(found) > _SHOWN else shown or "-"


def _owner(target: Target) -> tuple[str, str]:
    """The class and the method behind a target; a target that is no method has no class."""
    if isinstance(target, Constant):
        return "", f'"{target.value}"'
    if not isinstance(target, tuple):
        return "", target.__name__
    attribute, method = target
    topic: cached_property[object] = getattr(Api, attribute)
    return typing.get_type_hints(topic.func)["return"].__name__, method
