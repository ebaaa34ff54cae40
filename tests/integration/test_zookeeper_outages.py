"""The ZooKeeper recovery nodes while servers of an ensemble and owners of experiments die, stop and come back."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import pytest
from integration.zookeeper_site import LIMIT_S, SHORT_SESSION_S, OnZooKeeper, Open, StartChild, eventually
from kazoo.protocol.connection import ConnectionHandler
from services.servers import Servers

from airavata_workload.domain.errors import StoreUnavailableError
from airavata_workload.ports.recovery_nodes import RecoveryNode, RecoveryNodes
from airavata_workload.testing.recovery_nodes_suite import OpenNodes, RecoveryNodesSuite, node_of

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def ensemble(services: Servers) -> str:
    """``host:port,...`` of three servers of ours; every test leaves all three running."""
    services.start("zookeeper3")
    return services.env("zookeeper3")["ZOOKEEPER_ENSEMBLE_HOSTS"]


class TestEnsembleRecoveryNodes(OnZooKeeper, RecoveryNodesSuite):
    """Every session may be served by another one of three servers, of which two may be behind."""

    @pytest.fixture
    def open_nodes(self, ensemble: str, root: str, open_with: Open) -> OpenNodes:
        return lambda: open_with({"hosts": ensemble, "root": root})


class TestOwnersThatDie(OnZooKeeper):
    """Seen and taken over within the session time-out, by one."""

    def test_a_killed_owner_is_dead_within_its_session_and_one_takes_over(
        self, options: dict[str, Any], open_with: Open, start: StartChild
    ) -> None:
        child = start(options, session_timeout_s=SHORT_SESSION_S)
        assert child.ask("create", "experiment-1") == {"returned": None}
        assert child.ask("join", "worker", {"kinds": ["a"]}) == {"returned": None}
        assert child.ask("lead", "scheduler") == {"returned": True}
        sessions = [open_with(options), open_with(options)]
        node = node_of(sessions[0], "experiment-1")
        assert node == RecoveryNode(experiment_id="experiment-1", owner=child.opened["returned"], owner_alive=True)
        assert not any(one.claim("experiment-1") or one.lead("scheduler") for one in sessions)
        child.kill()
        took_s = eventually(lambda: not sessions[0].nodes()[0].owner_alive)
        assert took_s < SHORT_SESSION_S + 3  # the servers look every half second
        assert sessions[0].members() == []
        together = Barrier(2)

        def compete(one: RecoveryNodes) -> tuple[bool, bool]:
            together.wait(LIMIT_S)
            return one.claim("experiment-1"), one.lead("scheduler")

        with ThreadPoolExecutor(2) as threads:
            claims, leads = zip(*threads.map(compete, sessions), strict=True)
        assert sorted(claims) == sorted(leads) == [False, True]

    def test_a_stopped_process_that_goes_on_knows_what_it_has_lost(
        self, options: dict[str, Any], open_with: Open, start: StartChild
    ) -> None:
        child, nodes = start(options, session_timeout_s=SHORT_SESSION_S), open_with(options)
        name = child.opened["returned"]
        assert child.ask("create", "kept", "taken", "removed") == {"returned": None}
        assert child.ask("join", "worker", {"load": 1}) == {"returned": None}
        assert child.ask("lead", "scheduler") == child.ask("lead", "monitor") == {"returned": True}
        child.process.send_signal(signal.SIGSTOP)
        try:
            eventually(lambda: nodes.lead("scheduler"))
            assert nodes.claim("taken")
            nodes.remove("removed")
            assert nodes.members() == []
        finally:
            child.process.send_signal(signal.SIGCONT)
        # Not even the first answer is from its memory.
        answers = [child.ask("lead", "scheduler") for _ in range(200)]
        assert {"returned": True} not in answers
        eventually(lambda: child.ask("lead", "scheduler") == {"returned": False})
        expected = [
            RecoveryNode(experiment_id="kept", owner=name, owner_alive=True),
            RecoveryNode(experiment_id="taken", owner=nodes.session, owner_alive=True),
        ]
        eventually(lambda: nodes.nodes() == expected)
        assert [(member.session, member.capabilities) for member in nodes.members()] == [(name, {"load": 1})]
        assert child.ask("claim", "taken") == {"returned": False}
        assert child.ask("claim", "kept") == {"returned": True}
        assert not nodes.claim("kept")
        # A lead that nobody took is competed for again.
        assert child.ask("lead", "monitor") == {"returned": True}
        assert not nodes.lead("monitor")

    @pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
    def test_a_client_library_that_breaks_down_is_started_again(
        self, options: dict[str, Any], open_with: Open, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        nodes = open_with(options, session_timeout_s=SHORT_SESSION_S)
        nodes.join("worker", {})
        nodes.create("experiment-1")
        assert nodes.lead("scheduler")
        read_socket = ConnectionHandler._read_socket
        broken = Event()

        def break_once(self: ConnectionHandler, timeout: float) -> Any:
            if not broken.is_set():
                broken.set()
                raise ValueError("an error that kazoo does not expect")
            return read_socket(self, timeout)

        monkeypatch.setattr(ConnectionHandler, "_read_socket", break_once)
        expected = [RecoveryNode(experiment_id="experiment-1", owner=nodes.session, owner_alive=True)]
        eventually(lambda: nodes.nodes() == expected)
        assert broken.is_set()
        assert [member.session for member in nodes.members()] == [nodes.session]
        # Nobody could tell the servers that the old ZooKeeper session is over: they find out.
        eventually(lambda: nodes.lead("scheduler"))


class TestServersThatDie(OnZooKeeper):
    """The private ensemble; kill is SIGKILL."""

    @pytest.fixture
    def on_ensemble(self, ensemble: str, root: str) -> dict[str, Any]:
        return {"hosts": ensemble, "root": root}

    @pytest.mark.parametrize("server", [1, 3])
    def test_with_one_of_three_killed_all_goes_on(
        self, services: Servers, on_ensemble: dict[str, Any], open_with: Open, server: int
    ) -> None:
        sessions = [open_with(on_ensemble) for _ in range(4)]
        for number, one in enumerate(sessions):
            one.join("worker", {"number": number})
            one.create(f"before-{number}")
        assert sessions[0].lead("scheduler")
        services.kill("zookeeper3", server)
        try:
            for number, one in enumerate(sessions):
                one.create(f"after-{number}")
                assert not one.claim(f"before-{(number + 1) % 4}")
            for one in sessions:
                assert len(one.members()) == 4
                owned = {node.experiment_id for node in one.nodes() if node.owner_alive}
                assert owned == {f"{when}-{number}" for when in ("before", "after") for number in range(4)}
            # No session has ended, so no lead has changed hands.
            eventually(lambda: [one.lead("scheduler") for one in sessions] == [True, False, False, False])
        finally:
            services.start("zookeeper3", str(server))

    def test_with_all_killed_nothing_is_decided_and_all_is_there_afterwards(
        self, services: Servers, on_ensemble: dict[str, Any], open_with: Open
    ) -> None:
        nodes, other = (open_with(on_ensemble, session_timeout_s=SHORT_SESSION_S) for _ in range(2))
        nodes.join("worker", {"load": 1})
        nodes.create("experiment-1", "experiment-2")
        assert nodes.lead("scheduler")
        services.kill("zookeeper3")
        try:
            eventually(lambda: _refuses(nodes, "scheduler"))
            calls: dict[str, Callable[[], object]] = {
                "nodes": nodes.nodes,
                "members": nodes.members,
                "create": lambda: nodes.create("experiment-3"),
                "claim": lambda: nodes.claim("experiment-1"),
                "remove": lambda: nodes.remove("experiment-1"),
                "join": lambda: nodes.join("worker", {"load": 2}),
                "resign": lambda: nodes.resign("scheduler"),
            }
            with ThreadPoolExecutor(len(calls)) as threads:
                took_s = dict(zip(calls, threads.map(_refusal_s, calls.values()), strict=True))
            assert max(took_s.values()) < SHORT_SESSION_S + 2, took_s
        finally:
            services.start("zookeeper3")
        expected = {("experiment-1", nodes.session, True), ("experiment-2", nodes.session, True)}

        def settled() -> bool:
            seen = {(node.experiment_id, node.owner, node.owner_alive) for node in other.nodes()}
            return seen == expected and [one.session for one in other.members()] == [nodes.session]

        eventually(settled)
        eventually(lambda: sorted([nodes.lead("scheduler"), other.lead("scheduler")]) == [False, True])
        # The claim whose answer never came may have been carried out: to its own session it stands as an orphan.
        assert {node.experiment_id: node.owner_alive for node in nodes.nodes()} == {
            "experiment-1": False,
            "experiment-2": True,
        }
        assert nodes.claim("experiment-1")
        assert all(node.owner_alive for node in nodes.nodes())
        assert not other.claim("experiment-1")


def _refusal_s(call: Callable[[], object]) -> float:
    """How long it takes until the call is refused."""
    started_s = time.monotonic()
    with pytest.raises(StoreUnavailableError, match="ZooKeeper"):
        call()
    return time.monotonic() - started_s


def _refuses(nodes: RecoveryNodes, role: str) -> bool:
    try:
        nodes.lead(role)
    except StoreUnavailableError:
        return True
    return False
