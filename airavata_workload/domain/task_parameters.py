"""The parameters with which a task runs. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from airavata_workload.domain import references
from airavata_workload.domain.errors import DagError
from airavata_workload.domain.task import Task


def resolved_parameters(task: Task, outputs: Mapping[str, Mapping[str, Any]]) -> Mapping[str, Any]:
    """The task's parameters with the outputs of earlier tasks filled in.

    The tasks of a ``for_each`` node are seen under the node's name as the list
    of their outputs, which is empty where there were no items. Raises
    ``DagError`` for an output that its task did not give.
    """
    parameters = task.context["parameters"]
    wanted = [reference.split(".") for reference in references.find(parameters) if reference.startswith("tasks.")]
    if not wanted:
        # Still needed: it unfolds what the first pass protected.
        resolved: Mapping[str, Any] = references.resolve(parameters, {})
        return resolved
    scope: dict[str, Any] = {}
    fans: dict[str, dict[int, Mapping[str, Any]]] = {}
    for name, values in outputs.items():
        scope[name] = {"outputs": values}
        if name.endswith("]"):
            node, _, index = name[:-1].rpartition("[")
            fans.setdefault(node, {})[int(index)] = values
    for node, by_index in fans.items():
        keys = {key for values in by_index.values() for key in values}
        scope[node] = {"outputs": {key: [by_index[i].get(key) for i in sorted(by_index)] for key in keys}}
    for node in task.context.get("empty", ()):
        scope[node] = {"outputs": {words[3]: [] for words in wanted if words[1] == node and len(words) > 3}}
    try:
        resolved = references.resolve(parameters, {"tasks": scope})
    except DagError as error:
        raise DagError(f"task '{task.name}': {error.message}") from None
    return resolved
