"""Adopts experiments whose owner is gone: at start, and whenever a session ends."""

from __future__ import annotations

import structlog

from airavata_workload.domain.message import ORCHESTRATOR_QUEUE, Command, CommandKind
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.task_queue import Message, TaskQueue
from airavata_workload.stage import Stage

log = structlog.get_logger("airavata_workload.recovery")


class Recovery(Stage):
    """Claims orphaned recovery nodes and asks the orchestrator to resume their experiments."""

    name = "recovery"

    def __init__(self, *, nodes: RecoveryNodes, graph: GraphStore, queue: TaskQueue, interval_s: float = 2.0) -> None:
        super().__init__()
        self._nodes = nodes
        self._graph = graph
        self._queue = queue
        self._interval_s = interval_s
        self._nodes_rebuilt = False
        self._to_resume: set[str] = set()

    def round(self) -> None:
        """Adopt what is orphaned, then wait."""
        if not self._nodes_rebuilt:
            self.rebuild_nodes()
            self._nodes_rebuilt = True
        self.adopt()
        self._stopping.wait(self._interval_s)

    def rebuild_nodes(self) -> None:
        """Make the nodes that are missing although their experiments have open tasks."""
        known = {node.experiment_id for node in self._nodes.nodes()}
        missing = [experiment_id for experiment_id in self._graph.unfinished() if experiment_id not in known]
        for experiment_id in missing:
            self._nodes.create(experiment_id)
            self._to_resume.add(experiment_id)
        self._resume()

    def orphans(self) -> list[str]:
        """Experiments whose owner's session has ended."""
        return [node.experiment_id for node in self._nodes.nodes() if not node.owner_alive]

    def adopt(self) -> list[str]:
        """Claim every orphan and have it resumed; returns those that this session got."""
        claimed = [experiment_id for experiment_id in self.orphans() if self._nodes.claim(experiment_id)]
        self._to_resume.update(claimed)
        self._resume()
        return claimed

    def _resume(self) -> None:
        # Kept until the commands are safe: a node that we own is no orphan, so nobody would look at it again.
        experiment_ids = sorted(self._to_resume)
        if not experiment_ids:
            return
        log.info("experiments are resumed", count=len(experiment_ids))
        self._queue.publish(
            [
                Message(
                    queue=ORCHESTRATOR_QUEUE,
                    body=Command(
                        kind=CommandKind.RESUME, experiment_id=experiment_id, by=self._nodes.session
                    ).to_body(),
                )
                for experiment_id in experiment_ids
            ]
        )
        self._to_resume.clear()
