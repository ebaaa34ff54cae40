"""The parts of the ZooKeeper recovery nodes that need no server: options, paths, what nodes hold, errors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from kazoo.exceptions import ConnectionLoss, KazooException, NoAuthError, NodeExistsError, SessionExpiredError
from kazoo.handlers.threading import KazooTimeoutError

from airavata_adapters.recovery_nodes.zookeeper_client import FOREIGN, LOST_ANSWERS, translated
from airavata_adapters.recovery_nodes.zookeeper_options import ZooKeeperOptions
from airavata_adapters.recovery_nodes.zookeeper_paths import Paths
from airavata_adapters.recovery_nodes.zookeeper_records import Owner, Process, member_bytes, member_of
from airavata_workload.domain.errors import AuthenticationError, InputError, SettingsError, StoreUnavailableError
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.recovery_nodes import Member
from airavata_workload.testing.samples import AWKWARD


def options(**given: Any) -> ZooKeeperOptions:
    return ZooKeeperOptions.of(BackingContext(home=Path("/nowhere"), session="engine-1", options=given))


def test_the_defaults_are_one_server_on_this_machine() -> None:
    found = options()
    assert (found.hosts, found.root, found.session_timeout_s) == ("127.0.0.1:2181", "/airavata-workload", 10)


def test_several_hosts_and_a_user() -> None:
    found = options(hosts="a:2181, b.example.org:2182,[::1]:2183", username="ada", password="hunter-2")
    assert found.username == "ada"
    assert "hunter-2" not in repr(found)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"hosts": ""}, "'hosts'"),
        ({"hosts": "localhost"}, "host:port"),
        ({"hosts": "a:2181,"}, "host:port"),
        ({"hosts": "a:port"}, "host:port"),
        ({"hosts": "a:2181/chroot"}, "goes into option 'root'"),
        ({"root": ""}, "'root'"),
        ({"root": "/"}, "'root'"),
        ({"root": "relative"}, "'root'"),
        ({"root": "/a//b"}, "'root'"),
        ({"root": "/a/../b"}, "'root'"),
        ({"root": "/a/."}, "'root'"),
        ({"root": "/a b"}, "'root'"),
        ({"username": "ada"}, "belong together"),
        ({"password": "hunter-2"}, "belong together"),
        ({"username": "a:b", "password": "hunter-2"}, "colon"),
        ({"session_timeout_s": 0}, "1 to 600"),
        ({"session_timeout_s": 601}, "1 to 600"),
        ({"session_timeout_s": "10"}, "type int"),
        ({"host": "a:2181"}, "Did you mean 'hosts'"),
    ],
)
def test_options_that_cannot_be_are_refused(given: dict[str, Any], says: str) -> None:
    with pytest.raises(SettingsError, match=says) as caught:
        options(**given)
    assert "hunter-2" not in str(caught.value)


def test_the_paths_stand_below_the_root() -> None:
    paths = Paths("/apps/workload/")
    assert paths.root == "/apps/workload"
    assert list(paths.above()) == ["/apps"]
    assert list(Paths("/workload").above()) == []
    assert paths.session("0f") == "/apps/workload/sessions/0f"
    assert paths.member("0f", "a/b:c") == "/apps/workload/members/0f:a%2Fb%3Ac"
    assert paths.lead(".") == "/apps/workload/leads/%2E"
    lasting = list(paths.lasting())
    assert all(path.startswith("/apps/workload/") for path in lasting)
    # Parents first: they are made in this order.
    assert all(path.rpartition("/")[0] in {paths.root, *lasting[:place]} for place, path in enumerate(lasting))


@pytest.mark.parametrize("text", ["x" * 1001, "\U0001f9ea" * 100])
def test_what_is_too_long_for_a_name_is_refused(text: str) -> None:
    paths = Paths("/root")
    for path in (paths.experiment, paths.lead):
        with pytest.raises(InputError, match="too long"):
            path(text)


def test_a_role_needs_a_name() -> None:
    with pytest.raises(InputError, match="cannot name a role"):
        Paths("/root").lead("")


def test_what_nodes_hold_comes_back() -> None:
    owner, process = Owner("engine-1", "0f"), Process("engine-1", "a.example.org", 17)
    member = Member(
        session="engine-1",
        service=AWKWARD,
        host="a",
        pid=17,
        started_at_us=1,
        capabilities={"kinds": [AWKWARD], "load": {"running": 0.5}},
    )
    assert Owner.from_bytes(owner.to_bytes()) == owner
    assert Process.from_bytes(process.to_bytes()) == process
    assert member_of(member_bytes(member)) == member


@pytest.mark.parametrize("stored", [b"", b"\xff", b"[]", b"1", b"null", b"{}", b'{"session":1,"epoch":2,"pid":"x"}'])
def test_what_is_not_ours_is_nobody(stored: bytes) -> None:
    assert Owner.from_bytes(stored) == Owner("", "")
    assert Process.from_bytes(stored) is None
    assert member_of(stored) is None


def test_a_member_that_says_too_much_is_refused() -> None:
    member = Member(
        session="s", service="worker", host="a", pid=1, started_at_us=1, capabilities={"text": "x" * (300 << 10)}
    )
    with pytest.raises(InputError, match="'worker' take"):
        member_bytes(member)


@pytest.mark.parametrize(
    ("error", "becomes"),
    [
        (NoAuthError(), AuthenticationError),
        (ConnectionLoss(), StoreUnavailableError),
        (SessionExpiredError(), StoreUnavailableError),
        (KazooTimeoutError(), StoreUnavailableError),
        (NodeExistsError(), StoreUnavailableError),
        (KazooException("strange"), StoreUnavailableError),
    ],
)
def test_errors_of_the_client_become_ours_without_the_password(error: Exception, becomes: type[Exception]) -> None:
    assert isinstance(error, FOREIGN)
    ours = translated(error, options(username="ada", password="hunter-2"), "to read the nodes")
    assert type(ours) is becomes
    assert "127.0.0.1:2181" in str(ours)
    assert "to read the nodes" in str(ours)
    assert "hunter-2" not in str(ours)


def test_a_lost_answer_says_nothing_about_what_was_done() -> None:
    assert isinstance(ConnectionLoss(), LOST_ANSWERS)
    assert isinstance(SessionExpiredError(), LOST_ANSWERS)
    assert not isinstance(NodeExistsError(), LOST_ANSWERS)
