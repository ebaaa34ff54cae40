"""Our session over the sessions of ZooKeeper, which come and go.

Our session lives as long as its process. ZooKeeper's may end before: when no
server was reachable for longer than the session time-out, it is gone, with
all its ephemeral nodes, and kazoo begins another one. Each of these is an
*epoch* of ours, named by ZooKeeper's session id. An epoch that has ended never
comes back, so what belongs to it can be taken by others without asking twice.

What has to be there in an epoch is *established* by a thread, not in kazoo's
callbacks (which must not wait for answers), and not by whoever calls next
(nobody may call for a long time). Until it is, nothing is done.

Source: kazoo ``protocol/states.py``: in SUSPENDED nobody knows whether the
session still lives, in LOST it does not.
"""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Callable

from kazoo.client import KazooClient
from kazoo.exceptions import AuthFailedError, WriterNotClosedException
from kazoo.protocol.states import KazooState, KeeperState

from airavata_adapters.recovery_nodes.zookeeper_client import FOREIGN, Requests, translated
from airavata_adapters.recovery_nodes.zookeeper_options import ZooKeeperOptions
from airavata_workload.domain.errors import StoreUnavailableError, WorkloadError

_FIRST_PAUSE_S = 0.1
_LONGEST_PAUSE_S = 2.0
_LOOK_S = 1.0
"""How often the thread looks whether kazoo has given up (it does after an error that it does not know)."""

_log = logging.getLogger(__name__)


class ZooKeeperSession:
    """Keeps an epoch established.

    ``establish`` is called with each new epoch, and again after every
    disconnection; it may raise what kazoo raises and any ``WorkloadError``.
    ``doubted`` is called whenever the connection changes, by a thread that
    must not wait.
    """

    def __init__(
        self,
        client: KazooClient,
        options: ZooKeeperOptions,
        establish: Callable[[str, Requests], None],
        doubted: Callable[[], None],
    ) -> None:
        self._client = client
        self._options = options
        self._establish = establish
        self._doubted = doubted
        self._changed = threading.Condition()
        self._connected = False
        self._turn = 0
        """Counts the changes of the connection: what was begun in an earlier turn proves nothing in this one."""
        self._epoch = ""
        """The established epoch, '' if none is."""
        self._failure: WorkloadError | None = None
        self._started_in_turn = 0
        self._closed = False
        self._keeper = threading.Thread(target=self._keep, name="zookeeper-session", daemon=True)

    @property
    def patience_s(self) -> float:
        """How long a call waits: as long as the session outlives a lost connection."""
        return float(self._options.session_timeout_s)

    def open(self) -> None:
        """Connect and establish the first epoch. Raises ``StoreUnavailableError``, or what establishing raises."""
        self._client.add_listener(self._listen)
        self._client.start_async()
        self._keeper.start()
        try:
            self.wait(time.monotonic() + self.patience_s)
        except BaseException:
            self.close()
            raise

    def wait(self, deadline_s: float) -> str:
        """The established epoch, waited for until the deadline (on the monotonic clock).

        Raises ``StoreUnavailableError``, or at once what keeps it from being
        established if that is nothing that passes.
        """
        with self._changed:
            self._changed.wait_for(
                lambda: self._epoch or self._closed or (self._failure is not None and not self._failure.transient),
                timeout=max(0.0, deadline_s - time.monotonic()),
            )
            return self._epoch or self._refuse()

    def now(self) -> str:
        """The established epoch at this moment. Raises as ``wait``, and at once."""
        with self._changed:
            return self._epoch or self._refuse()

    def requests(self, deadline_s: float) -> Requests:
        """Requests that have to be answered before the deadline (on the monotonic clock)."""
        return Requests(self._client, deadline_s)

    def again(self, epoch: str) -> None:
        """Establish this epoch again: something that should be there is not."""
        with self._changed:
            if self._epoch == epoch:
                self._epoch = ""
                self._changed.notify_all()

    def close(self) -> None:
        """End the session now, so that the others see it at once; if nobody can be told, it ends by its time-out."""
        with self._changed:
            if self._closed:
                return
            self._closed = True
            self._epoch = ""
            self._changed.notify_all()
        self._client.remove_listener(self._listen)
        if self._keeper.ident is not None:
            self._keeper.join(self.patience_s)
        # Both raise when the connection's thread does not end in time; there is nothing more to be done then.
        with contextlib.suppress(WriterNotClosedException, OSError):
            self._client.stop()
            self._client.close()

    def _refuse(self) -> str:
        if self._closed:
            raise StoreUnavailableError("These recovery nodes are closed.", remedy="Open them again.")
        if self._failure is not None:
            raise self._failure.with_traceback(None)
        state = "the session is not established yet" if self._connected else "no server can be reached"
        raise StoreUnavailableError(
            f"ZooKeeper ({self._options.hosts}): {state}.",
            remedy="Work goes on by itself when most of its servers are reachable.",
        )

    def _listen(self, state: str) -> None:
        """Called by kazoo's thread, which must not wait."""
        with self._changed:
            self._connected = state == KazooState.CONNECTED
            self._turn += 1
            self._epoch = ""
            refused = self._client.client_state == KeeperState.AUTH_FAILED
            self._failure = translated(AuthFailedError(), self._options, "to log in") if refused else None
            self._changed.notify_all()
        self._doubted()

    def _keep(self) -> None:
        pause_s = _FIRST_PAUSE_S
        while not self._closed:
            with self._changed:
                wanted = self._changed.wait_for(
                    lambda: self._closed or (self._connected and not self._epoch), timeout=_LOOK_S
                )
                turn = self._turn
            if self._closed:
                return
            if not wanted:
                self._revive()
            elif self._try(turn):
                pause_s = _FIRST_PAUSE_S
            else:
                with self._changed:
                    self._changed.wait_for(lambda: self._closed, timeout=pause_s)
                pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)

    def _try(self, turn: int) -> bool:
        """Whether the present epoch could be established."""
        failure: WorkloadError | None = None
        epoch = self._present_epoch()
        if not epoch:
            return False
        try:
            self._establish(epoch, self.requests(time.monotonic() + self.patience_s))
        except FOREIGN as error:
            failure = translated(error, self._options, "to establish the session")
        except WorkloadError as error:
            failure = error
        except Exception as error:  # noqa: BLE001 - the thread that keeps the session must go on
            _log.exception("the session could not be established")
            failure = StoreUnavailableError(f"The session could not be established: {error!r}.")
        with self._changed:
            if self._turn == turn and not self._closed:
                self._epoch = "" if failure else epoch
                self._failure = failure
                self._changed.notify_all()
            return bool(self._epoch)

    def _present_epoch(self) -> str:
        found = self._client.client_id
        # The id is a signed number of 64 bits.
        return f"{found[0] & (1 << 64) - 1:016x}" if found and found[0] else ""

    def _revive(self) -> None:
        """Start kazoo again if its thread has ended; it was closed, and that after it had been started."""
        if self._client.client_state == KeeperState.CLOSED and self._turn > self._started_in_turn:
            self._started_in_turn = self._turn
            with contextlib.suppress(WriterNotClosedException, OSError):
                self._client.start_async()
