"""The page of the errors."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from airavata_workload.cli.exit_codes import MEANINGS
from airavata_workload.domain import errors
from airavata_workload.domain.errors import WorkloadError
from reference_pages.markdown import code, document, fenced, paragraphs, prose, table

_INTRODUCTION = """
Every error of the engine is one of these. Adapters translate what foreign libraries raise, so the engine decides by the
class alone whether to try again, whom to tell, and with which code a command exits.

An error has a message for the operator, one for the user, and a remedy: what to do next.
"""

_TASKS = """
What becomes of the task that meets an error:

| error | the task |
|---|---|
| `UnavailableError` and what is below it, but for `CommandTimeoutError` | waits; no failure is counted |
| any other transient error, and `PluginError` | is tried again as its `retry` says |
| `TaskCancelled` | is CANCELED |
| any other | is FAILED |
"""


def page() -> str:
    """The page."""
    text = inspect.getdoc(errors) or ""
    tree = text[text.index("    WorkloadError") : text.index("What *transient*")]
    rows = [
        (
            code(error.__name__),
            "yes" if error.transient else "no",
            str(error.exit_code),
            prose(_first_paragraph(error)),
        )
        for error in _walk(WorkloadError)
    ]
    return document(
        "Errors",
        "`airavata_workload/domain/errors.py`",
        _INTRODUCTION,
        fenced("text", inspect.cleandoc(tree)),
        "## Transient or not",
        paragraphs(text[text.index("What *transient*") :].replace("*transient*", "``transient``")),
        _TASKS,
        "## Every error",
        table(("error", "transient", "exit code", "meaning"), rows),
        "## Exit codes",
        "Of every command of `airavata-workload`:",
        table(("code", "meaning"), [(str(int(number)), prose(meaning)) for number, meaning in MEANINGS.items()]),
    )


def _walk(error: type[WorkloadError]) -> Iterator[type[WorkloadError]]:
    yield error
    for below in error.__subclasses__():
        if below.__module__ == errors.__name__:
            yield from _walk(below)


def _first_paragraph(error: type[WorkloadError]) -> str:
    return (error.__doc__ or "").split("\n\n", 1)[0] if error is not WorkloadError else "The root: every error is one."
