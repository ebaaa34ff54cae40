"""Stages in one process, all or some of them, over whatever backing systems the settings name."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

import structlog

from airavata_workload.cluster_loads import ClusterLoads
from airavata_workload.domain.clock import Clock
from airavata_workload.journal import Journal
from airavata_workload.membership import Membership
from airavata_workload.monitor.monitor import Monitor
from airavata_workload.orchestrator.command_desk import CommandDesk
from airavata_workload.orchestrator.commands import Commands
from airavata_workload.orchestrator.launching import Launching
from airavata_workload.orchestrator.orchestrator import Orchestrator
from airavata_workload.orchestrator.placing import Placing
from airavata_workload.orchestrator.progress import Progress
from airavata_workload.partition import Partition
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.task_queue import TaskQueue
from airavata_workload.ports.validation import Placement, Validator
from airavata_workload.recovery.recovery import Recovery
from airavata_workload.resources import ClusterCatalogue, Resources
from airavata_workload.scheduler.circuit import Circuit
from airavata_workload.scheduler.policy import ClusterLimits, Policy
from airavata_workload.scheduler.scheduler import Scheduler
from airavata_workload.scheduler.waiting_room import WaitingRoom
from airavata_workload.stage import Stage
from airavata_workload.worker.worker import Worker

log = structlog.get_logger("airavata_workload")


class Service(StrEnum):
    """What a process runs: the whole engine, one stage of it, or what clients talk to."""

    ENGINE = "engine"
    API = "api"
    ORCHESTRATOR = "orchestrator"
    SCHEDULER = "scheduler"
    WORKER = "worker"
    MONITOR = "monitor"


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
    user_limit: int | None
    gateway_limit: int | None
    gateway_shares: Mapping[str, float]
    priority_aging_s: float
    min_poll_interval_s: float | None
    max_poll_interval_s: float | None
    circuit_first_delay_s: float
    circuit_max_delay_s: float
    recovery_interval_s: float
    may_start: Callable[[], None]
    """Raises if the engine must not run after all; asked once others can see that it is here."""
    adopt_orphans: bool
    """Whether to take over experiments whose owner is gone; a ``run`` drives its own only."""


class Engine:
    """Orchestrator, scheduler, worker, monitor and recovery, or one of them; they meet only in the ports.

    ``beside`` are further stages, which start and stop with them.
    """

    def __init__(self, parts: EngineParts, service: Service = Service.ENGINE, *, beside: Sequence[Stage] = ()) -> None:
        self._parts = parts
        self.service = service
        self._partition = Partition(parts.partition, parts.nodes)
        self._journal = Journal(parts.registry, parts.bus)
        self.recovery = Recovery(
            nodes=parts.nodes, graph=parts.graph, queue=parts.queue, interval_s=parts.recovery_interval_s
        )
        makers: Mapping[Service, Callable[[], Stage]] = {
            Service.ORCHESTRATOR: self._orchestrator,
            Service.SCHEDULER: self._scheduler,
            Service.WORKER: self._worker,
            Service.MONITOR: self._monitor,
        }
        self._others: list[Stage] = [*beside]
        self._stages = {each: make() for each, make in makers.items() if service in (Service.ENGINE, each)}
        if parts.adopt_orphans:
            if Service.ORCHESTRATOR in self._stages:
                self._others.append(self.recovery)
            self._others.append(Membership(parts.nodes, service, self.capabilities))
        self._announced: dict[str, Any] = {}
        self._stopping = False

    # -- life --------------------------------------------------------------------------
    def start(self, announce: Mapping[str, Any] | None = None) -> None:
        """Start every stage. ``announce`` is told to other services beside what the stages say themselves."""
        self._announced.update(announce or {})
        self._parts.nodes.join(self.service, self.capabilities())
        self._parts.may_start()
        for stage in self._all():
            stage.start()

    def stop(self, drain_s: float) -> bool:
        """Take no new work, let running tasks end, and stop. False if something still ran after ``drain_s``."""
        end_s = time.monotonic() + drain_s
        self._stopping = True
        drained = True
        worker = self._stages.get(Service.WORKER)
        if worker is not None:
            # Workers first: their outcomes should still find the orchestrator at work.
            worker.stop()
            self._parts.queue.wake()
            drained = worker.join(max(0.1, end_s - time.monotonic()))
        rest = [stage for stage in self._all() if stage is not worker]
        for stage in rest:
            stage.stop()
        self._parts.queue.wake()
        for stage in rest:
            drained = stage.join(max(0.5, end_s - time.monotonic())) and drained
        if not drained:
            log.warning("stopped before everything had ended; recovery takes it up", drain_s=drain_s)
        return drained

    # -- what it tells of itself -----------------------------------------------------------
    def capabilities(self) -> dict[str, Any]:
        """What other services, and people, are told of this one."""
        said: dict[str, Any] = {"partition": self._parts.partition, **self._announced}
        worker, scheduler, monitor = (
            self._stages.get(each) for each in (Service.WORKER, Service.SCHEDULER, Service.MONITOR)
        )
        if isinstance(worker, Worker):
            # One that stops is not counted upon any more.
            kinds = [] if self._stopping else list(self._parts.kinds)
            said |= {"kinds": kinds, "slots": self._parts.slots, "busy": worker.busy()}
        if isinstance(scheduler, Scheduler):
            said["scheduler"] = {"leads": scheduler.leads, **scheduler.state()}
        if isinstance(monitor, Monitor):
            said["monitor"] = {"leads": monitor.leads, "jobs": monitor.watched()}
        return said

    def troubles(self) -> dict[str, str]:
        """The stages that do not work now, each with the reason."""
        return {stage.name: stage.trouble for stage in self._all() if stage.trouble}

    def stuck(self) -> list[str]:
        """The stages that have died or hang."""
        return [stage.name for stage in self._all() if not stage.alive]

    # -- stages -----------------------------------------------------------------------------
    def _all(self) -> list[Stage]:
        return [*self._stages.values(), *self._others]

    def _orchestrator(self) -> Orchestrator:
        parts = self._parts
        progress = Progress(
            graph=parts.graph,
            registry=parts.registry,
            journal=self._journal,
            queue=parts.queue,
            nodes=parts.nodes,
            clock=parts.clock,
        )
        commands = Commands(
            graph=parts.graph,
            registry=parts.registry,
            journal=self._journal,
            queue=parts.queue,
            nodes=parts.nodes,
            bus=parts.bus,
            progress=progress,
            launching=self._launching(progress),
            clock=parts.clock,
        )
        self._others.append(CommandDesk(queue=parts.queue, commands=commands))
        return Orchestrator(
            graph=parts.graph,
            registry=parts.registry,
            queue=parts.queue,
            progress=progress,
            commands=commands,
            clock=parts.clock,
        )

    def _launching(self, progress: Progress) -> Launching:
        parts = self._parts
        return Launching(
            graph=parts.graph,
            registry=parts.registry,
            journal=self._journal,
            queue=parts.queue,
            nodes=parts.nodes,
            progress=progress,
            clusters=parts.clusters,
            placing=Placing(
                placement=parts.placement,
                validators=parts.validators,
                clusters=parts.clusters,
                loads=ClusterLoads(parts.registry, parts.resources, self._partition.members),
            ),
            validators=parts.validators,
            clock=parts.clock,
        )

    def _scheduler(self) -> Scheduler:
        parts = self._parts
        return Scheduler(
            nodes=parts.nodes,
            partition=self._partition,
            queue=parts.queue,
            graph=parts.graph,
            registry=parts.registry,
            new_room=self._waiting_room,
            clock=parts.clock,
        )

    def _waiting_room(self) -> WaitingRoom:
        parts = self._parts

        limits = ClusterLimits(clusters=parts.clusters, default=parts.resource_limit)
        policy = Policy(
            host_limit=limits.host,
            queue_limit=limits.queue,
            user_limit=parts.user_limit,
            gateway_limit=parts.gateway_limit,
            shares=parts.gateway_shares,
            aging_s=parts.priority_aging_s,
        )
        return WaitingRoom(policy, lambda: Circuit(parts.circuit_first_delay_s, parts.circuit_max_delay_s))

    def _worker(self) -> Worker:
        parts = self._parts
        return Worker(
            kinds=parts.kinds,
            slots=parts.slots,
            session=parts.nodes.session,
            queue=parts.queue,
            graph=parts.graph,
            journal=self._journal,
            bus=parts.bus,
            resources=parts.resources,
            scratch_root=parts.scratch_root,
            clock=parts.clock,
        )

    def _monitor(self) -> Monitor:
        parts = self._parts
        return Monitor(
            nodes=parts.nodes,
            partition=self._partition,
            queue=parts.queue,
            graph=parts.graph,
            registry=parts.registry,
            journal=self._journal,
            resources=parts.resources,
            min_poll_interval_s=parts.min_poll_interval_s,
            max_poll_interval_s=parts.max_poll_interval_s,
            clock=parts.clock,
        )
