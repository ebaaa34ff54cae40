"""Turns the names in the settings into adapters. The only place that does."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

import airavata_workload_config

from airavata_workload.api.access.authentication import (
    Authentication,
    InsecureAuthentication,
    RoleSource,
    TokenAuthentication,
    no_more_roles,
)
from airavata_workload.api.machines.clusters import Clusters
from airavata_workload.api.own_storage import offered_storage
from airavata_workload.api.workload import Workload
from airavata_workload.api_servers import opened
from airavata_workload.documents.cluster_file import ClusterFiles
from airavata_workload.domain import identifiers
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.gateway_storage import GatewayStorage
from airavata_workload.migration.seal import refuse_if_moved
from airavata_workload.plugins import catalogue
from airavata_workload.ports.api_server import ApiServer, ApiServerContext
from airavata_workload.ports.backing import SESSION_PARTITION, BackingContext
from airavata_workload.ports.credential_store import CredentialStore
from airavata_workload.ports.event_bus import EventBus
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.identity_provider import IdentityProvider, IdentityProviderContext
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.store_schema import StoreSchema
from airavata_workload.ports.task_queue import TaskQueue
from airavata_workload.ports.token_verifier import TokenIssuer, TokenVerifier
from airavata_workload.resources import Resources, open_shell
from airavata_workload.secret_records import SecretRecordStore
from airavata_workload.settings import Settings
from airavata_workload.token_verification import issuer_among, open_verifiers

if TYPE_CHECKING:  # the engine is slow to import, and most commands of the command line only look
    from airavata_workload.api.api import Api
    from airavata_workload.api.machines.registered_clusters import RegisteredClusters
    from airavata_workload.engine import Engine
    from airavata_workload.stage import Stage

_CLOSED_IN_ORDER = (
    *("resources", "task_queue", "event_bus", "registry", "record_store", "graph_store", "credential_store"),
    "recovery_nodes",
)


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
        return self._schema("registry", "store_schemas")

    @property
    def records(self) -> RecordStore:
        """The record store; it holds secrets as the credential store encrypts them."""
        store: RecordStore = self._once(
            "records", lambda: SecretRecordStore(self._open("record_store", "record_stores"), self.credentials)
        )
        return store

    def record_schema(self) -> StoreSchema:
        """The form of the record store's tables; the record store itself is not opened.

        Raises ``NotFoundError`` if it has none that could be out of date.
        """
        return self._schema("record_store", "record_store_schemas")

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
    def token_verifiers(self) -> list[TokenVerifier]:
        """Who verifies access tokens, in the order in which they are asked."""
        verifiers: list[TokenVerifier] = self._once(
            "token_verifiers", lambda: open_verifiers(self.settings, self._context_with)
        )
        return verifiers

    @property
    def token_issuer(self) -> TokenIssuer:
        """Who makes this installation's own tokens. Raises ``SettingsError`` if nobody does."""
        return issuer_among(self.token_verifiers)

    @property
    def accounts(self) -> IdentityProvider:
        """Where the accounts of the gateways' users are."""

        def make() -> IdentityProvider:
            factory = catalogue("identity_providers").load(self.settings.identity_provider)
            context = IdentityProviderContext(
                home=self.settings.home,
                session=self.session,
                options=self.settings.options.identity_provider,
                records=self.records,
                clock=self.clock,
            )
            provider: IdentityProvider = factory(context)
            return provider

        accounts: IdentityProvider = self._once("identity_provider", make)
        return accounts

    def authentication(self, *, insecure: bool = False, role_source: RoleSource = no_more_roles) -> Authentication:
        """Who says who calls. ``insecure`` believes everybody, so first see that only this machine can call."""
        if insecure:
            return InsecureAuthentication()
        return TokenAuthentication(verifiers=self.token_verifiers, role_source=role_source)

    def api(self) -> Api:
        """What portals ask for: the application layer over the record store."""
        from airavata_workload.api.api import Api, ApiParts
        from airavata_workload.api.credentials.ssh_key_pair import KeyType

        def make() -> Api:
            return Api(
                ApiParts(
                    records=self.records,
                    secrets=self.credentials,
                    accounts=self.accounts,
                    workload=self.workload(),
                    clusters=self.clusters.registered,
                    resources=self.resources,
                    provisioners=catalogue("account_provisioners"),
                    open_shell=lambda cluster: open_shell(cluster, self.credentials),
                    validators=[catalogue("validators").load(name)() for name in self.settings.validators],
                    has_dag=self.workload().has_dag,
                    super_gateway=self.settings.super_gateway,
                    ssh_key_type=KeyType(self.settings.ssh_key_type),
                    clock=self.clock,
                )
            )

        api: Api = self._once("api", make)
        return api

    @property
    def storage(self) -> GatewayStorage | None:
        """The storage that this installation offers to its gateways' users; ``None`` if it offers none.

        Raises ``SettingsError`` if the settings do not say how clients call its host.
        """
        return offered_storage(self.settings.storage, self.settings.storage_directory)

    def api_server(self, *, insecure: bool = False) -> ApiServer:
        """The servers that clients talk to, as one, their ports bound: Thrift, and storage and HTTP if enabled.

        Raises ``SettingsError`` for a port that cannot be had, ``DeniedError``
        if ``insecure`` and others than this machine would reach it, and
        ``PluginLoadError`` where the extra ``thrift`` is not installed.
        """
        from airavata_workload.api.access.member_roles import MemberRoles

        settings = self.settings
        api = self.api()
        roles = MemberRoles(source=api.groups.roles, clock=self.clock)
        authentication = self.authentication(insecure=insecure, role_source=roles)
        storage = self.storage
        context = ApiServerContext(
            api=api,
            authenticate=authentication.caller,
            settings=settings.thrift,
            home=settings.home,
            insecure=insecure,
            storage=storage,
            default_gateway=settings.default_gateway,
        )
        more = {name: table for name in ("storage", "http") if (table := getattr(settings, name)).enabled}
        server = opened({"thrift": settings.thrift, **more}, context)
        api.first_start.offer(settings.default_gateway, storage)
        return server

    @property
    def clusters(self) -> Clusters:
        """The clusters that cluster files describe, this installation's own before the shipped; and registered ones."""
        shipped = airavata_workload_config.directory() / "clusters"
        directories = (self.settings.clusters_directory, shipped)

        def registered() -> RegisteredClusters:
            from airavata_workload.api.machines.registered_clusters import RegisteredClusters

            return RegisteredClusters(
                records=self.records,
                clock=self.clock,
                local=self.settings.local_resources,
                own_storage=self.storage,
            )

        def make() -> Clusters:
            return Clusters(files=ClusterFiles(directories, self.settings.home), registered=registered)

        clusters: Clusters = self._once("clusters", make)
        return clusters

    @property
    def resources(self) -> Resources:
        """Connections to the clusters."""
        resources: Resources = self._once("resources", lambda: Resources(self.clusters, self.credentials))
        return resources

    def _open(self, setting: str, namespace: str) -> Any:
        return self._once(setting, lambda: self._made(setting, namespace))

    def _schema(self, setting: str, namespace: str) -> StoreSchema:
        schema: StoreSchema = self._made(setting, namespace)
        return schema

    def _made(self, setting: str, namespace: str) -> Any:
        factory = catalogue(namespace).load(getattr(self.settings, setting))
        return factory(self._context(setting, self.partition))

    def _context(self, setting: str, partition: str) -> BackingContext:
        return self._context_with(getattr(self.settings.options, setting), partition)

    def _context_with(self, options: Mapping[str, Any], partition: str = "") -> BackingContext:
        return BackingContext(home=self.settings.home, session=self.session, partition=partition, options=options)

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
        beside: Sequence[Stage] = (),
    ) -> Engine:
        """The stages of a service in this process, by default all of them, and what runs ``beside`` them.

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
            beside=beside,
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
        for queue in self._other_queues.values():
            queue.close()
        for verifier in self._opened.pop("token_verifiers", ()):
            verifier.close()
        for key in _CLOSED_IN_ORDER:
            opened = self._opened.pop(key, None)
            if opened is not None:
                with contextlib.suppress(OSError):
                    opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()
