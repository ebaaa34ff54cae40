"""Which running experiments and which workers belong to the queues of an engine."""

from __future__ import annotations

from airavata_workload.ports.backing import SESSION_PARTITION
from airavata_workload.ports.recovery_nodes import Member, RecoveryNodes


class Partition:
    """The queues called ``name`` ('' the common ones), as seen through the recovery nodes.

    An engine of one process with queues of its own (``run``) shares the stores
    with all others; what it drives is nothing to them as long as it lives.
    """

    def __init__(self, name: str, nodes: RecoveryNodes) -> None:
        self.name = name
        self._nodes = nodes

    def members(self) -> list[Member]:
        """The living services on these queues."""
        return [each for each in self._nodes.members() if each.capabilities.get("partition", "") == self.name]

    def workers(self) -> dict[str, frozenset[str]]:
        """The kinds of tasks that the living workers on these queues run, each with the sessions of these."""
        found: dict[str, set[str]] = {}
        for each in self.members():
            for kind in each.capabilities.get("kinds", ()):
                found.setdefault(kind, set()).add(each.session)
        return {kind: frozenset(sessions) for kind, sessions in found.items()}

    def experiments(self) -> dict[str, str]:
        """The running experiments on these queues, each with the session that drives it; '' if that is gone."""
        partition_of = {each.session: each.capabilities.get("partition", "") for each in self._nodes.members()}
        # Whoever adopts an experiment without a living owner does so on common queues.
        default = "" if self.name.startswith(SESSION_PARTITION) else self.name
        return {
            node.experiment_id: node.owner if node.owner_alive else ""
            for node in self._nodes.nodes()
            if partition_of.get(node.owner, default) == self.name
        }
