"""Reads abstract DAGs from YAML and checks them against the task plugins that are there.

A DAG file::

    application_type: hpc-batch        # experiments of this type follow the DAG
    description: one batch job
    tasks:
      stage-in:                        # a name; others refer to it
        kind: input-staging            # the task plugin
        after: [set-up]                # one name or a list; none: it starts at once
        parameters: {files: "${input_files}", directory: "${process.working_directory}"}
        when: success                  # or failure, or always: see domain.task.Trigger
        retry: {attempts: 3, first_delay_s: 1, factor: 2, max_delay_s: 60}
        for_each: "${inputs.parts}"    # one task an item: ${item}, ${index}
        resource: alpha                # where it acts; by default the experiment's compute resource

What references may name, ``documents.scope`` lists. ``tasks.<name>.outputs``
is for tasks that come before, directly or not. A task plugin's own parameters
``airavata-workload plugins list`` shows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, ValidationError

from airavata_workload.documents.binding import Table, bind, problems
from airavata_workload.documents.document import Document, Key, combined, dotted
from airavata_workload.documents.scope import ITEM, SCOPE, Members, unknown
from airavata_workload.documents.yaml_document import parse_yaml, read_yaml
from airavata_workload.domain import references
from airavata_workload.domain.dag import AbstractDag, DagNode, nearest
from airavata_workload.domain.errors import DagError, DocumentError
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.domain.task import Trigger

Kinds = Mapping[str, type[BaseModel]]
"""Parameter models of the task plugins by kind."""

_ABOUT_NAMES = ("extra_forbidden", "missing")
"""pydantic's types of errors that are about a key's name and not about its value."""

_NAME = r"^[A-Za-z][A-Za-z0-9_-]*$"


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _one_reference(value: str) -> str:
    if not value.startswith("${") or list(references.find(value)) != [value[2:-1].removeprefix("*")]:
        raise ValueError('must be one reference to a list, such as "${inputs.parts}"')
    return value


class _Retry(Table):
    attempts: int = Field(3, ge=1, description="How often the task may be tried in all.")
    first_delay_s: float = Field(1.0, ge=0, description="Seconds to wait after the first failure.")
    factor: float = Field(2.0, ge=1, description="Each wait is this many times the one before.")
    max_delay_s: float = Field(60.0, ge=0, description="Longest wait in seconds.")


class _Node(Table):
    kind: str = Field(description="Name of the task plugin.")
    after: Annotated[list[str], BeforeValidator(_listed)] = Field([], description="Tasks that must end before.")
    parameters: dict[str, Any] = Field({}, description="Parameters of the task plugin.")
    when: Literal["success", "failure", "always"] = Field("success", description="When to run, once those ended.")
    retry: _Retry = Field(_Retry(), description="When to try again.")
    for_each: Annotated[str, AfterValidator(_one_reference)] | None = Field(
        None, description="Reference to a list: one task an item."
    )
    resource: str = Field("${experiment.compute_resource}", min_length=1, description="Where the task acts.")


class _Dag(Table):
    application_type: str = Field(
        pattern=r"^[A-Za-z][A-Za-z0-9_.-]*$", description="Application type whose experiments follow the DAG."
    )
    description: str = Field("", description="What the DAG is for.")
    tasks: dict[Annotated[str, Field(pattern=_NAME)], _Node] = Field(
        min_length=1, description="The tasks by name: letters, digits, '-' and '_'."
    )


def load_dag(path: Path, kinds: Kinds | None = None) -> AbstractDag:
    """The DAG in a file, checked in itself and, if ``kinds`` is given, against the plugins. Raises ``DagError``."""
    return _dag(read_yaml(path, DagError), kinds)


def parse_dag(text: str, path: Path, kinds: Kinds | None = None) -> AbstractDag:
    """As ``load_dag``, from a text; ``path`` is what errors call it."""
    return _dag(parse_yaml(text, path, DagError), kinds)


def dag_files(directories: tuple[Path, ...]) -> list[Path]:
    """The DAG files (``*.yaml``) of these directories, sorted by name within each."""
    return [path for directory in directories for path in sorted(directory.glob("*.yaml"))]


def check(dag: AbstractDag, kinds: Kinds, document: Document | None = None) -> None:
    """Raise ``DagError``, which tells of every problem, unless the DAG can work with these plugins.

    Without ``document`` the lines are those of the tasks, if the DAG knows
    them. Literal values of parameters are checked by the plugin's model;
    values that hold references are checked by it when they are resolved.
    """
    if document is None:
        lines: dict[Key, int] = {("tasks", node.name): node.line for node in dag.nodes if node.line}
        document = Document(path=Path(dag.application_type), content=_content(dag), lines=lines, error=DagError)
    found = [*_order_problems(dag, document)]
    if not found:
        for node in dag.nodes:
            found += _reference_problems(dag, node, document)
            found += _parameter_problems(node, kinds, document)
    if found:
        raise combined(found)


def _dag(document: Document, kinds: Kinds | None) -> AbstractDag:
    model = bind(document, _Dag)
    nodes = tuple(
        DagNode(
            name=name,
            kind=node.kind,
            after=tuple(node.after),
            parameters=node.parameters,
            when=Trigger(node.when),
            retry=RetryPolicy(**node.retry.model_dump()),
            for_each=node.for_each,
            resource=node.resource,
            line=document.line(("tasks", name)),
        )
        for name, node in model.tasks.items()
    )
    dag = AbstractDag(application_type=model.application_type, description=model.description, nodes=nodes)
    found = list(_order_problems(dag, document))
    if not found and kinds is None:
        found = [problem for node in nodes for problem in _reference_problems(dag, node, document)]
    if found:
        raise combined(found)
    if kinds is not None:
        check(dag, kinds, document)
    return dag


def _content(dag: AbstractDag) -> Mapping[str, Any]:
    return {"tasks": {node.name: node.to_json() for node in dag.nodes}}


def _order_problems(dag: AbstractDag, document: Document) -> Iterator[DocumentError]:
    names = {node.name: node for node in dag.nodes}
    for node in dag.nodes:
        for number, before in enumerate(node.after):
            if before not in names:
                place: Key = ("tasks", node.name, "after", number)
                message = f"task '{node.name}' comes after '{before}', which is not a task of this DAG."
                yield document.problem(message, place, suggestion=nearest(before, names))
    if all(before in names for node in dag.nodes for before in node.after):
        try:
            dag.ordered()
        except DagError as error:
            message = error.message.removeprefix(f"{error.line}: ")
            yield DagError(message, path=document.path, line=error.line, key=error.key)


def _reference_problems(dag: AbstractDag, node: DagNode, document: Document) -> Iterator[DocumentError]:
    place: Key = ("tasks", node.name)
    ancestors = dag.ancestors(node.name)
    inside: Members = {**SCOPE, **ITEM, "tasks": None} if node.for_each else {**SCOPE, "tasks": None}
    for key, text in _texts(node.parameters, (*place, "parameters")):
        yield from _text_problems(text, key, inside, document, ancestors)
    # Where a task acts, and how many tasks there are, is settled before any task has run.
    yield from _text_problems(
        node.resource, (*place, "resource"), {**SCOPE, **(ITEM if node.for_each else {})}, document
    )
    if node.for_each:
        yield from _text_problems(node.for_each, (*place, "for_each"), SCOPE, document)


def _text_problems(
    text: str, key: Key, scope: Members, document: Document, ancestors: frozenset[str] = frozenset()
) -> Iterator[DocumentError]:
    if references.unclosed(text):
        remedy = "Close it, or write $${ for a literal ${."
        yield document.problem(f"'{dotted(key)}' has a '${{' without its '}}'.", key, remedy=remedy)
    for reference in references.find(text):
        wrong = unknown(reference, scope) or _task_problem(reference, ancestors)
        if wrong:
            suggestion = f"${{{wrong[1]}}}" if wrong[1] else None
            yield document.problem(f"${{{reference}}} {wrong[0]}.", key, suggestion=suggestion)


def _task_problem(reference: str, ancestors: frozenset[str]) -> tuple[str, str | None] | None:
    root, *rest = reference.split(".")
    if root != references.DEFERRED_ROOT:
        return None
    if len(rest) < 3 or rest[1] != "outputs":
        return "must have the form ${tasks.<task>.outputs.<output>}", None
    if rest[0] in ancestors:
        return None
    close = nearest(rest[0], ancestors)
    suggestion = ".".join([root, close, *rest[1:]]) if close else None
    return f"refers to task '{rest[0]}', which does not come before this one", suggestion


def _texts(value: Any, key: Key) -> Iterator[tuple[Key, str]]:
    if isinstance(value, str):
        yield key, value
    elif isinstance(value, Mapping):
        for name, item in value.items():
            yield from _texts(item, (*key, name))
    elif isinstance(value, (list, tuple)):
        for index, item in enumerate(value):
            yield from _texts(item, (*key, index))


def _parameter_problems(node: DagNode, kinds: Kinds, document: Document) -> list[DocumentError]:
    place: Key = ("tasks", node.name)
    if node.kind not in kinds:
        remedy = f"Task plugins are: {', '.join(sorted(kinds)) or 'none'}."
        message = f"task '{node.name}' is of kind '{node.kind}', for which there is no task plugin."
        key = (*place, "kind")
        return [document.problem(message, key, suggestion=nearest(node.kind, dict(kinds)), remedy=remedy)]
    try:
        kinds[node.kind].model_validate(dict(node.parameters))
    except ValidationError as error:
        # An unknown or missing name stays what it is; any other complaint about a value that
        # holds references is about text that the plugin will never see.
        return problems(
            document,
            kinds[node.kind],
            error,
            (*place, "parameters"),
            lambda kind, key: kind in _ABOUT_NAMES or not any(references.find(document.value(key))),
        )
    return []
