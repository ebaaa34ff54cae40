"""Clients of Airavata's generations, made from a table of what they put on the wire; see tests/recorded/thrift.

They use the pure Python protocol of the ``thrift`` library and are as strict as the strictest real client: a required
field that is missing and an enum number that their generation has not are errors.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from thrift.protocol.TBase import TBase
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.Thrift import TType
from thrift.transport.TTransport import TMemoryBuffer

TABLE = json.loads((Path(__file__).parent / "recorded" / "thrift" / "generations.json").read_text(encoding="utf-8"))
GENERATIONS = ("2017-04", "0.17", "2026-03")
SCALARS = {
    "bool": TType.BOOL,
    "byte": TType.BYTE,
    "i16": TType.I16,
    "i32": TType.I32,
    "i64": TType.I64,
    "double": TType.DOUBLE,
    "string": TType.STRING,
    "binary": TType.STRING,
}
BITS = {TType.BYTE: 7, TType.I16: 15, TType.I32: 31, TType.I64: 63}
# Of April 2017: a whole name in one field, and times as text, which are numbers for everybody else.
FORMS = {
    ("2017-04", "UserProfile", "userName"): st.sampled_from(["Ada", "Ada Lovelace", "Ada King Lovelace"]),
    **{
        ("2017-04", "UserProfile", name): st.integers(0, 2**50).map(str)
        for name in ("creationTime", "lastAccessTime", "validUntil")
    },
}


class PeerError(AssertionError):
    """The peer cannot use what it was sent."""


def arguments_of(text: str) -> tuple[str, list[str]]:
    """``map<a,list<b>>`` as ``map`` and its arguments."""
    kind, _, inside = text.partition("<")
    if not inside:
        return kind, []
    inside, depth, parts = inside[:-1], 0, [""]
    for letter in inside:
        depth += {"<": 1, ">": -1}.get(letter, 0)
        if letter == "," and not depth:
            parts.append("")
        else:
            parts[-1] += letter
    return kind, parts


class Peer:
    """A client of one generation."""

    def __init__(self, generation: str) -> None:
        self.generation = generation
        self.enums = {name: numbers for name, gens, numbers in TABLE["enums"] if generation in gens}
        self.structs = {name: fields for name, gens, fields in TABLE["structs"] if generation in gens}
        self._classes: dict[str, Any] = {}

    def struct(self, name: str) -> Any:
        """The peer's class."""
        if name not in self._classes:
            fields = self.structs[name]
            spec: list[Any] = [None] * (max((field[0] for field in fields), default=-1) + 1)
            for number, attribute, text, _ in fields:
                spec[number] = (number, *self._wire(text)[:1], attribute, self._wire(text)[1], None)
            names = tuple(field[1] for field in fields)

            def with_values(self: Any, **values: Any) -> None:
                for each in names:
                    setattr(self, each, values.get(each))

            members = {"__slots__": names, "__init__": with_values, "thrift_spec": tuple(spec), "NAME": name}
            self._classes[name] = type(name.rpartition(".")[2], (TBase,), members)
        return self._classes[name]

    def _wire(self, text: str) -> tuple[int, Any]:
        kind, parts = arguments_of(text)
        if text.startswith("enum "):
            return TType.I32, None
        if text.startswith("struct "):
            struct = self.struct(text.removeprefix("struct "))
            return TType.STRUCT, [struct, struct.thrift_spec]
        if kind in ("list", "set"):
            return (TType.LIST if kind == "list" else TType.SET), (*self._wire(parts[0]), False)
        if kind == "map":
            return TType.MAP, (*self._wire(parts[0]), *self._wire(parts[1]), False)
        return SCALARS[kind], {"string": "UTF8", "binary": "BINARY"}.get(kind)

    def write(self, thing: Any) -> bytes:
        transport = TMemoryBuffer()
        thing.write(TBinaryProtocol(transport))
        content: bytes = transport.getvalue()
        return content

    def read(self, name: str, content: bytes) -> Any:
        """Raises :class:`PeerError` for what a real client would stumble over."""
        thing = self.struct(name)()
        thing.read(TBinaryProtocol(TMemoryBuffer(content)))
        self.check(thing)
        return thing

    def check(self, thing: Any) -> None:
        for _, attribute, text, required in self.structs[thing.NAME]:
            value = getattr(thing, attribute)
            if value is None and required:
                raise PeerError(f"{self.generation}: {thing.NAME}.{attribute} is required")
            if value is not None:
                self._check_value(value, text, f"{thing.NAME}.{attribute}")

    def _check_value(self, value: Any, text: str, where: str) -> None:
        _, parts = arguments_of(text)
        if text.startswith("enum ") and value not in self.enums[text.removeprefix("enum ")]:
            raise PeerError(f"{self.generation}: {where} has the unknown number {value}")
        if text.startswith("struct "):
            self.check(value)
        if text.startswith(("list", "set")):
            for element in value:
                self._check_value(element, parts[0], where)
        if text.startswith("map"):
            for key, element in value.items():
                self._check_value(key, parts[0], where)
                self._check_value(element, parts[1], where)

    def filled(self, name: str) -> Any:
        """An object with a value of its own in every field, however deep."""
        thing = self.struct(name)()
        for number, attribute, text, _ in self.structs[name]:
            form = FORMS.get((self.generation, name.rpartition(".")[2], attribute))
            plain = "20" if attribute != "userName" else "Ada Lovelace"
            setattr(thing, attribute, plain if form is not None else self._filled_value(text, f"{attribute}{number}"))
        return thing

    def _filled_value(self, text: str, label: str) -> Any:
        kind, parts = arguments_of(text)
        if text.startswith("enum "):
            return max(self.enums[text.removeprefix("enum ")])
        if text.startswith("struct "):
            return self.filled(text.removeprefix("struct "))
        if kind == "list":
            return [self._filled_value(parts[0], label)]
        if kind == "set":
            return {self._filled_value(parts[0], label)}
        if kind == "map":
            return {self._filled_value(parts[0], label): self._filled_value(parts[1], label)}
        number = sum(map(ord, label)) % 100
        values = {"bool": True, "double": number / 2, "string": label, "binary": label.encode()}
        return values.get(kind, number)

    def objects(self, name: str, depth: int = 0) -> st.SearchStrategy[Any]:
        """Any object of the struct; below the second level mostly without members."""
        members = {}
        for _, attribute, text, required in self.structs[name]:
            form = FORMS.get((self.generation, name.rpartition(".")[2], attribute))
            values = self._values(text, depth) if form is None else form
            members[attribute] = values if required else st.none() if depth > 2 else st.none() | values
        return st.builds(self.struct(name), **members)

    def _values(self, text: str, depth: int) -> st.SearchStrategy[Any]:
        kind, parts = arguments_of(text)
        if text.startswith("enum "):
            return st.sampled_from(self.enums[text.removeprefix("enum ")])
        if text.startswith("struct "):
            return self.objects(text.removeprefix("struct "), depth + 1)
        if kind == "list":
            return st.lists(self._values(parts[0], depth), max_size=2)
        if kind == "set":
            return st.sets(self._values(parts[0], depth), max_size=2)
        if kind == "map":
            return st.dictionaries(self._values(parts[0], depth), self._values(parts[1], depth), max_size=2)
        wire_type = SCALARS[kind]
        if wire_type in BITS:
            return st.integers(-(2 ** BITS[wire_type]), 2 ** BITS[wire_type] - 1)
        simple = {"bool": st.booleans(), "double": st.floats(allow_nan=False), "binary": st.binary(max_size=4)}
        return simple.get(kind, st.text(max_size=4))


@cache
def peer(generation: str) -> Peer:
    return Peer(generation)


def comes_back(sent: Any, returned: Any) -> bool:
    """Whether everything that was set is there again; what was not set may have its default."""
    if isinstance(sent, TBase):
        return all(comes_back(getattr(sent, name), getattr(returned, name)) for name in sent.__slots__)
    if isinstance(sent, list):
        return len(sent) == len(returned) and all(map(comes_back, sent, returned))
    if isinstance(sent, dict):
        return sent.keys() == returned.keys() and all(comes_back(sent[key], returned[key]) for key in sent)
    return sent is None or sent == returned


def wire_letters(text: str) -> list[tuple[int, str]]:
    """``1c 2L<s>`` as numbers and wire types."""
    found = [re.fullmatch(r"(\d+)(.+)", part) for part in text.split()]
    return [(int(match[1]), match[2]) for match in found if match is not None]
