"""Which tests call which Thrift method over the wire, read from the text of the tests.

Services have methods of the same name, so a call counts for a service only if
it is known that the client is one of that service: by its name in the class
``Sdk`` of the programs with published SDKs or in the tests' ``InternalSite``,
or by the generated module of which it was made.
"""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from airavata_adapters.thrift_api.interfaces import AIRAVATA, INTERFACES
from reference_pages import project
from reference_pages.evidence import TESTS, Proofs, functions, last_name, method_calls, nodes, place, test_files

_GENERATED = {each.generated: each.name for each in INTERFACES}
_JAVA_METHOD = re.compile(r"^    (?:private|public) .*?(\w+)\(.*\{$")
_JAVA_CALL = re.compile(r"\bclient\.(\w+)\(")

Names = dict[str, set[str]]
"""Services by the last name of what stands before a call."""


@cache
def over_the_wire() -> Proofs:
    """What all tests call, by service and method."""
    found: dict[tuple[str, str], set[str]] = defaultdict(set)
    sdk, site = _services_of_sdk(), _services_of_site()
    for path in test_files():
        known = sdk if path.parent.name == "clients" else site
        file = _File(path)
        for function in functions(path):
            names, caller = file.names_in(function, known), place(path, function)
            for call in method_calls(function):
                for service in file.services(call.func.value, names):
                    found[service, call.func.attr].add(caller)
    for method, name in _java_calls(TESTS / "clients" / "Portal.java"):
        found[AIRAVATA.name, method].add(name)
    return found


def _services_of_sdk() -> Names:
    """``{"Airavata": self.api.calls(), ...}`` as ``api`` of Airavata, and so on."""
    tree = project.tree(TESTS / "clients" / "portal_sdk.py")
    (table,) = (
        node for node in ast.walk(tree) if isinstance(node, ast.Dict) and _is_text(node.keys[:1], AIRAVATA.name)
    )
    pairs = zip(table.keys, table.values, strict=True)
    return {
        last_name(value.func.value): {str(key.value)}
        for key, value in pairs
        if isinstance(key, ast.Constant) and isinstance(value, ast.Call) and isinstance(value.func, ast.Attribute)
    }


def _is_text(nodes: list[ast.expr | None], text: str) -> bool:
    return [each.value for each in nodes if isinstance(each, ast.Constant)] == [text]


def _services_of_site() -> Names:
    """The clients of ``InternalSite``, by attribute."""
    path = TESTS / "internal_site.py"
    file = _File(path)
    names: Names = {}
    for function in functions(path):
        names |= file.names_in(function, {})
    return names


class _File:
    """A module of tests: which generated services it knows, and what its functions make clients of."""

    def __init__(self, path: Path) -> None:
        self._services: dict[str, str] = {}
        self._makers: Names = {}
        for node in project.tree(path).body:
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("airavata_thrift."):
                package = str(node.module).removeprefix("airavata_thrift.")
                found = {each.name: _GENERATED.get(f"{package}.{each.name}") for each in node.names}
                self._services |= {name: service for name, service in found.items() if service is not None}
        for function in functions(path):
            names = self.names_in(function, {})
            for node in nodes(function):
                if not isinstance(node, ast.Return | ast.Yield) or (value := _first(node.value)) is None:
                    continue
                if services := self.services(value, names):
                    self._makers[function.name] = self._makers.get(function.name, set()) | services

    def names_in(self, function: ast.FunctionDef, known: Names) -> Names:
        """What is known before, the fixtures that the function takes, and what it assigns."""
        fixtures = {each.arg: self._makers[each.arg] for each in function.args.args if each.arg in self._makers}
        names = {**known, **fixtures}
        for node in nodes(function):
            for target, value in _assigned(node):
                services = self.services(value, names)
                if services:
                    names[last_name(target)] = services
        return names

    def services(self, node: ast.expr, names: Names) -> set[str]:
        """Of which services a client is."""
        if isinstance(node, ast.Tuple):
            return set().union(*(self.services(each, names) for each in node.elts))
        return self._made(node) if isinstance(node, ast.Call) else names.get(last_name(node), set())

    def _made(self, node: ast.expr | None) -> set[str]:
        """By a call that is given a generated module, or belongs to one; the tests' sites are of Airavata without."""
        if not isinstance(node, ast.Call):
            return set()
        given = [node.func, *node.args, *(each.value for each in node.keywords)]
        if isinstance(node.func, ast.Attribute):
            given.append(node.func.value)
        found = {self._services[each.id] for each in given if isinstance(each, ast.Name) and each.id in self._services}
        if found or last_name(node.func) != "client":
            return found or self._makers.get(last_name(node.func), set())
        return {AIRAVATA.name}


def _first(node: ast.expr | None) -> ast.expr | None:
    return node.elts[0] if isinstance(node, ast.Tuple) and node.elts else node


def _assigned(node: ast.AST) -> Iterator[tuple[ast.expr, ast.expr]]:
    """Pairs of what is assigned, one by one where both sides are tuples; loops assign, too."""
    if isinstance(node, ast.Assign):
        for target in node.targets:
            if isinstance(target, ast.Tuple) and isinstance(node.value, ast.Tuple):
                yield from zip(target.elts, node.value.elts, strict=True)
            else:
                yield _first(target) or target, node.value
    elif isinstance(node, ast.AnnAssign) and node.value is not None:
        yield node.target, node.value
    elif isinstance(node, ast.For | ast.comprehension):
        yield node.target, node.iter


def _java_calls(path: Path) -> Iterator[tuple[str, str]]:
    """The methods of Airavata that a Java program calls, and where."""
    method = ""
    for line in path.read_text("utf-8").splitlines():
        if (head := _JAVA_METHOD.match(line)) is not None:
            method = head.group(1)
        for name in _JAVA_CALL.findall(line):
            yield name, f"clients/{path.name}::{method}"
