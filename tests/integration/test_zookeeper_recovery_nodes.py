"""The ZooKeeper recovery nodes fulfil their port, on one server and on an ensemble, while servers and owners die."""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError
from kazoo.protocol.connection import ConnectionHandler
from services.servers import Servers

from airavata_adapters.recovery_nodes.zookeeper import open_recovery_nodes
from airavata_adapters.recovery_nodes.zookeeper_client import Requests
from airavata_adapters.recovery_nodes.zookeeper_paths import Paths
from airavata_adapters.recovery_nodes.zookeeper_picture import Picture
from airavata_workload.domain.errors import AuthenticationError, StoreUnavailableError
from airavata_workload.domain.identifiers import session_id
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.recovery_nodes import RecoveryNode, RecoveryNodes
from airavata_workload.testing.recovery_nodes_suite import OpenNodes, RecoveryNodesSuite, node_of
from airavata_workload.testing.samples import AWKWARD, unique

pytestmark = pytest.mark.server

CHILD = Path(__file__).with_name("zookeeper_child.py")
LIMIT_S = 30.0
ADA = {"username": "ada", "password": "hunter-2"}
SHORT_SESSION_S = 2
"""The shortest that the servers of the tests allow is 1 s (two of their ticks)."""

Open = Callable[..., RecoveryNodes]
StartChild = Callable[..., "Child"]


class Child:
    """A process that runs ``zookeeper_child.py``."""

    def __init__(self, options: dict[str, Any], session: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, str(CHILD), json.dumps(options), session],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self.opened = self.hear()

    def hear(self) -> Any:
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def ask(self, *call: Any) -> Any:
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(call) + "\n")
        return self.hear()

    def kill(self) -> None:
        self.process.kill()
        self.process.communicate(timeout=LIMIT_S)


@contextlib.contextmanager
def kazoo(hosts: str, *user_and_password: str) -> Iterator[KazooClient]:
    """A plain client, to look behind the adapter."""
    client = KazooClient(hosts, auth_data=[("digest", ":".join(user_and_password))] if user_and_password else None)
    client.start(LIMIT_S)
    try:
        yield client
    finally:
        client.stop()
        client.close()


def eventually(check: Callable[[], bool], within_s: float = LIMIT_S) -> float:
    """Wait until it is so, through times in which ZooKeeper cannot be reached; the seconds that it took."""
    started_s = time.monotonic()
    while time.monotonic() - started_s < within_s:
        with contextlib.suppress(StoreUnavailableError):
            if check():
                return time.monotonic() - started_s
        time.sleep(0.02)
    raise AssertionError(f"not so within {within_s:g} s")


@pytest.fixture(scope="module")
def ensemble(services: Servers) -> str:
    """``host:port,...`` of three servers of ours; every test leaves all three running."""
    services.start("zookeeper3")
    return services.env("zookeeper3")["ZOOKEEPER_ENSEMBLE_HOSTS"]


@pytest.fixture
def root() -> str:
    return f"/{unique('test')}/nodes"


@pytest.fixture
def options(zookeeper_hosts: str, root: str) -> Iterator[dict[str, Any]]:
    """Options of a root of our own, which is removed at the end."""
    yield {"hosts": zookeeper_hosts, "root": root}
    with kazoo(zookeeper_hosts, *ADA.values()) as client:
        client.delete("/" + root.split("/")[1], recursive=True)


@pytest.fixture
def open_with() -> Iterator[Open]:
    """Opens recovery nodes with options, and closes them."""
    with contextlib.ExitStack() as stack:

        def open_one(options: dict[str, Any], **more: Any) -> RecoveryNodes:
            context = BackingContext(home=Path(), session=session_id("engine"), options={**options, **more})
            nodes = open_recovery_nodes(context)
            stack.callback(nodes.close)
            return nodes

        yield open_one


@pytest.fixture
def start() -> Iterator[StartChild]:
    children: list[Child] = []

    def start_one(options: dict[str, Any], session: str | None = None, **more: Any) -> Child:
        children.append(Child({**options, **more}, session or session_id("child")))
        return children[-1]

    yield start_one
    for child in children:
        child.kill()


class TestZooKeeperRecoveryNodes(RecoveryNodesSuite):
    @pytest.fixture
    def open_nodes(self, options: dict[str, Any], open_with: Open) -> OpenNodes:
        return lambda: open_with(options)


class TestEnsembleRecoveryNodes(RecoveryNodesSuite):
    """Every session may be served by another one of three servers, of which two may be behind."""

    @pytest.fixture
    def open_nodes(self, ensemble: str, root: str, open_with: Open) -> OpenNodes:
        return lambda: open_with({"hosts": ensemble, "root": root})


@pytest.mark.parametrize("experiment_id", [AWKWARD, "", ".", "..", "a/b", "%", "%2F", "\udcff", "x" * 300])
def test_an_experiment_may_have_any_id(options: dict[str, Any], open_with: Open, experiment_id: str) -> None:
    nodes, other = open_with(options), open_with(options)
    nodes.create(experiment_id)
    assert [node.experiment_id for node in other.nodes()] == [experiment_id]
    assert not other.claim(experiment_id)
    nodes.close()
    assert other.claim(experiment_id)
    other.remove(experiment_id)
    assert other.nodes() == []


def test_many_at_once_some_of_which_are_there(options: dict[str, Any], open_with: Open) -> None:
    nodes, other = open_with(options), open_with(options)
    ids = [f"experiment-{number:03}" for number in range(250)]
    other.create(ids[120])
    nodes.create(*ids, ids[0])
    owners = {node.experiment_id: node.owner for node in other.nodes()}
    assert list(owners) == ids
    assert {one for one, owner in owners.items() if owner == other.session} == {ids[120]}
    nodes.remove(*ids[10:], "never-there", ids[10])
    assert [node.experiment_id for node in other.nodes()] == ids[:10]
    nodes.create()
    nodes.remove()


def test_the_others_see_what_changes_and_read_little_else(
    options: dict[str, Any], open_with: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes, other = open_with(options), open_with(options)
    nodes.create(*(f"experiment-{number}" for number in range(200)))
    assert len(other.nodes()) == 200
    asked: list[str] = []
    call = KazooClient._call

    def counted(self: KazooClient, request: Any, answer: Any) -> Any:
        asked.append(type(request).__name__)
        return call(self, request, answer)

    monkeypatch.setattr(KazooClient, "_call", counted)
    assert len(other.nodes()) == 200
    assert asked == ["Sync", "GetChildren"]
    nodes.remove("experiment-7")
    nodes.create("experiment-200")
    del asked[:]
    found = {node.experiment_id for node in other.nodes()}
    assert "experiment-200" in found
    assert "experiment-7" not in found
    assert len(asked) <= 4
    nodes.close()
    assert other.claim("experiment-8")
    del asked[:]
    assert [node.experiment_id for node in other.nodes() if node.owner_alive] == ["experiment-8"]
    assert len(asked) <= 4


def test_lost_watches_are_made_good_by_reading_all(
    options: dict[str, Any], open_with: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    nodes = open_with(options)
    nodes.create("experiment-1", "experiment-2")
    monkeypatch.setattr(Picture, "_mark", lambda _self, _event: None)
    by_watches, by_time = (Picture(Paths(options["root"]), full_read_s) for full_read_s in (LIMIT_S, 0.0))

    def seen(picture: Picture) -> set[tuple[str, str]]:
        holdings = picture.current(Requests(client, time.monotonic() + LIMIT_S))
        return {(one, holding.session) for holding in holdings for one in holding.experiment_ids}

    with kazoo(options["hosts"]) as client:
        before = {("experiment-1", nodes.session), ("experiment-2", nodes.session)}
        assert seen(by_watches) == seen(by_time) == before
        other = open_with(options)
        nodes.remove("experiment-1")
        nodes.close()
        assert other.claim("experiment-2")
        assert seen(by_watches) == before
        assert seen(by_time) == {("experiment-2", other.session)}


def test_an_experiment_that_moves_is_never_missing(options: dict[str, Any], open_with: Open) -> None:
    watcher = open_with(options)
    ids = {f"experiment-{number}" for number in range(20)}
    owner = open_with(options)
    owner.create(*ids)
    done = Event()

    def move(owner: RecoveryNodes) -> None:
        for _ in range(10):
            owner.close()
            owner = open_with(options)
            assert all(owner.claim(one) for one in ids)
        done.set()

    with ThreadPoolExecutor(1) as threads:
        moved = threads.submit(move, owner)
        looks = 0
        while not (done.is_set() or moved.done()):
            found = [node.experiment_id for node in watcher.nodes()]
            assert len(found) == len(ids)
            assert set(found) == ids
            looks += 1
        moved.result()
    assert looks > 10
    assert all(node.owner_alive for node in watcher.nodes())


def test_nothing_is_left_of_sessions_that_own_nothing(options: dict[str, Any], open_with: Open) -> None:
    for _ in range(5):
        gone = open_with(options)
        gone.create("experiment-1")
        gone.join("worker", {})
        gone.lead("scheduler")
        gone.remove("experiment-1")
        gone.close()
    nodes = open_with(options)
    assert nodes.nodes() == []
    paths = Paths(options["root"])
    with kazoo(options["hosts"]) as client:
        epochs = client.get_children(paths.sessions)
        assert len(epochs) == 1
        assert client.get_children(paths.owned) == epochs
        assert client.get_children(paths.members) == client.get_children(paths.leads) == []


def test_what_is_not_ours_belongs_to_nobody(options: dict[str, Any], open_with: Open) -> None:
    nodes = open_with(options)
    nodes.join("worker", {})
    paths = Paths(options["root"])
    with kazoo(options["hosts"]) as client:
        client.create(f"{paths.members}/strange", b"{}", ephemeral=True)
        client.create(f"{paths.leads}/scheduler", b"[]", ephemeral=True)
        for experiment_id in ("claimed", "created", "removed"):
            client.create(paths.experiment(experiment_id), b"\xff not ours")
        assert [member.session for member in nodes.members()] == [nodes.session]
        assert not nodes.lead("scheduler")
        assert nodes.claim("claimed")
        # In nobody's list: whoever makes the node mends that.
        nodes.create("created", "new")
        nodes.remove("removed", "new")
        assert [(node.experiment_id, node.owner_alive) for node in nodes.nodes()] == [
            ("claimed", True),
            ("created", True),
        ]


def test_what_somebody_has_deleted_is_made_again(options: dict[str, Any], open_with: Open) -> None:
    nodes, other = open_with(options), open_with(options)
    nodes.join("worker", {})
    assert nodes.lead("scheduler")
    with kazoo(options["hosts"]) as client:
        client.delete(options["root"], recursive=True)
    nodes.create("experiment-1")
    assert nodes.nodes() == [RecoveryNode(experiment_id="experiment-1", owner=nodes.session, owner_alive=True)]
    assert [member.session for member in nodes.members()] == [nodes.session]
    eventually(lambda: sorted([nodes.lead("scheduler"), other.lead("scheduler")]) == [False, True])


def test_of_two_living_processes_one_may_have_a_session(options: dict[str, Any], start: StartChild) -> None:
    first = start(options, "engine-1")
    assert first.opened == {"returned": "engine-1"}
    assert start(options, "engine-1").opened == {"raised": "ConflictError"}
    assert first.ask("create", "experiment-1") == {"returned": None}


def test_a_closed_session_does_nothing(options: dict[str, Any], open_with: Open) -> None:
    nodes = open_with(options)
    nodes.close()
    nodes.close()
    for call in (nodes.nodes, nodes.members, lambda: nodes.lead("scheduler"), lambda: nodes.create("experiment-1")):
        with pytest.raises(StoreUnavailableError, match="closed"):
            call()


def test_a_server_that_is_not_there_is_an_error_soon(tmp_path: Path) -> None:
    context = BackingContext(
        home=tmp_path, session="engine-1", options={"hosts": "127.0.0.1:1", "session_timeout_s": 1}
    )
    started_s = time.monotonic()
    with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1:1.*no server can be reached"):
        open_recovery_nodes(context)
    assert time.monotonic() - started_s < LIMIT_S


class TestAccess:
    """With a user name the nodes are for those who have it."""

    @pytest.mark.parametrize("who", [{}, {**ADA, "password": "wrong-1"}, {**ADA, "username": "bob"}])
    def test_nobody_else_gets_at_them(self, options: dict[str, Any], open_with: Open, who: dict[str, str]) -> None:
        nodes = open_with(options, **ADA)
        nodes.create("experiment-1")
        with pytest.raises(AuthenticationError, match=r"'username' and 'password'") as caught:
            open_with(options, **who)
        assert "hunter-2" not in str(caught.value)
        assert "wrong-1" not in str(caught.value)
        assert open_with(options, **ADA).nodes() == nodes.nodes()

    def test_every_node_is_protected(self, options: dict[str, Any], open_with: Open) -> None:
        nodes = open_with(options, **ADA)
        nodes.join("worker", {})
        nodes.create("experiment-1")
        assert nodes.lead("scheduler")
        paths = Paths(options["root"])
        with kazoo(options["hosts"], *ADA.values()) as ours, kazoo(options["hosts"]) as theirs:
            (epoch,) = ours.get_children(paths.sessions)
            found = [paths.root, *paths.lasting(), paths.experiment("experiment-1"), paths.lead("scheduler")]
            found += [*paths.owned_lists(epoch), paths.owned_experiment(epoch, "experiment-1")]
            found += [
                f"{above}/{name}" for above in (paths.sessions, paths.members) for name in ours.get_children(above)
            ]
            for path in found:
                ours.get(path)
                with pytest.raises(NoAuthError):
                    theirs.get(path)
                with pytest.raises(NoAuthError):
                    theirs.set(path, b"theirs")
        assert len(found) == len(list(paths.lasting())) + 22

    def test_the_password_is_in_no_log(
        self, options: dict[str, Any], open_with: Open, caplog: pytest.LogCaptureFixture
    ) -> None:
        caplog.set_level(1)
        caplog.set_level(1, logger="airavata_adapters.zookeeper_client")
        nodes = open_with(options, **ADA)
        nodes.create("experiment-1")
        nodes.close()
        assert "Zookeeper connection established" in caplog.text
        assert "hunter-2" not in caplog.text


class TestOwnersThatDie:
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


class TestServersThatDie:
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


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_client_library_that_breaks_down_is_started_again(
    options: dict[str, Any], open_with: Open, monkeypatch: pytest.MonkeyPatch
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


def test_ten_thousand_nodes(options: dict[str, Any], open_with: Open) -> None:
    nodes, other = open_with(options), open_with(options)
    ids = [f"a_workflow_of_somebody_{number:036}" for number in range(10_000)]
    took_s: dict[str, float] = {}

    def measured(name: str, call: Callable[[], object]) -> Any:
        started_s = time.monotonic()
        result = call()
        took_s[name] = time.monotonic() - started_s
        return result

    measured("create", lambda: nodes.create(*ids))
    assert len(measured("first nodes()", other.nodes)) == len(ids)
    assert [node.experiment_id for node in measured("next nodes()", other.nodes)] == ids
    nodes.close()
    assert not any(node.owner_alive for node in measured("nodes() without owner", other.nodes))
    measured("100 claims", lambda: [other.claim(one) for one in ids[:100]])
    assert len([node for node in other.nodes() if node.owner_alive]) == 100
    measured("remove", lambda: other.remove(*ids))
    assert measured("nodes() of none", other.nodes) == []
    print(", ".join(f"{name} {seconds:.3f} s" for name, seconds in took_s.items()))
