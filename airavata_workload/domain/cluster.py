"""Compute resources: where and how tasks reach a machine."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchQueue:
    """A queue (partition) of a cluster and its limits; ``None`` is unlimited.

    ``max_tasks`` bounds the tasks at once of experiments that ask for the
    queue, the others what a job may ask of it.
    """

    name: str
    max_wall_time_s: int | None = None
    max_node_count: int | None = None
    max_cpu_count: int | None = None
    max_memory_mib: int | None = None
    max_tasks: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchLoad:
    """What a batch system has to do, for everybody. ``cpu_count`` is what it has to do it with."""

    jobs_running: int
    jobs_pending: int
    cpu_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """A compute or storage resource as a cluster file describes it.

    ``remote_shell``, ``file_transfer`` and ``batch_system`` are names in the
    entry-point namespaces of the same meaning. ``scratch_directory`` is
    absolute. ``credential`` is a token in the credential store;
    ``identity_file`` a key file; with neither, the SSH agent and the usual key
    files are asked. ``max_tasks`` bounds the tasks that run on the resource
    at once, ``max_channels`` the SSH channels of one connection (keep it below
    the server's MaxSessions, 10 by default in OpenSSH).
    ``environment_setup``, ``directives`` are lines of the administrator.
    ``labels`` are words for what the cluster offers to experiments that need
    it; ``application_types``, if not empty, are the only ones for which a
    placement chooses the cluster.
    """

    name: str
    description: str = ""
    labels: tuple[str, ...] = ()
    application_types: tuple[str, ...] = ()
    host: str = "localhost"
    port: int = 22
    user: str = ""
    remote_shell: str = "ssh"
    file_transfer: str = "scp"
    batch_system: str = "slurm"
    scratch_directory: str = ""
    credential: str | None = None
    identity_file: str | None = None
    known_hosts_file: str | None = None
    use_agent: bool = True
    default_queue: str | None = None
    default_allocation: str | None = None
    queues: tuple[BatchQueue, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    pre_commands: tuple[str, ...] = ()
    post_commands: tuple[str, ...] = ()
    directives: tuple[str, ...] = ()
    command_directory: str | None = None
    max_tasks: int = 32
    max_channels: int = 8
    connect_timeout_s: float = 15.0
    command_timeout_s: float = 120.0
    idle_timeout_s: float = 300.0
    keep_alive_s: float = 30.0
    min_poll_interval_s: float | None = None
    max_poll_interval_s: float | None = None

    @property
    def offers(self) -> frozenset[str]:
        """What an experiment may need: the labels, the cluster's own name and its batch system."""
        return frozenset({*self.labels, self.name, self.batch_system})

    def queue(self, name: str) -> BatchQueue | None:
        """The queue of that name, if the cluster file declares it."""
        return next((queue for queue in self.queues if queue.name == name), None)
