"""The recovery nodes in ZooKeeper.

What stands below the root::

    /airavata-workload
    ├── experiments
    │   └── 0 ... f                     by hash of the id, so that no list of children grows long
    │       └── <experiment id>         lasting; {"session", "epoch"} of its owner
    ├── owned
    │   └── <epoch>                     lasting, removed when the epoch is over and owns nothing; {"session", "epoch"}
    │       └── 0 ... f
    │           └── <experiment id>     lasting; this epoch owns it
    ├── sessions
    │   └── <epoch>                     ephemeral; {"session", "host", "pid"}: this epoch of this session lives
    ├── members
    │   └── <epoch>:<service>           ephemeral; the member, with its capabilities and load
    └── leads
        └── <role>                      ephemeral; {"session", "epoch"} of the leader

An *epoch* is one ZooKeeper session of ours (see ``zookeeper_session``). An
owner lives if the ephemeral node of its epoch is there: the claim on all its
experiments is that one node, which vanishes however its process dies. One
ephemeral node an experiment would say the same, but the transaction that ends
a session lists all its ephemeral nodes and has to fit into ``jute.maxbuffer``
(1 MiB), which those of 10,000 experiments do not.

The node under ``experiments`` makes an experiment unique and says whose it is;
the one under ``owned`` lets everybody know who owns what by reading a few
lists instead of 10,000 nodes. Both are always written in one transaction.

An experiment is claimed in one transaction: it checks that our epoch's node is
there, sets the owner if the experiment's node has still the version in which
its owner's epoch was found to be over, and moves it from list to list. An
epoch never comes back, so of all who claim at once exactly one succeeds, and
an owner that has lost its session and returns (with a new epoch) takes back
what nobody has claimed meanwhile, and nothing else.

Who drives what is answered from a picture in memory that watches keep up to
date (``zookeeper_picture``); it is read again as a whole every 30 s, against
lost watches. Nothing is decided on it: a claim reads the node itself.

Nothing is done while the connection is in doubt (SUSPENDED, LOST): a call
waits for it as long as a session may be silent, then raises
``StoreUnavailableError``; ``lead`` does not wait. After a loss the session is
established again: its epoch, its memberships, its experiments. Its leads are
not: it competes for them again when it is asked.

No clock is compared with another one. ZooKeeper's servers measure how long a
session was silent; we measure, with the monotonic clock of the process, how
long ago we asked, and only to believe ourselves less.
"""

from __future__ import annotations

import os
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from kazoo.client import TransactionRequest
from kazoo.exceptions import NoAuthError, NodeExistsError, NoNodeError

from airavata_adapters.recovery_nodes.zookeeper_claims import Claims
from airavata_adapters.recovery_nodes.zookeeper_client import (
    FOREIGN,
    LOST_ANSWERS,
    Requests,
    demand,
    found,
    listing,
    made,
    new_client,
    reading,
    translated,
)
from airavata_adapters.recovery_nodes.zookeeper_leads import Leads
from airavata_adapters.recovery_nodes.zookeeper_options import ZooKeeperOptions
from airavata_adapters.recovery_nodes.zookeeper_paths import Paths
from airavata_adapters.recovery_nodes.zookeeper_picture import Picture
from airavata_adapters.recovery_nodes.zookeeper_records import Owner, Process, member_bytes, member_of
from airavata_adapters.recovery_nodes.zookeeper_session import ZooKeeperSession
from airavata_workload.domain.clock import now_us
from airavata_workload.domain.errors import ConflictError, StoreUnavailableError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.recovery_nodes import Member, RecoveryNode, RecoveryNodes

_Result = TypeVar("_Result")
_EACH_S = 0.005
"""More time for each experiment of a call: ten times what it takes."""
_PAUSE_S = 0.1
"""Between two tries of a call whose answer was lost; it may be repeated as often as one likes."""


class ZooKeeperRecoveryNodes(RecoveryNodes):
    """Nodes, members and leads in ZooKeeper.

    Every method may raise ``StoreUnavailableError``, and
    ``AuthenticationError`` if ZooKeeper does not let us at the nodes.
    """

    def __init__(self, options: ZooKeeperOptions, session: str) -> None:
        self._options = options
        self._session_name = session
        self._process = Process(session, socket.gethostname(), os.getpid())
        self._started_at_us = now_us()
        self._paths = Paths(options.root)
        self._picture = Picture(self._paths)
        self._claims = Claims(self._paths, session)
        self._leads = Leads(self._paths, session, options.session_timeout_s)
        self._lock = threading.Lock()
        self._services: dict[str, bytes] = {}
        """Our members as stored, by service."""
        self._past_epochs: set[str] = set()
        """Ours, of which nodes may still be in the name."""
        self._uncertain: set[str] = set()
        """Experiments whose claim was not answered: ours perhaps, and nobody was told."""
        self._session = ZooKeeperSession(new_client(options), options, self._establish, self._doubt)

    def open(self) -> None:
        """Begin the session."""
        self._session.open()

    @property
    def session(self) -> str:
        """As ``RecoveryNodes.session``."""
        return self._session_name

    def join(self, service: str, capabilities: Mapping[str, Any]) -> None:
        """As ``RecoveryNodes.join``. Raises ``InputError`` for capabilities that are too large."""
        member = Member(
            session=self._session_name,
            service=service,
            host=self._process.host,
            pid=self._process.pid,
            started_at_us=self._started_at_us,
            capabilities=capabilities,
        )
        stored = member_bytes(member)

        def enter(epoch: str, requests: Requests) -> None:
            # Ours from now on: each new epoch gets it.
            with self._lock:
                self._services[service] = stored
            self._store_member(service, stored, epoch, requests)

        self._run("to register a service", enter)

    def members(self) -> list[Member]:
        """As ``RecoveryNodes.members``."""

        def read(_epoch: str, requests: Requests) -> list[Member]:
            requests.catch_up()
            names = requests.answer(listing(self._paths.members))
            members = {}
            # A session of two epochs counts once, as it says of itself in the newer one.
            for stored, _stat in sorted(_held(self._paths.members, names, requests), key=lambda one: one[1].czxid):
                member = member_of(stored)
                if member is not None:
                    members[member.session, member.service] = member
            return sorted(members.values(), key=lambda one: (one.started_at_us, one.session, one.service))

        return self._run("to read the services", read)

    def create(self, *experiment_ids: str) -> None:
        """As ``RecoveryNodes.create``."""
        self._run(
            "to make nodes",
            lambda epoch, requests: self._claims.create(experiment_ids, epoch, requests),
            len(experiment_ids),
        )

    def claim(self, experiment_id: str) -> bool:
        """As ``RecoveryNodes.claim``.

        If it raises although ZooKeeper carried it out, ``nodes`` shows the
        node to this session as one without a living owner until it is
        claimed again, so that whoever looks for such nodes finds it.
        """
        try:
            ours = self._run(
                "to claim a node", lambda epoch, requests: self._claims.claim(experiment_id, epoch, requests)
            )
        except StoreUnavailableError:
            with self._lock:
                self._uncertain.add(experiment_id)
            raise
        with self._lock:
            self._uncertain.discard(experiment_id)
        return ours

    def remove(self, *experiment_ids: str) -> None:
        """As ``RecoveryNodes.remove``."""
        self._run(
            "to remove nodes",
            lambda epoch, requests: self._claims.remove(experiment_ids, epoch, requests),
            len(experiment_ids),
        )
        with self._lock:
            self._uncertain.difference_update(experiment_ids)

    def nodes(self) -> list[RecoveryNode]:
        """As ``RecoveryNodes.nodes``."""
        nodes = self._run("to read the nodes", lambda _epoch, requests: self._read_nodes(requests))
        return sorted(nodes, key=lambda node: node.experiment_id)

    def lead(self, role: str) -> bool:
        """As ``RecoveryNodes.lead``. Does not wait for a connection; ``InputError`` for a role without a name."""
        epoch = self._session.now()
        if self._leads.remembered(role, epoch):
            return True
        # What we believe is over before the session can be: an answer that takes longer comes too late.
        requests = self._session.requests(time.monotonic() + self._leads.trust_s)
        try:
            leads = self._leads.lead(role, epoch, requests)
        except NoNodeError as error:
            self._session.again(epoch)
            raise translated(error, self._options, f"to lead '{role}'") from error
        except FOREIGN as error:
            raise translated(error, self._options, f"to lead '{role}'") from error
        return leads and self._session.now() == epoch

    def resign(self, role: str) -> None:
        """As ``RecoveryNodes.resign``."""
        self._run("to resign", lambda epoch, requests: self._leads.resign(role, epoch, requests))

    def close(self) -> None:
        """As ``RecoveryNodes.close``."""
        self._session.close()

    def _run(self, doing: str, act: Callable[[str, Requests], _Result], experiments: int = 0) -> _Result:
        """What ``act`` returns, repeated while its answer is lost and there is time."""
        deadline_s = time.monotonic() + self._session.patience_s + experiments * _EACH_S
        while True:
            epoch = self._session.wait(min(deadline_s, time.monotonic() + self._session.patience_s))
            try:
                return act(epoch, self._session.requests(deadline_s))
            except NoNodeError as error:
                # The epoch's node, or one of those that are always there.
                self._session.again(epoch)
                failure: Exception = error
            except LOST_ANSWERS as error:
                failure = error
            except FOREIGN as error:
                raise translated(error, self._options, doing) from error
            if time.monotonic() + _PAUSE_S >= deadline_s:
                raise translated(failure, self._options, doing) from failure
            time.sleep(_PAUSE_S)

    def _read_nodes(self, requests: Requests) -> Iterable[RecoveryNode]:
        holdings = self._picture.current(requests)
        # After what they own: an epoch's node is made before anything is in its name.
        living = set(requests.answer(listing(self._paths.sessions)))
        with self._lock:
            uncertain = frozenset(self._uncertain)
        nodes: dict[str, RecoveryNode] = {}
        # The living last: what was seen in two lists while it was moved is theirs.
        for holding in sorted(holdings, key=lambda one: one.epoch in living):
            alive = holding.epoch in living
            unsure = uncertain if holding.session == self._session_name else frozenset()
            for experiment_id in holding.experiment_ids:
                nodes[experiment_id] = RecoveryNode(
                    experiment_id=experiment_id,
                    owner=holding.session,
                    owner_alive=alive and experiment_id not in unsure,
                )
            if not alive and not holding.experiment_ids:
                self._claims.tidy(holding.epoch, requests)
        return nodes.values()

    def _doubt(self) -> None:
        self._picture.invalidate()
        self._leads.forget()

    def _establish(self, epoch: str, requests: Requests) -> None:
        """Make what has to be there in an epoch; all of it may be there already."""
        self._make_lasting(requests)
        self._make_session(epoch, requests)
        with self._lock:
            services = dict(self._services)
        for service, stored in services.items():
            self._store_member(service, stored, epoch, requests)
        self._make_lists(epoch, requests)
        past = self._past_epochs - {epoch}
        # Also this one, until all is done: if it ends before, some nodes are in its name and some in older ones.
        self._past_epochs.add(epoch)
        for holding in self._picture.current(requests) if past else ():
            if holding.epoch in past:
                self._claims.retake(holding.experiment_ids, holding.epoch, epoch, requests)
        self._past_epochs = {epoch}

    def _make_lasting(self, requests: Requests) -> None:
        wanted = list(self._paths.lasting())
        stats = requests.answers(found(path) for path in wanted)
        demand(stats)
        missing = [path for path, stat in zip(wanted, stats, strict=True) if stat is None]
        if not missing:
            return
        # Where we may not make the nodes above the root, they are there already, or the root itself says why not.
        demand(requests.answers(made(path) for path in self._paths.above()), NodeExistsError, NoAuthError)
        demand(requests.answers(made(path) for path in (self._paths.root, *missing)), NodeExistsError)

    def _make_session(self, epoch: str, requests: Requests) -> None:
        path, stored = self._paths.session(epoch), self._process.to_bytes()
        begin = [lambda client: client.create_async(path, stored, ephemeral=True)]
        demand(requests.answers(begin), NodeExistsError)
        if self._past_epochs:
            return
        others = [name for name in requests.answer(listing(self._paths.sessions)) if name != epoch]
        for stored_by_other, _stat in _held(self._paths.sessions, others, requests):
            other = Process.from_bytes(stored_by_other)
            if other is not None and other.session == self._session_name and other != self._process:
                raise ConflictError(
                    f"Session '{self._session_name}' is in use by process {other.pid} on {other.host}.",
                    remedy="Every process needs its own session.",
                )

    def _make_lists(self, epoch: str, requests: Requests) -> None:
        def fill(transaction: TransactionRequest) -> None:
            transaction.check(self._paths.session(epoch), -1)
            transaction.create(self._paths.owner(epoch), Owner(self._session_name, epoch).to_bytes())
            for path in self._paths.owned_lists(epoch):
                transaction.create(path)

        failed = requests.commit(fill)
        if failed is not None:
            demand([failed[1]], NodeExistsError)

    def _store_member(self, service: str, stored: bytes, epoch: str, requests: Requests) -> None:
        path = self._paths.member(epoch, service)

        def replace(transaction: TransactionRequest) -> None:
            transaction.check(self._paths.session(epoch), -1)
            transaction.set_data(path, stored)

        def make(transaction: TransactionRequest) -> None:
            transaction.check(self._paths.session(epoch), -1)
            transaction.create(path, stored, ephemeral=True)

        failed = requests.commit(replace)
        if failed is not None and failed[0] == 1 and isinstance(failed[1], NoNodeError):
            failed = requests.commit(make)
        if failed is not None:
            raise failed[1]


def _held(parent: str, names: Iterable[str], requests: Requests) -> list[tuple[bytes, Any]]:
    """What those of these children hold that are there, each with its stat."""
    answers = requests.answers(reading(f"{parent}/{name}") for name in names)
    demand(answers, NoNodeError)
    return [answer for answer in answers if not isinstance(answer, NoNodeError)]


def open_recovery_nodes(context: BackingContext) -> RecoveryNodes:
    """Entry point ``zookeeper``; its options are those of ``ZooKeeperOptions``.

    Raises ``SettingsError``, ``StoreUnavailableError`` if no server answers
    within the session time-out, ``AuthenticationError``, and ``ConflictError``
    if another living process has the same session.
    """
    nodes = ZooKeeperRecoveryNodes(ZooKeeperOptions.of(context), context.session)
    nodes.open()
    return nodes
