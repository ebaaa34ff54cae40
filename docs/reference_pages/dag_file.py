"""The page of the DAG file."""

from __future__ import annotations

from airavata_workload.documents import dag_file
from airavata_workload.domain.task import Trigger
from reference_pages import project
from reference_pages.markdown import code, document, fenced, prose, table
from reference_pages.models import keys

_INTRODUCTION = """
A DAG file holds the abstract DAG of one application type: its tasks and what each waits for. It is
[YAML](https://yaml.org/spec/1.2.2/), of which only what JSON can say is taken: `on`, `yes`, `010` and `1:30` are the
text that they look like. Aliases, tags and keys that stand twice are refused.

`airavata-workload dags check FILE` checks a file: circles, unknown plugins, references and parameters.
`airavata-workload dags load FILE` makes it the newest version of its application type. Files in `dags/` in the home
directory, and those that come with the distribution, are loaded by themselves when their application type is not in the
graph store yet; there the file's name is the application type.

[Write a DAG](../how-to/write-a-dag.md) shows what can be done with it.
"""

_PARAMETERS = """
What `parameters` may hold, the task plugin says: [Task plugins](task-plugins.md). What values may refer to,
[References](references.md) lists. Literal values are checked when the file is; values that hold references are checked
when they are resolved.
"""

_FOR_EACH = """
`for_each` is resolved when the experiment is launched: a task for every item, called `NAME[0]`, `NAME[1]`, ... Tasks
after it wait for all of them and see their outputs as lists. A list of no items makes no task; what comes after it then
waits for what came before it.
"""

_RETRY = """
`attempts` counts failures that the task itself may have caused, and only of errors that may pass
([Errors](errors.md)). A resource that does not answer is not counted: the task waits for it. Half of every wait is
random.
"""


def page() -> str:
    """The page."""
    meanings = project.attribute_docs(Trigger)
    triggers = [(code(member.value), prose(meanings[member.name])) for member in Trigger]
    return document(
        "DAG file",
        "`airavata_workload/documents/dag_file.py`",
        _INTRODUCTION,
        "## The file",
        keys(dag_file._Dag),
        "## A task",
        keys(dag_file._Node),
        _PARAMETERS,
        "### `when`",
        "A task is looked at once all tasks that it comes after have ended.",
        table(("`when`", "the task runs if"), triggers),
        "A task that does not run is CANCELED. An experiment fails if any of its tasks FAILED.",
        "### `retry`",
        keys(dag_file._Retry),
        _RETRY,
        "### `for_each`",
        _FOR_EACH,
        "## Example",
        "`config/dags/hpc-batch.yaml`:",
        fenced("yaml", project.shipped("dags/hpc-batch.yaml")),
    )
