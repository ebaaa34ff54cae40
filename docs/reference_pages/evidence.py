"""Which tests call what of the application layer, read from the text of the tests.

A call ``site.groups.create(...)`` belongs to the class that ``groups`` was made
of (``self.groups = Groups(...)``), wherever the tests do that.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from reference_pages import project

TESTS = project.ROOT / "tests"
_FOLDERS = ("acceptance", "clients", "conformance", "integration", "property", "unit")
_STRENGTH = ("clients", "integration", "acceptance", "unit", "property", "conformance")
"""What proves more comes first: a published client before a test of ours."""

Proofs = Mapping[tuple[str, str], set[str]]
"""By owner and method: ``file::function`` of every caller."""


def strongest_first(proofs: set[str]) -> list[str]:
    """In the order in which readers want them."""
    return sorted(proofs, key=lambda name: (_STRENGTH.index(name.split("/")[0]), name))


@cache
def of_application_layer() -> Proofs:
    """What all tests call, by class and method."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    made = _makers([*TESTS.glob("*.py"), *test_files()])
    for path in test_files():
        for function in functions(path):
            caller = place(path, function)
            for call in method_calls(function):
                for owner in made.get(last_name(call.func.value), ()):
                    found[owner, call.func.attr].add(caller)
    return found


def test_files() -> Iterator[Path]:
    """Every module of tests, and of the programs that tests run."""
    for folder in _FOLDERS:
        yield from sorted((TESTS / folder).glob("*.py"))


def functions(path: Path) -> Iterator[ast.FunctionDef]:
    """The functions of a module, and the methods of its classes; what is inside them belongs to them."""
    for node in project.tree(path).body:
        members = node.body if isinstance(node, ast.ClassDef) else [node]
        yield from (each for each in members if isinstance(each, ast.FunctionDef))


@cache
def nodes(function: ast.FunctionDef) -> tuple[ast.AST, ...]:
    """All that a function consists of."""
    return tuple(ast.walk(function))


class MethodCall(ast.Call):
    """A call of something's method."""

    func: ast.Attribute


def method_calls(function: ast.FunctionDef) -> Iterator[MethodCall]:
    """All that a function makes."""
    for node in nodes(function):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            yield node  # type: ignore[misc]


def place(path: Path, function: ast.FunctionDef) -> str:
    """As pytest names it."""
    return f"{path.relative_to(TESTS).as_posix()}::{function.name}"


def last_name(node: ast.expr) -> str:
    """``c`` of ``a.b.c``, and of a call the name of what is called."""
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Call):
        return last_name(node.func)
    return node.id if isinstance(node, ast.Name) else ""


def _makers(paths: list[Path]) -> dict[str, set[str]]:
    """Names of variables and attributes, with the classes of which they are made or annotated to be."""
    made: dict[str, set[str]] = defaultdict(set)
    for path in paths:
        for node in ast.walk(project.tree(path)):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
                for target in node.targets:
                    made[last_name(target)].add(last_name(node.value.func))
            elif isinstance(node, ast.arg) and node.annotation is not None:
                made[node.arg].add(last_name(node.annotation))
    return made
