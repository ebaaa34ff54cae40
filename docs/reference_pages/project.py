"""What the project's own files say: entry points of this distribution alone, and docstrings as they are written."""

from __future__ import annotations

import ast
import configparser
import importlib
import inspect
import textwrap
from functools import cache
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
PREFIX = "airavata_workload."


def entry_points(namespace: str) -> dict[str, str]:
    """Name to target of what this distribution registers; other distributions that are installed do not matter."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / "setup.cfg", "utf-8")
    lines = parser["options.entry_points"].get(PREFIX + namespace, "").strip().splitlines()
    pairs = (line.split("=", 1) for line in lines)
    return {name.strip(): target.strip() for name, target in pairs}


def load(target: str) -> Any:
    """What ``module:name`` means."""
    module, _, name = target.partition(":")
    return getattr(importlib.import_module(module), name)


@cache
def tree(path: Path) -> ast.Module:
    """The syntax tree of a module; nobody changes it."""
    return ast.parse(path.read_text("utf-8"))


def attribute_docs(owner: type[Any]) -> dict[str, str]:
    """The docstrings below the attributes of a class, which Python does not keep."""
    module = ast.parse(textwrap.dedent(inspect.getsource(owner)))
    (definition,) = (node for node in module.body if isinstance(node, ast.ClassDef))
    found: dict[str, str] = {}
    name = ""
    for node in definition.body:
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
        elif isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and name:
            found[name] = inspect.cleandoc(str(node.value.value))
            name = ""
        else:
            name = ""
    return found


def shipped(name: str) -> str:
    """The text of a file in ``config/``."""
    return (ROOT / "config" / name).read_text("utf-8")
