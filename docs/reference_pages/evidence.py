"""Which tests call what, read from the text of the tests.

A call ``site.groups.create(...)`` belongs to the class that ``groups`` was made
of (``self.groups = Groups(...)``), wherever the tests do that; a call whose last
name is a Thrift method's belongs to that method.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from reference_pages import project

_FOLDERS = ("acceptance", "clients", "conformance", "integration", "property", "unit")
_STRENGTH = ("clients", "integration", "acceptance", "unit", "property", "conformance")
"""What proves more comes first: a published client before a test of ours."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """Files of tests by the method that they call: of the wire, and of a class of the application layer."""

    by_wire_name: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    by_method: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))

    def files(self, wire_name: str, owner: str, method: str) -> list[str]:
        """The tests of a method, the strongest first."""
        found = self.by_wire_name.get(wire_name, set()) | self.by_method.get((owner, method), set())
        return sorted(found, key=lambda name: (_STRENGTH.index(name.split("/")[0]), name))


@cache
def evidence() -> Evidence:
    """What all tests call."""
    found = Evidence()
    tests = project.ROOT / "tests"
    made = _makers([*tests.glob("*.py"), *_test_files(tests)])
    for path in _test_files(tests):
        name = path.relative_to(tests).as_posix()
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                found.by_wire_name[node.func.attr].add(name)
                for owner in made.get(_last_name(node.func.value), ()):
                    found.by_method[owner, node.func.attr].add(name)
    return found


def _test_files(tests: Path) -> Iterator[Path]:
    for folder in _FOLDERS:
        yield from sorted((tests / folder).glob("*.py"))


def _makers(paths: list[Path]) -> dict[str, set[str]]:
    """Names of variables and attributes, with the classes of which they are made or annotated to be."""
    made: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                for target in node.targets:
                    made[_last_name(target)].add(_last_name(node.value.func))
            elif isinstance(node, ast.arg) and node.annotation is not None:
                made[node.arg].add(_last_name(node.annotation))
    return made


def _last_name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return _last_name(node.func)
    return node.id if isinstance(node, ast.Name) else ""
