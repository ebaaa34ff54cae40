"""The two ends of a move, and whether they are apart."""

from __future__ import annotations

from typing import Protocol

from airavata_workload.domain.errors import ConflictError, InputError
from airavata_workload.domain.task import LoadedDag
from airavata_workload.ports.credential_store import CredentialStore
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.record_store import RecordStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import Registry
from airavata_workload.ports.task_queue import TaskQueue

_SHOWN_SERVICES = 5


class End(Protocol):
    """The backing systems of an installation that hold what is moved."""

    @property
    def graph(self) -> GraphStore:
        """The graph store."""

    @property
    def registry(self) -> Registry:
        """The registry."""

    @property
    def records(self) -> RecordStore:
        """The record store."""

    @property
    def nodes(self) -> RecoveryNodes:
        """The recovery nodes."""

    @property
    def queue(self) -> TaskQueue:
        """The task queue."""

    @property
    def credentials(self) -> CredentialStore:
        """The credential store."""


def require_stopped(source: End) -> None:
    """Raise ``ConflictError`` that names the services of the source which live."""
    nodes = source.nodes
    living = [f"{member.service} (process {member.pid} on {member.host})" for member in nodes.members()]
    known = {member.session for member in nodes.members()} | {nodes.session}
    owners = {node.owner for node in nodes.nodes() if node.owner_alive and node.owner not in known}
    living += sorted(owners)
    if living:
        more = ", ..." if len(living) > _SHOWN_SERVICES else ""
        raise ConflictError(
            f"The installation that is to be moved still runs: {', '.join(living[:_SHOWN_SERVICES])}{more}.",
            remedy="Stop every service of it (SIGTERM); one that was killed counts until its session has ended.",
        )


def share_graph_store(source: End, target: End, probe_name: str) -> bool:
    """Whether both ends keep their DAGs in the same place, however their settings call it.

    Found out with an empty loaded DAG, which nobody ever drives. The name is
    one that only this move uses, so that what a crash leaves is found again.
    """
    probe = LoadedDag(
        experiment_id=probe_name, process_id="", application_type="MIGRATION-PROBE", dag_version=0, tasks=()
    )
    target.graph.restore_loaded([probe])
    try:
        return bool(source.graph.loaded([probe.experiment_id]))
    finally:
        target.graph.delete_loaded(probe.experiment_id)


def share_recovery_nodes(source: End, target: End, probe_name: str) -> bool:
    """As ``share_graph_store``, for the recovery nodes.

    Found out with a node of this living session; whoever adopts what a crash leaves finds no such experiment.
    """
    target.nodes.create(probe_name)
    try:
        return any(node.experiment_id == probe_name for node in source.nodes.nodes())
    finally:
        target.nodes.remove(probe_name)


def refuse_common_nodes() -> InputError:
    """The error for two ends that share their recovery nodes and not their DAGs."""
    return InputError(
        "Both installations keep their recovery nodes in the same place, and their DAGs in different ones: each would "
        "take over the experiments of the other.",
        remedy="Give the target recovery nodes of its own, for example another 'root' in ZooKeeper.",
    )
