"""Which session leads which role: one ephemeral node a role, made by whoever is first."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass

from kazoo.client import TransactionRequest
from kazoo.exceptions import NodeExistsError, NoNodeError
from kazoo.protocol.states import WatchedEvent

from airavata_adapters.recovery_nodes.zookeeper_client import Requests, demand, reading, synced
from airavata_adapters.recovery_nodes.zookeeper_paths import Paths
from airavata_adapters.recovery_nodes.zookeeper_records import Owner

_LONGEST_TRUST_S = 3.0
_ROUNDS = 5
"""How often the node may change while we look before we leave the lead to the others for this time."""


@dataclass(frozen=True, slots=True)
class _Lead:
    epoch: str
    asked_at_s: float


class Leads:
    """The leads of one session.

    That we lead is remembered until the connection is in doubt, the node's
    watch fires, or ``trust_s`` have passed since the servers were last
    *asked*: a process that was stopped for longer than its session lived
    must not believe its memory when it goes on, before kazoo has noticed.
    The clock is the monotonic one of this process alone, and it only ever
    takes a lead away. That we do not lead is not remembered: it costs one
    question, and the next leader is found at once.

    Raises what ``Requests`` raises; ``NoNodeError`` means that the epoch is
    not established (any more).
    """

    def __init__(self, paths: Paths, session: str, session_timeout_s: float) -> None:
        self._paths = paths
        self._session = session
        self.trust_s = min(session_timeout_s / 3, _LONGEST_TRUST_S)
        self._lock = threading.Lock()
        self._held: dict[str, _Lead] = {}
        """Leads by path."""
        self._turn = 0
        """Counts what made us forget: an answer to a question from before is not remembered."""

    def forget(self) -> None:
        """Remember nothing. Does not wait."""
        with self._lock:
            self._turn += 1
            self._held.clear()

    def remembered(self, role: str, epoch: str) -> bool:
        """Whether it is certain without a question that we lead."""
        with self._lock:
            lead = self._held.get(self._paths.lead(role))
        return lead is not None and lead.epoch == epoch and time.monotonic() - lead.asked_at_s < self.trust_s

    def lead(self, role: str, epoch: str, requests: Requests) -> bool:
        """Whether we lead, after trying to."""
        path = self._paths.lead(role)
        for _ in range(_ROUNDS):
            with self._lock:
                turn = self._turn
            asked_at_s = time.monotonic()
            owner = self._owner(path, requests)
            if owner is None:
                self._create(path, epoch, requests)
                continue
            if owner.epoch != epoch:
                return False
            with self._lock:
                if turn == self._turn:
                    self._held[path] = _Lead(epoch, asked_at_s)
                    return True
        return False

    def resign(self, role: str, epoch: str, requests: Requests) -> None:
        """Remove the node if it is ours."""
        path = self._paths.lead(role)
        self._drop(path)
        owner = self._owner(path, requests)
        if owner is None or owner.epoch != epoch:
            return

        def fill(transaction: TransactionRequest) -> None:
            transaction.check(self._paths.session(epoch), -1)
            transaction.delete(path)

        failed = requests.commit(fill)
        # Our own look left a watch, so what another thread has learnt in between is dropped with the node.
        self._drop(path)
        if failed is not None and (failed[0] == 0 or not isinstance(failed[1], NoNodeError)):
            raise failed[1]

    def _owner(self, path: str, requests: Requests) -> Owner | None:
        # ``sync`` first: a server that is cut off from the others would go on to tell what was.
        answers = requests.answers((synced(path), reading(path, self._changed)))
        demand(answers, NoNodeError)
        found = answers[1]
        if isinstance(found, NoNodeError):
            return None
        return Owner.from_bytes(found[0])

    def _create(self, path: str, epoch: str, requests: Requests) -> None:
        def fill(transaction: TransactionRequest) -> None:
            transaction.check(self._paths.session(epoch), -1)
            transaction.create(path, Owner(self._session, epoch).to_bytes(), ephemeral=True)

        failed = requests.commit(fill)
        if failed is not None and not isinstance(failed[1], NodeExistsError):
            raise failed[1]

    def _changed(self, event: WatchedEvent) -> None:
        """Called by kazoo's thread, which must not wait."""
        if event.path is not None:
            self._drop(event.path)

    def _drop(self, path: str) -> None:
        with self._lock:
            self._turn += 1
            self._held.pop(path, None)
