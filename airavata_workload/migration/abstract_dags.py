"""Which versions of an abstract DAG the target lacks, and what those that it has are numbered there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.ports.graph_store import GraphStore


@dataclass(frozen=True, slots=True)
class VersionPlan:
    """``numbers`` maps versions of the source to those of the target; ``missing`` are to be saved there, in order."""

    numbers: dict[int, int]
    missing: tuple[AbstractDag, ...]


def version_plan(ours: Sequence[AbstractDag], theirs: Sequence[AbstractDag]) -> VersionPlan:
    """Find our versions, the oldest first, among theirs in the same order; from the first that is not there, add all.

    So an interrupted copy is found again, and what the target calls its newest version afterwards is our newest one,
    unless it has a newer version of the same line.
    """
    numbers: dict[int, int] = {}
    after = 0
    for place, dag in enumerate(ours):
        same = [other.version for other in theirs if other.version > after and _content(other) == _content(dag)]
        if not same:
            return VersionPlan(numbers, tuple(ours[place:]))
        numbers[dag.version] = after = min(same)
    return VersionPlan(numbers, ())


def version_plans(source: GraphStore, target: GraphStore) -> Iterator[tuple[str, VersionPlan]]:
    """The plan for each application type of the source."""
    for newest in source.abstracts():
        name = newest.application_type
        yield name, version_plan(_versions(source, name), _versions(target, name))


def copy_abstract_dags(source: GraphStore, target: GraphStore) -> dict[tuple[str, int], int]:
    """Save what is missing; the target's number of each version of each application type."""
    numbers: dict[tuple[str, int], int] = {}
    for name, plan in version_plans(source, target):
        known = dict(plan.numbers)
        for dag in plan.missing:
            known[dag.version] = target.save_abstract(dag).version
        numbers |= {(name, version): number for version, number in known.items()}
    return numbers


def _versions(store: GraphStore, application_type: str) -> list[AbstractDag]:
    try:
        newest = store.abstract(application_type)
    except NotFoundError:
        return []
    return [*(store.abstract(application_type, version) for version in range(1, newest.version)), newest]


def _content(dag: AbstractDag) -> dict[str, Any]:
    return {name: value for name, value in dag.to_json().items() if name != "version"}
