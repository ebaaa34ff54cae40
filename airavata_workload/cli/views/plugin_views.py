"""Plugins by namespace, with their parameters."""

from __future__ import annotations

import json
import types
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from airavata_workload.cli.views.plain_text import printable
from airavata_workload.cli.views.state_marks import DONE, FAILED
from airavata_workload.plugins import Registration


def plugin_form(registration: Registration) -> dict[str, Any]:
    """A plugin or adapter.

    namespace: of entry points, without 'airavata_workload.'
    name: its name there; for a task plugin the kind of task
    distribution: who brings it
    version: of that distribution
    target: the module and object that the entry point names
    summary: what it does
    parameters: of a task plugin: list of parameters, each with name, type, required, default and description
    error: why it cannot be loaded, or empty
    """
    plugin = registration.plugin
    model = getattr(plugin, "parameters_model", None)
    return {
        "namespace": registration.namespace,
        "name": registration.name,
        "distribution": registration.distribution,
        "version": registration.version,
        "target": registration.target,
        "summary": _summary(plugin),
        "parameters": [] if model is None else [_parameter(name, field) for name, field in model.model_fields.items()],
        "error": registration.error,
    }


def _summary(plugin: Any) -> str:
    """What the plugin says about itself or, if nothing, the first sentence of its docstring."""
    said = getattr(plugin, "summary", "")
    if isinstance(said, str) and said:
        return said
    first = (getattr(plugin, "__doc__", None) or "").strip().partition("\n\n")[0]
    return " ".join(first.split()).partition(". ")[0].removesuffix(".")


def _parameter(name: str, field: Any) -> dict[str, Any]:
    from pydantic_core import to_jsonable_python

    required = field.is_required()
    default = None if required else field.get_default(call_default_factory=True)
    return {
        "name": name,
        "type": _type_name(field.annotation),
        "required": required,
        "default": to_jsonable_python(default, fallback=str),
        "description": field.description or "",
    }


def _type_name(annotation: Any) -> str:
    """The type as people write it, without the checks that hang on it: ``list[str]``, ``int | None``."""
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _type_name(arguments[0])
    if origin in (Union, types.UnionType):
        return " | ".join(_type_name(each) for each in arguments)
    if origin is Literal:
        return " | ".join(json.dumps(each) for each in arguments)
    if annotation is type(None):
        return "None"
    name = getattr(origin or annotation, "__name__", str(annotation))
    return f"{name}[{', '.join(_type_name(each) for each in arguments if each is not ...)}]" if arguments else name


def plugin_tables(plugins: Sequence[Mapping[str, Any]], *, ascii_only: bool) -> RenderableType:
    """All plugins, by namespace."""
    namespaces: dict[str, list[Mapping[str, Any]]] = {}
    for plugin in plugins:
        namespaces.setdefault(plugin["namespace"], []).append(plugin)
    parts: list[RenderableType] = []
    for namespace, members in namespaces.items():
        if parts:
            parts.append("")
        parts.append(Text(f"airavata_workload.{namespace}", style="bold"))
        parts += [part for plugin in members for part in _plugin(plugin, ascii_only)]
    return Group(*parts) if parts else Text("Nothing is registered.", style="dim")


def _plugin(plugin: Mapping[str, Any], ascii_only: bool) -> list[RenderableType]:
    mark = FAILED if plugin["error"] else DONE
    heading = Text.assemble(
        "  ",
        mark.text(ascii_only=ascii_only),
        " ",
        (printable(plugin["name"]), "cyan"),
        "  ",
        (f"{printable(plugin['distribution'])} {printable(plugin['version'])}", "dim"),
    )
    parts: list[RenderableType] = [heading]
    if plugin["error"]:
        parts.append(_below(Text(printable(plugin["error"]), style="red")))
    elif plugin["summary"]:
        parts.append(_below(Text(printable(plugin["summary"]))))
    if plugin["parameters"]:
        parts.append(_below(_parameters(plugin["parameters"])))
    return parts


def _below(renderable: RenderableType) -> Padding:
    return Padding(renderable, (0, 0, 0, 4))


def _parameters(parameters: Sequence[Mapping[str, Any]]) -> Table:
    table = Table.grid(padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for parameter in parameters:
        kind = "required" if parameter["required"] else f"default {_literal(parameter['default'])}"
        about = Text(printable(parameter["description"]))
        about.append(f"{'  ' if parameter['description'] else ''}({parameter['type']}, {kind})", style="dim")
        table.add_row(Text(f"- {parameter['name']}"), about)
    return table


def _literal(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)
