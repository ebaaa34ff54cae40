"""Fills an abstract DAG with the data of one experiment: the loaded DAG. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePosixPath
from typing import Any

from airavata_workload.domain import identifiers, references
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.dag import AbstractDag, DagNode
from airavata_workload.domain.errors import DagError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.task import LoadedDag, Task


def working_directory(experiment: Experiment, cluster: Cluster) -> str:
    """Where the process works on its cluster: ``<scratch>/<process id>``.

    Source: Airavata 0.17, GFAC ``ProcessContext``.
    """
    return str(PurePosixPath(cluster.scratch_directory) / experiment.process_id)


def scope_of(experiment: Experiment, cluster: Cluster) -> dict[str, Any]:
    """Everything that a DAG's references may name, apart from the outputs of tasks."""
    inputs = {item.name: item.reference for item in experiment.inputs}
    scope: dict[str, Any] = {
        "experiment": {
            "id": experiment.experiment_id,
            "name": experiment.name,
            "user": experiment.user,
            "gateway": experiment.gateway,
            "application_type": experiment.application_type,
            "compute_resource": experiment.compute_resource,
            "output_directory": experiment.output_directory,
            "priority": experiment.priority.name.lower(),
            "queue": experiment.resources.queue or cluster.default_queue or "",
        },
        "process": {"id": experiment.process_id, "working_directory": working_directory(experiment, cluster)},
        "inputs": inputs,
        "input_files": [
            {
                "input": item.name,
                "place": place,
                "name": PurePosixPath(place).name,
                "required": item.required,
            }
            for item in experiment.inputs
            for place in item.places
        ],
        "outputs": [item.to_json() for item in experiment.outputs],
        "resources": experiment.resources.to_json(),
        "parameters": dict(experiment.parameters),
    }
    scope["application"] = {
        **experiment.application.to_json(),
        "commands": [_words(command, scope) for command in experiment.application.commands],
        "environment": references.resolve(dict(experiment.application.environment), scope),
    }
    return scope


def _words(command: Sequence[str], scope: Mapping[str, Any]) -> list[str]:
    """An argument vector with its references resolved; a reference to a list becomes several words."""
    words: list[str] = []
    for word in command:
        value = references.resolve(word, scope)
        if isinstance(value, (list, tuple)):
            words += [str(item) for item in value]
        else:
            words.append("" if value is None else str(value))
    return words


def load(dag: AbstractDag, experiment: Experiment, cluster: Cluster) -> LoadedDag:
    """The experiment's tasks, in an order in which they could run.

    Raises ``DagError`` for a reference to something that the experiment does not have.
    """
    scope = scope_of(experiment, cluster)
    tasks: list[Task] = []
    ends: dict[str, tuple[str, ...]] = {}
    empty: list[str] = []
    for node in dag.ordered():
        before = tuple(dict.fromkeys(task_id for name in node.after for task_id in ends[name]))
        made = [
            _task(node, name, node_scope, before, experiment, empty) for name, node_scope in _instances(node, scope)
        ]
        # What comes after a list of no items still comes after what the list came after.
        ends[node.name] = tuple(task.task_id for task in made) or before
        if not made:
            empty.append(node.name)
        tasks += made
    return LoadedDag(
        experiment_id=experiment.experiment_id,
        process_id=experiment.process_id,
        application_type=dag.application_type,
        dag_version=dag.version,
        tasks=tuple(tasks),
    )


def _instances(node: DagNode, scope: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Name and scope of each task that a node becomes: one, or one an item of ``for_each``."""
    if node.for_each is None:
        yield node.name, scope
        return
    items = references.resolve(node.for_each, scope)
    if not isinstance(items, (list, tuple)):
        raise DagError(
            f"task '{node.name}': for_each = {node.for_each} is not a list but {items!r}.",
            line=node.line,
            key=f"tasks.{node.name}.for_each",
        )
    for index, item in enumerate(items):
        yield f"{node.name}[{index}]", {**scope, "item": item, "index": index}


def _task(
    node: DagNode,
    name: str,
    scope: Mapping[str, Any],
    depends_on: tuple[str, ...],
    experiment: Experiment,
    empty: Sequence[str],
) -> Task:
    try:
        parameters = references.resolve(node.parameters, scope, defer=True)
        resource = references.resolve(node.resource, scope)
    except DagError as error:
        raise DagError(f"task '{name}': {error.message}", line=node.line, key=f"tasks.{node.name}") from None
    context: dict[str, Any] = {"parameters": parameters, "experiment": scope["experiment"]}
    if empty:
        context["empty"] = list(empty)
    return Task(
        task_id=identifiers.task_id(),
        experiment_id=experiment.experiment_id,
        process_id=experiment.process_id,
        name=name,
        kind=node.kind,
        resource=str(resource),
        gateway=experiment.gateway,
        context=context,
        depends_on=depends_on,
        when=node.when,
        retry=node.retry,
        priority=experiment.priority,
        not_before_us=experiment.start_not_before_us,
    )
