"""The ZooKeeper recovery nodes fulfil their port, and what only ZooKeeper brings with it."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event
from typing import Any

import pytest
from integration.zookeeper_site import ADA, LIMIT_S, OnZooKeeper, Open, StartChild, eventually, kazoo
from kazoo.client import KazooClient
from kazoo.exceptions import NoAuthError

from airavata_adapters.recovery_nodes.zookeeper import open_recovery_nodes
from airavata_adapters.recovery_nodes.zookeeper_client import Requests
from airavata_adapters.recovery_nodes.zookeeper_paths import Paths
from airavata_adapters.recovery_nodes.zookeeper_picture import Picture
from airavata_workload.domain.errors import AuthenticationError, StoreUnavailableError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.recovery_nodes import RecoveryNode, RecoveryNodes
from airavata_workload.testing.recovery_nodes_suite import OpenNodes, RecoveryNodesSuite
from airavata_workload.testing.samples import AWKWARD

pytestmark = pytest.mark.server


class TestZooKeeperRecoveryNodes(OnZooKeeper, RecoveryNodesSuite):
    @pytest.fixture
    def open_nodes(self, options: dict[str, Any], open_with: Open) -> OpenNodes:
        return lambda: open_with(options)


class TestOneServer(OnZooKeeper):
    """Nodes, members and leads on a server that stays."""

    @pytest.mark.parametrize("experiment_id", [AWKWARD, "", ".", "..", "a/b", "%", "%2F", "\udcff", "x" * 300])
    def test_an_experiment_may_have_any_id(self, options: dict[str, Any], open_with: Open, experiment_id: str) -> None:
        nodes, other = open_with(options), open_with(options)
        nodes.create(experiment_id)
        assert [node.experiment_id for node in other.nodes()] == [experiment_id]
        assert not other.claim(experiment_id)
        nodes.close()
        assert other.claim(experiment_id)
        other.remove(experiment_id)
        assert other.nodes() == []

    def test_many_at_once_some_of_which_are_there(self, options: dict[str, Any], open_with: Open) -> None:
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
        self, options: dict[str, Any], open_with: Open, monkeypatch: pytest.MonkeyPatch
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
        self, options: dict[str, Any], open_with: Open, monkeypatch: pytest.MonkeyPatch
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

    def test_an_experiment_that_moves_is_never_missing(self, options: dict[str, Any], open_with: Open) -> None:
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

    def test_nothing_is_left_of_sessions_that_own_nothing(self, options: dict[str, Any], open_with: Open) -> None:
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

    def test_what_is_not_ours_belongs_to_nobody(self, options: dict[str, Any], open_with: Open) -> None:
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

    def test_what_somebody_has_deleted_is_made_again(self, options: dict[str, Any], open_with: Open) -> None:
        nodes, other = open_with(options), open_with(options)
        nodes.join("worker", {})
        assert nodes.lead("scheduler")
        with kazoo(options["hosts"]) as client:
            client.delete(options["root"], recursive=True)
        nodes.create("experiment-1")
        assert nodes.nodes() == [RecoveryNode(experiment_id="experiment-1", owner=nodes.session, owner_alive=True)]
        assert [member.session for member in nodes.members()] == [nodes.session]
        eventually(lambda: sorted([nodes.lead("scheduler"), other.lead("scheduler")]) == [False, True])

    def test_of_two_living_processes_one_may_have_a_session(self, options: dict[str, Any], start: StartChild) -> None:
        first = start(options, "engine-1")
        assert first.opened == {"returned": "engine-1"}
        assert start(options, "engine-1").opened == {"raised": "ConflictError"}
        assert first.ask("create", "experiment-1") == {"returned": None}

    def test_a_closed_session_does_nothing(self, options: dict[str, Any], open_with: Open) -> None:
        nodes = open_with(options)
        nodes.close()
        nodes.close()
        for call in (nodes.nodes, nodes.members, lambda: nodes.lead("scheduler"), lambda: nodes.create("experiment-1")):
            with pytest.raises(StoreUnavailableError, match="closed"):
                call()

    def test_a_server_that_is_not_there_is_an_error_soon(self, tmp_path: Path) -> None:
        context = BackingContext(
            home=tmp_path, session="engine-1", options={"hosts": "127.0.0.1:1", "session_timeout_s": 1}
        )
        started_s = time.monotonic()
        with pytest.raises(StoreUnavailableError, match=r"127\.0\.0\.1:1.*no server can be reached"):
            open_recovery_nodes(context)
        assert time.monotonic() - started_s < LIMIT_S

    def test_ten_thousand_nodes(self, options: dict[str, Any], open_with: Open) -> None:
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


class TestAccess(OnZooKeeper):
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
