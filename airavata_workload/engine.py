"""All stages in one process, over whatever backing systems the settings name."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from airavata_workload.domain.clock import Clock
from airavata_workload.domain.errors import WorkloadError
from airavata_workload.journal import Journal
from airavata_workload.monitor.monitor import Monitor
from airavata_workload.orchestrator.commands import Commands
from airavata_workload.orchestrator.orchestrator import Orchestrator
from airavata_workload.orchestrator.progress import Progress
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.task_queue import TaskQueue
from airavata_workload.ports.validation import Placement, Validator
from airavata_workload.recovery.recovery import Recovery
from airavata_workload.resources import ClusterCatalogue, Resources
from airavata_workload.scheduler.circuit import Circuit
from airavata_workload.scheduler.scheduler import Scheduler
from airavata_workload.scheduler.waiting_room import WaitingRoom
from airavata_workload.stage import Stage
from airavata_workload.worker.worker import Worker

log = structlog.get_logger("airavata_workload")


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineParts:
    """The ports and policies that an engine is assembled from."""

    graph: GraphStore
    registry: Registry
    queue: TaskQueue
    nodes: RecoveryNodes
    bus: EventBus
    resources: Resources
    clusters: ClusterCatalogue
    placement: Placement
    validators: Sequence[Validator]
    clock: Clock
    scratch_root: Path
    kinds: Sequence[str]
    slots: int
    partition: str
    resource_limit: int
    """Tasks at once on a resource whose description cannot be read."""
    min_poll_interval_s: float | None
    max_poll_interval_s: float | None
    circuit_first_delay_s: float
    circuit_max_delay_s: float
    recovery_interval_s: float
    adopt_orphans: bool
    """Whether to take over experiments whose owner is gone; a ``run`` drives its own only."""


class Engine:
    """Orchestrator, scheduler, worker, monitor and recovery; they meet only in the ports."""

    def __init__(self, parts: EngineParts) -> None:
        journal = Journal(parts.registry, parts.bus)
        progress = Progress(
            graph=parts.graph,
            registry=parts.registry,
            journal=journal,
            queue=parts.queue,
            nodes=parts.nodes,
            clock=parts.clock,
        )
        self._parts = parts
        self.recovery = Recovery(
            nodes=parts.nodes, graph=parts.graph, queue=parts.queue, interval_s=parts.recovery_interval_s
        )
        self.worker = _worker(parts, journal)
        self.monitor = Monitor(
            session=parts.nodes.session,
            queue=parts.queue,
            graph=parts.graph,
            registry=parts.registry,
            journal=journal,
            resources=parts.resources,
            min_poll_interval_s=parts.min_poll_interval_s,
            max_poll_interval_s=parts.max_poll_interval_s,
            clock=parts.clock,
        )
        self._stages: list[Stage] = [
            _orchestrator(parts, journal, progress),
            _scheduler(parts),
            self.worker,
            self.monitor,
        ]
        if parts.adopt_orphans:
            self._stages.append(self.recovery)

    def start(self) -> None:
        """Start every stage."""
        parts = self._parts
        parts.nodes.join("engine", {"kinds": list(parts.kinds), "slots": parts.slots, "partition": parts.partition})
        for stage in self._stages:
            stage.start()

    def stop(self, drain_s: float) -> bool:
        """Take no new work, let running tasks end, and stop. False if something still ran after ``drain_s``."""
        end_s = time.monotonic() + drain_s
        # Workers first: their outcomes should still find the orchestrator at work.
        self.worker.stop()
        self._parts.queue.wake()
        drained = self.worker.join(max(0.1, end_s - time.monotonic()))
        for stage in self._stages:
            stage.stop()
        self._parts.queue.wake()
        for stage in self._stages:
            if stage is not self.worker:
                drained = stage.join(max(0.5, end_s - time.monotonic())) and drained
        if not drained:
            log.warning("stopped before everything had ended; recovery takes it up", drain_s=drain_s)
        return drained


def _worker(parts: EngineParts, journal: Journal) -> Worker:
    return Worker(
        kinds=parts.kinds,
        slots=parts.slots,
        session=parts.nodes.session,
        queue=parts.queue,
        graph=parts.graph,
        journal=journal,
        bus=parts.bus,
        resources=parts.resources,
        scratch_root=parts.scratch_root,
        clock=parts.clock,
    )


def _orchestrator(parts: EngineParts, journal: Journal, progress: Progress) -> Orchestrator:
    commands = Commands(
        graph=parts.graph,
        registry=parts.registry,
        journal=journal,
        queue=parts.queue,
        nodes=parts.nodes,
        bus=parts.bus,
        progress=progress,
        clusters=parts.clusters,
        placement=parts.placement,
        validators=parts.validators,
        clock=parts.clock,
    )
    return Orchestrator(
        graph=parts.graph,
        registry=parts.registry,
        queue=parts.queue,
        progress=progress,
        commands=commands,
        clock=parts.clock,
    )


def _scheduler(parts: EngineParts) -> Scheduler:
    def limit_of(resource: str) -> int:
        try:
            return parts.clusters.cluster(resource).max_tasks
        except WorkloadError:
            return parts.resource_limit

    room = WaitingRoom(limit_of, lambda: Circuit(parts.circuit_first_delay_s, parts.circuit_max_delay_s))
    return Scheduler(queue=parts.queue, graph=parts.graph, room=room, kinds=lambda: _served(parts), clock=parts.clock)


def _served(parts: EngineParts) -> frozenset[str]:
    """The kinds of tasks that the living workers on our queues run."""
    members = (member.capabilities for member in parts.nodes.members())
    return frozenset(kind for each in members if each.get("partition") == parts.partition for kind in each["kinds"])
