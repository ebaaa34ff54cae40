"""Commands on another machine over SSH: one connection for all threads, a few long-lived shells on it."""

from __future__ import annotations

import contextlib
import threading
import weakref

from airavata_adapters.remote_shells.connection import SMALL_WINDOW_BYTES, WINDOW_BYTES, connect
from airavata_adapters.remote_shells.connection_pool import ConnectionPool, Lease
from airavata_adapters.remote_shells.deadline import Deadline
from airavata_adapters.remote_shells.framed_shell import FramedShell
from airavata_adapters.remote_shells.program import Program
from airavata_adapters.remote_shells.reaper import Reaper
from airavata_adapters.remote_shells.shell_pool import PooledShell, ShellPool
from airavata_adapters.remote_shells.ssh_program import SshProgram
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import WorkloadError
from airavata_workload.ports.credential_store import CredentialStore
from airavata_workload.ports.remote_shell import RemoteShell, RemoteShellFactory

_CHANNELS_FOR_STREAMS = 2
"""Places of a connection that framed shells leave to file transfers, if there are more than that many."""
_KILL_WITHIN_S = 10.0


class Account:
    """One account on one machine: its connections and framed shells, shared by all that is opened for it."""

    def __init__(self, cluster: Cluster, credentials: CredentialStore) -> None:
        self.where = f"{cluster.user}@{cluster.host}:{cluster.port}".removeprefix("@")
        self._users: weakref.WeakSet[SshShell] = weakref.WeakSet()
        self._lock = threading.Lock()
        self.connections = ConnectionPool(
            lambda: connect(cluster, credentials),
            lambda: bool(self.shells.give_up_idle(limit=1)),
            max_channels=cluster.max_channels,
            reconnect_within_s=cluster.connect_timeout_s,
        )
        bound = cluster.max_channels - _CHANNELS_FOR_STREAMS
        bound = max(1, bound if bound > 1 else cluster.max_channels)
        self.shells = ShellPool(self._open_framed, bound, self.connections.check_answers)
        self._reaper = Reaper(cluster.idle_timeout_s, self._close_idle)

    def start(self, script: str | None, deadline: Deadline) -> Program:
        """Start ``sh`` on a channel of its own, past all that the login files print."""
        program = SshProgram(self.open_channel(deadline), self.where, self._kill_group)
        try:
            program.begin(script, self.where, deadline)
        except BaseException as error:
            program.give_up(error)
            raise
        return program

    def open_channel(self, deadline: Deadline, window_bytes: int = WINDOW_BYTES) -> Lease:
        """As ``ConnectionPool.open_channel``; the connection is closed when it has been idle for a while."""
        try:
            return self.connections.open_channel(deadline, window_bytes)
        finally:  # not before: with no connection yet there is nothing to watch, and logging in may take long
            self._reaper.wake()

    def use(self, user: SshShell) -> None:
        """The shell uses the account until ``leave``, or until nobody holds it any more."""
        with self._lock:
            self._users.add(user)

    def leave(self, user: SshShell) -> None:
        """The last shell that leaves closes the connections."""
        with self._lock:
            self._users.discard(user)
            if self._users:
                return
        self.shells.give_up_idle()
        self.connections.close()

    def _open_framed(self, deadline: Deadline) -> FramedShell:
        return FramedShell(self.start(None, deadline), self.where)

    def _kill_group(self, process_id: int) -> None:
        script = f"{{ kill -TERM -{process_id} && sleep 2 && kill -KILL -{process_id}; }} >/dev/null 2>&1 &"
        deadline = Deadline(f"Ending a command at {self.where}", _KILL_WITHIN_S)
        # The caller already has an error to report; that the program lives on is a part of "not known".
        with contextlib.suppress(WorkloadError):
            self.shells.run(script, b"", deadline)

    def _close_idle(self, idle_for_s: float) -> bool:
        self.shells.give_up_idle(idle_for_s)
        return self.connections.close_idle(idle_for_s)


class SshShell(PooledShell):
    """A handle on an account; as many as you like share its connections."""

    def __init__(self, cluster: Cluster, account: Account) -> None:
        self.where = account.where
        self.command_timeout_s = cluster.command_timeout_s
        self._account = account

    def start(self, script: str, deadline: Deadline) -> Program:
        """As ``StreamingShell.start``."""
        self._account.use(self)
        return self._account.start(script, deadline)

    def open_channel(self, deadline: Deadline) -> Lease:
        """A bare session channel, for a subsystem. Raises as ``run``."""
        self._account.use(self)
        return self._account.open_channel(deadline, SMALL_WINDOW_BYTES)

    def close(self) -> None:
        """Close the account's connections unless another shell uses them; a later ``run`` opens a new one."""
        self._account.leave(self)

    def _shells(self) -> ShellPool:
        self._account.use(self)
        return self._account.shells


class SshShellFactory(RemoteShellFactory):
    """Makes shells over SSH. In one process, shells for the same account with the same credential share connections."""

    _accounts: dict[tuple[object, ...], Account] = {}  # noqa: RUF012 - shared by all factories of the process
    _lock = threading.Lock()

    def open(self, cluster: Cluster, credentials: CredentialStore) -> RemoteShell:
        """A shell for the cluster; connecting happens at the first use."""
        key = (
            cluster.host,
            cluster.port,
            cluster.user,
            cluster.credential,
            cluster.identity_file,
            cluster.use_agent,
            cluster.known_hosts_file,
            cluster.max_channels,
            # A token means something only in its store; the account keeps the store alive, so the id stays unique.
            id(credentials),
        )
        with self._lock:
            account = self._accounts.get(key)
            if account is None:
                account = self._accounts[key] = Account(cluster, credentials)
        return SshShell(cluster, account)
