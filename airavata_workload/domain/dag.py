"""The abstract DAG: the task workflow of an application type, without data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from airavata_workload.domain.errors import DagError
from airavata_workload.domain.retry import RetryPolicy
from airavata_workload.domain.task import Trigger


@dataclass(frozen=True, slots=True, kw_only=True)
class DagNode:
    """A task to be: its kind, what comes before it and its parameters with references.

    ``for_each`` is a reference to a list input; the node then becomes one task
    an item, which sees the item as ``${item}`` and its number, from 0, as
    ``${index}``. ``resource`` is where the task acts, by default the
    experiment's compute resource. ``line`` is the node's line in its file.
    """

    name: str
    kind: str
    after: tuple[str, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    when: Trigger = Trigger.SUCCESS
    retry: RetryPolicy = field(default_factory=RetryPolicy)
    for_each: str | None = None
    resource: str = "${experiment.compute_resource}"
    line: int | None = None

    def to_json(self) -> dict[str, Any]:
        """The node as a JSON object."""
        return {
            "name": self.name,
            "kind": self.kind,
            "after": list(self.after),
            "parameters": dict(self.parameters),
            "when": str(self.when),
            "retry": self.retry.to_json(),
            "for_each": self.for_each,
            "resource": self.resource,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> DagNode:
        """The inverse of ``to_json``."""
        return cls(
            **{
                **value,
                "after": tuple(value["after"]),
                "when": Trigger(value["when"]),
                "retry": RetryPolicy.from_json(value["retry"]),
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class AbstractDag:
    """The nodes of an application type. ``version`` counts from 1 with every change that is loaded."""

    application_type: str
    nodes: tuple[DagNode, ...]
    description: str = ""
    version: int = 1

    def node(self, name: str) -> DagNode:
        """The node of that name; ``KeyError`` if there is none."""
        return {node.name: node for node in self.nodes}[name]

    def ordered(self) -> tuple[DagNode, ...]:
        """The nodes in an order in which they could run. Raises ``DagError`` for a cycle or an unknown name."""
        by_name: dict[str, DagNode] = {}
        for node in self.nodes:
            if node.name in by_name:
                raise DagError(f"task '{node.name}' is defined twice.", line=node.line, key=f"tasks.{node.name}")
            by_name[node.name] = node
        for node in self.nodes:
            for before in node.after:
                if before not in by_name:
                    raise DagError(
                        f"task '{node.name}' comes after '{before}', which is not a task of this DAG.",
                        line=node.line,
                        key=f"tasks.{node.name}.after",
                        suggestion=nearest(before, by_name),
                    )
        try:
            order = tuple(TopologicalSorter({node.name: node.after for node in self.nodes}).static_order())
        except CycleError as cycle:
            # graphlib lists each node before its successor; the first and last are the same.
            path = " -> ".join(cycle.args[1])
            line = by_name[cycle.args[1][0]].line
            raise DagError(f"the tasks wait for one another in a circle: {path}.", line=line, key="tasks") from None
        return tuple(by_name[name] for name in order)

    def ancestors(self, name: str) -> frozenset[str]:
        """The names of all nodes that come, directly or not, before the named one."""
        by_name = {node.name: node for node in self.nodes}
        found: set[str] = set()
        waiting = list(by_name[name].after)
        while waiting:
            before = waiting.pop()
            if before not in found:
                found.add(before)
                waiting.extend(by_name[before].after)
        return frozenset(found)

    def to_json(self) -> dict[str, Any]:
        """The DAG as a JSON object."""
        return {
            "application_type": self.application_type,
            "description": self.description,
            "version": self.version,
            "nodes": [node.to_json() for node in self.nodes],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> AbstractDag:
        """The inverse of ``to_json``."""
        return cls(**{**value, "nodes": tuple(DagNode.from_json(node) for node in value["nodes"])})


def nearest(word: str, known: Mapping[str, Any] | tuple[str, ...] | frozenset[str]) -> str | None:
    """The known word that is most like ``word``, or ``None`` when none is close."""
    from difflib import get_close_matches

    found = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return found[0] if found else None
