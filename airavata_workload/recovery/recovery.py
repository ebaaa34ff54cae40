"""Adopts experiments whose owner is gone, and tasks whose worker is: at start, and whenever a session ends."""

from __future__ import annotations

import time

import structlog

from airavata_workload.domain.message import COMMAND_QUEUE, Command, CommandKind
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.task_queue import Message, TaskQueue
from airavata_workload.recovery.idle import IdleExperiments
from airavata_workload.stage import Stage

log = structlog.get_logger("airavata_workload.recovery")

FULL_LOOK_INTERVAL_S = 60.0
"""How often tasks without a living worker are looked for even if no session was seen to end, and what does not move."""


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
        self._living: set[str] = set()
        self._next_full_look_s = 0.0
        self._idle = IdleExperiments()

    def round(self) -> None:
        """Adopt what is orphaned, then wait."""
        if not self._nodes_rebuilt:
            self.rebuild_nodes()
            self._nodes_rebuilt = True
        self.adopt()
        self._look_for_lost_workers()
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
        claimed = []
        for experiment_id in self.orphans():
            if self._nodes.claim(experiment_id):
                claimed.append(experiment_id)
                # At once: the next claim may raise, and nobody else would resume what is ours.
                self._to_resume.add(experiment_id)
        self._resume()
        return claimed

    def _look_for_lost_workers(self) -> None:
        living = self._sessions()
        gone = self._living - living
        self._living |= living
        if not gone and time.monotonic() < self._next_full_look_s:
            return
        self._to_resume |= self._stranded()
        self._resume()
        # Only now: had the above failed, the next round would have to do it.
        self._living = living
        self._next_full_look_s = time.monotonic() + FULL_LOOK_INTERVAL_S

    def _stranded(self) -> set[str]:
        """Experiments that this session drives and that have a task whose worker is gone, and some that do not move.

        Of most of these a task waits for its place; being resumed changes
        nothing for them. But should a message have been lost, on which all
        depends, nothing else would ever move them.
        """
        driven = {node.experiment_id for node in self._nodes.nodes() if node.owner == self._nodes.session}
        if not driven:
            return set()
        executing = [task for task in self._graph.executing() if task.experiment_id in driven]
        # In this order: whoever had claimed a task by then, and lives, is seen now.
        living = self._sessions()
        lost = [task for task in executing if not task.parked and task.owner not in living]
        if lost:
            log.warning(
                "tasks are without their worker", tasks=len(lost), workers=sorted({task.owner for task in lost})
            )
        idle = self._idle.due(driven, {task.experiment_id for task in executing}, time.monotonic())
        return {*idle, *(task.experiment_id for task in lost)}

    def _sessions(self) -> set[str]:
        return {member.session for member in self._nodes.members()}

    def _resume(self) -> None:
        # Kept until the commands are safe: a node that we own is no orphan, so nobody would look at it again.
        experiment_ids = sorted(self._to_resume)
        if not experiment_ids:
            return
        log.info("experiments are resumed", count=len(experiment_ids))
        self._queue.publish(
            [
                Message(
                    queue=COMMAND_QUEUE,
                    body=Command(
                        kind=CommandKind.RESUME, experiment_id=experiment_id, by=self._nodes.session
                    ).to_body(),
                )
                for experiment_id in experiment_ids
            ]
        )
        self._to_resume.clear()
