"""Where in a method's arguments the dialect shows, for the walk over their bytes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from airavata_adapters.thrift_api.dialect_layouts import CLASHES
from airavata_adapters.thrift_api.dialects import (
    ARGUMENT_SPANS,
    EVERY,
    METHOD_SPANS,
    SERVICE_SPANS,
    Generation,
    Span,
    since,
)
from airavata_adapters.thrift_api.wire_specs import member_structs, reaches_a_clash

_SUFFIX = "_args"


@dataclass(frozen=True, slots=True)
class Watch:
    """A struct on the way to evidence: what its (id, wire type) pairs prove, and the watches of its members by id."""

    evidence: Mapping[tuple[int, int], Span] = field(default_factory=dict)
    members: Mapping[int, Watch] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Call:
    """What a call proves: by being made (``by_method``), by having no argument (``by_silence``), by its arguments."""

    by_method: Span = EVERY
    by_silence: Span = EVERY
    arguments: Watch | None = None


@cache
def call_of(arguments: Any) -> Call:
    """What to watch for in a call with arguments of this generated ``..._args`` class."""
    service = arguments.__module__.split(".")[1]
    method = arguments.__name__.removesuffix(_SUFFIX)
    by_method = METHOD_SPANS.get(service, {}).get(method) or SERVICE_SPANS.get(service, EVERY)
    by_silence = EVERY
    watch = _watch(arguments)
    if service == "airavata_api":
        if method == "getAPIVersion":
            by_silence = since(Generation.AIRAVATA_0_19)
        watch = _with_argument_ids(arguments, method, watch)
    return Call(by_method, by_silence, watch)


@cache
def _watch(struct: Any) -> Watch | None:
    if not reaches_a_clash(struct):
        return None
    clash = CLASHES.get(struct)
    rows = [row for row in struct.thrift_spec if row is not None]
    if clash is not None:  # the other layout has the same members elsewhere, or more of them
        rows += clash.other_rows()
    members = {}
    for row in rows:
        for member in member_structs(row):
            inner = _watch(member)
            if inner is not None:
                members[row[0]] = inner
    return Watch(clash.evidence() if clash is not None else {}, members)


def _with_argument_ids(arguments: Any, method: str, watch: Watch | None) -> Watch | None:
    types = {row[0]: row[1] for row in arguments.thrift_spec if row is not None}
    evidence = {(number, types[number]): span for (name, number), span in ARGUMENT_SPANS.items() if name == method}
    if not evidence:
        return watch
    return Watch(evidence, watch.members if watch is not None else {})
