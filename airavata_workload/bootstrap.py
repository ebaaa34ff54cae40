"""Turns the names in the settings into adapters. The only place that does."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Self

import airavata_workload_config

from airavata_workload.api.workload import Workload
from airavata_workload.documents.cluster_file import ClusterFiles
from airavata_workload.domain import identifiers
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.migration.seal import refuse_if_moved
from airavata_workload.plugins import catalogue
from airavata_workload.ports.backing import SESSION_PARTITION, BackingContext
from airavata_workload.ports.credential_store import CredentialStore
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.store_schema import StoreSchema
from airavata_workload.ports.task_queue import TaskQueue
from airavata_workload.resources import Resources
from airavata_workload.settings import Settings

if TYPE_CHECKING:  # the engine is slow to import, and most commands of the command line only look
    from airavata_workload.engine import Engine


class Installation:
    """The backing systems that the settings name, each opened when it is first used.

    With ``private`` the engine of this process has queues of its own, so that
    it runs what is submitted here and nothing else (``run``); otherwise it
    shares the common queues (``serve``, ``submit``).
    """

    def __init__(self, settings: Settings, *, service: str, private: bool = False) -> None:
        self.settings = settings
        self.session = identifiers.session_id(service)
        self.partition = SESSION_PARTITION + self.session if private else settings.partition
        self.clock = now_us
        self._private = private
        self._opened: dict[str, Any] = {}
        self._other_queues: dict[str, TaskQueue] = {}
        settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)

    # -- backing systems ---------------------------------------------------------
    @property
    def graph(self) -> GraphStore:
        """The graph store."""
        store: GraphStore = self._open("graph_store", "graph_stores")
        return store

    @property
    def registry(self) -> Registry:
        """The registry."""
        registry: Registry = self._open("registry", "registries")
        return registry

    def registry_schema(self) -> StoreSchema:
        """The form of the registry's tables; the registry itself is not opened.

        Raises ``NotFoundError`` if the registry has none that could be out of date.
        """
        schema: StoreSchema = catalogue("store_schemas").load(self.settings.registry)(
            self._context("registry", self.partition)
        )
        return schema

    @property
    def queue(self) -> TaskQueue:
        """The task queue of this process's engine."""
        queue: TaskQueue = self._open("task_queue", "task_queues")
        return queue

    @property
    def nodes(self) -> RecoveryNodes:
        """The recovery nodes; opening them begins this process's session."""
        nodes: RecoveryNodes = self._open("recovery_nodes", "recovery_nodes")
        return nodes

    @property
    def bus(self) -> EventBus:
        """The event bus."""
        bus: EventBus = self._open("event_bus", "event_buses")
        return bus

    @property
    def credentials(self) -> CredentialStore:
        """The credential store."""
        store: CredentialStore = self._open("credential_store", "credential_stores")
        return store

    @property
    def clusters(self) -> ClusterFiles:
        """The clusters that cluster files describe: this installation's own, then the shipped ones."""
        shipped = airavata_workload_config.directory() / "clusters"
        directories = (self.settings.clusters_directory, shipped)
        files: ClusterFiles = self._once("clusters", lambda: ClusterFiles(directories, self.settings.home))
        return files

    @property
    def resources(self) -> Resources:
        """Connections to the clusters."""
        resources: Resources = self._once("resources", lambda: Resources(self.clusters, self.credentials))
        return resources

    def _open(self, setting: str, namespace: str) -> Any:
        def make() -> Any:
            factory = catalogue(namespace).load(getattr(self.settings, setting))
            return factory(self._context(setting, self.partition))

        return self._once(setting, make)

    def _context(self, setting: str, partition: str) -> BackingContext:
        return BackingContext(
            home=self.settings.home,
            session=self.session,
            partition=partition,
            options=getattr(self.settings.options, setting),
        )

    def _once(self, key: str, make: Any) -> Any:
        if key not in self._opened:
            self._opened[key] = make()
        return self._opened[key]

    # -- what is made of them --------------------------------------------------------
    def workload(self) -> Workload:
        """The application layer."""
        workload: Workload = self._once(
            "workload",
            lambda: Workload(
                graph=self.graph,
                registry=self.registry,
                queue=self.queue,
                queue_of=self._queue_of,
                bus=self.bus,
                output_root=self.settings.outputs_directory,
                clock=self.clock,
                nodes=self.nodes if self._private else None,
            ),
        )
        return workload

    def load_missing_dags(self) -> None:
        """Store the DAGs that are shipped, or in the installation's own folder, and not in the graph store yet."""
        from airavata_workload.documents.dag_directory import load_missing_dags, shipped_dags

        load_missing_dags(self.graph, (self.settings.dags_directory, shipped_dags()))

    def engine(
        self,
        *,
        service: str = "engine",
        kinds: Sequence[str] | None = None,
        slots: int | None = None,
        adopt_orphans: bool,
    ) -> Engine:
        """The stages of a service in this process, by default all of them.

        Raises ``NotFoundError`` for a kind that no plugin has.
        """
        from airavata_workload.engine import Engine, EngineParts, Service

        known = catalogue("tasks").names()
        for kind in kinds or ():
            if kind not in known:
                raise NotFoundError(
                    f"There is no task plugin '{kind}' here.", remedy=f"There are {', '.join(sorted(known))}."
                )

        settings = self.settings
        return Engine(
            EngineParts(
                graph=self.graph,
                registry=self.registry,
                queue=self.queue,
                nodes=self.nodes,
                bus=self.bus,
                resources=self.resources,
                clusters=self.clusters,
                placement=catalogue("placements").load(settings.placement)(),
                validators=[catalogue("validators").load(name)() for name in settings.validators],
                clock=self.clock,
                scratch_root=self.settings.home / "scratch-of-workers",
                kinds=kinds or known,
                slots=slots or settings.worker_slots,
                partition=self.partition,
                circuit_first_delay_s=settings.host_failure_first_delay_s,
                circuit_max_delay_s=settings.host_failure_max_delay_s,
                recovery_interval_s=settings.recovery_interval_s,
                resource_limit=settings.max_tasks_per_host,
                user_limit=settings.max_tasks_per_user,
                gateway_limit=settings.max_tasks_per_gateway,
                gateway_shares=settings.gateway_shares,
                priority_aging_s=settings.priority_aging_s,
                min_poll_interval_s=settings.monitor_min_poll_interval_s,
                max_poll_interval_s=settings.monitor_max_poll_interval_s,
                may_start=lambda: refuse_if_moved(settings),
                adopt_orphans=adopt_orphans,
            ),
            Service(service),
        )

    def _queue_of(self, experiment_id: str) -> TaskQueue:
        """The queue on which the engine that drives an experiment listens."""
        owner = next((node.owner for node in self.nodes.nodes() if node.experiment_id == experiment_id), "")
        member = next((member for member in self.nodes.members() if member.session == owner), None)
        partition = member.capabilities.get("partition", "") if member is not None else self.partition
        if partition == self.partition:
            return self.queue
        if partition not in self._other_queues:
            factory = catalogue("task_queues").load(self.settings.task_queue)
            self._other_queues[partition] = factory(self._context("task_queue", partition))
        return self._other_queues[partition]

    # -- end ------------------------------------------------------------------------------
    def close(self) -> None:
        """Close everything that was opened, the recovery nodes (and with them the session) last."""
        order = [
            "resources",
            "task_queue",
            "event_bus",
            "registry",
            "graph_store",
            "credential_store",
            "recovery_nodes",
        ]
        for queue in self._other_queues.values():
            queue.close()
        for key in order:
            opened = self._opened.pop(key, None)
            if opened is not None:
                with contextlib.suppress(OSError):
                    opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()


def own_files_only() -> None:
    """Make every file that this process creates readable by its user alone."""
    os.umask(0o077)
