"""The page of the task plugins."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from airavata_workload.ports.task_plugin import TaskPlugin
from reference_pages import project
from reference_pages.markdown import code, document, paragraphs, prose, table
from reference_pages.models import keys, nested

_INTRODUCTION = """
The kinds of task that come with the engine. A [DAG file](dag-file.md) names one as `kind` and tells it the parameters.
`airavata-workload plugins list --namespace tasks` shows the same for what is installed with you, other people's plugins
included. [Write a task plugin](../how-to/write-a-task-plugin.md) adds one.

An unknown parameter is an error. A task's outputs go to the tasks after it, as `${tasks.NAME.outputs.OUTPUT}`.
"""


def page() -> str:
    """The page."""
    plugins = [project.load(target) for target in project.entry_points("tasks").values()]
    overview = [
        (f"[`{plugin.kind}`](#{plugin.kind})", prose(plugin.summary), code(plugin.process_state)) for plugin in plugins
    ]
    return document(
        "Task plugins",
        "the plugins in `plugins/airavata_plugins/`",
        _INTRODUCTION,
        table(("kind", "what it does", "the process meanwhile is"), overview),
        *(part for plugin in plugins for part in _section(plugin)),
    )


def _section(plugin: type[TaskPlugin[Any]]) -> Iterator[str]:
    yield f"## `{plugin.kind}`"
    yield paragraphs(inspect.getdoc(plugin))
    yield keys(plugin.parameters_model)
    for name, model in nested(plugin.parameters_model).items():
        yield f"In `{name}`:"
        yield keys(model)
