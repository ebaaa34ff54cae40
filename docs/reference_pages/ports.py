"""The page of the ports."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator

from reference_pages import project
from reference_pages.markdown import code, document, paragraphs, prose

_INTRODUCTION = """
The abstract classes between the engine and everything outside it, one module each in `airavata_workload/ports/`. Under
which name an implementation is registered, [Entry points](entry-points.md) says.
"""

_ORDER = (
    "task_plugin",
    "batch_system",
    "remote_shell",
    "file_transfer",
    "graph_store",
    "task_queue",
    "recovery_nodes",
    "registry",
    "store_schema",
    "record_store",
    "event_bus",
    "credential_store",
    "token_verifier",
    "identity_provider",
    "api_server",
    "account_provisioner",
    "validation",
    "backing",
)


def page() -> str:
    """The page."""
    folder = project.ROOT / "airavata_workload" / "ports"
    there = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    if there != set(_ORDER):
        raise AssertionError(f"docs/reference_pages/ports.py: {there ^ set(_ORDER)} is on one side only")
    package = ast.get_docstring(project.tree(folder / "__init__.py")) or ""
    parts = [part for name in _ORDER for part in _module(project.tree(folder / f"{name}.py"))]
    return document(
        "Ports", "`airavata_workload/ports/`", _INTRODUCTION, paragraphs(package.split("\n\n", 1)[1]), *parts
    )


def _module(module: ast.Module) -> Iterator[str]:
    for node in module.body:
        if isinstance(node, ast.ClassDef):
            yield f"## {node.name}"
            yield paragraphs(ast.get_docstring(node))
            yield from _members(node)


def _members(owner: ast.ClassDef) -> Iterator[str]:
    attributes = list(_attributes(owner))
    if attributes:
        yield "\n".join(attributes)
    for node in owner.body:
        if isinstance(node, ast.FunctionDef) and not node.name.startswith("_"):
            yield f"**{code(_signature(node))}**" + _marks(node)
            yield paragraphs(ast.get_docstring(node))


def _attributes(owner: ast.ClassDef) -> Iterator[str]:
    """A list item for each attribute, with the docstring below it if there is one."""
    for node, below in zip(owner.body, [*owner.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign):
            said = below.value.value if isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant) else ""
            yield f"- {code(ast.unparse(node))}" + (f": {prose(str(said))}" if said else "")


def _signature(node: ast.FunctionDef) -> str:
    arguments = ast.unparse(node.args).removeprefix("self, ").removeprefix("self")
    returns = f" -> {ast.unparse(node.returns)}" if node.returns else ""
    return inspect.cleandoc(f"{node.name}({arguments}){returns}")


def _marks(node: ast.FunctionDef) -> str:
    names = [ast.unparse(mark) for mark in node.decorator_list]
    said = [word for name, word in (("property", "property"), ("abstractmethod", "must be written")) if name in names]
    return f" ({prose(', '.join(said))})" if said else ""
