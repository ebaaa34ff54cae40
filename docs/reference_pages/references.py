"""The page of the references."""

from __future__ import annotations

import inspect

from airavata_workload.documents import scope
from airavata_workload.domain import references
from reference_pages.markdown import code, document, paragraphs, prose, rst_table, table

_INTRODUCTION = """
A reference `${root.member}` in a [DAG file](dag-file.md), or in the commands and the environment of an
[experiment file](experiment-file.md), stands for a value that is known later.
"""

_WHEN = """
References to `tasks` are resolved when the task becomes ready, all others when the experiment is launched. In an
experiment file `tasks`, `item`, `index` and `application` cannot be referred to. A list item is reached by its number,
from 0: `${application.commands.0}`. A reference to something that is not there is refused when the file is checked or,
where only the experiment can tell, when it is launched.
"""


def page() -> str:
    """The page."""
    header, rows = rst_table(inspect.getdoc(scope) or "")
    _require_all_roots([row[0] for row in rows])
    resources = ", ".join(code(name) for name in sorted(scope.SCOPE["resources"] or ()))
    return document(
        "References",
        "`airavata_workload/documents/scope.py` and `airavata_workload/domain/references.py`",
        _INTRODUCTION,
        "## What may be referred to",
        table(header, [[prose(cell) for cell in row] for row in rows]),
        f"Members of `resources`: {resources}.",
        "## How they are written",
        _rules(),
        _WHEN,
    )


def _rules() -> str:
    text = paragraphs(inspect.getdoc(references))
    return text.split("\n\n", 1)[1]


def _require_all_roots(described: list[str]) -> None:
    words = " ".join(described)
    missing = [root for root in (*scope.SCOPE, *scope.ITEM, references.DEFERRED_ROOT) if root not in words]
    if missing:
        raise AssertionError(f"documents/scope.py does not describe {', '.join(missing)}")
