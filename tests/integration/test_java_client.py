"""A Java program, compiled against the classes of Airavata that are published, as a portal over a real Slurm.

What 0.17 has and those classes do not is called with our own generated client.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from portal_site import CLIENTS, WORDS, PortalServer, portal_events
from services.servers import Servers
from thrift.protocol.TBinaryProtocol import TBinaryProtocolAccelerated
from thrift.transport import TSocket, TTransport

from airavata_thrift.airavata_api import Airavata
from airavata_thrift.api_errors.ttypes import AuthorizationException
from airavata_thrift.authorization.ttypes import AuthzToken
from airavata_thrift.credentials.ttypes import SummaryType
from airavata_thrift.groups.ttypes import GroupModel, ResourcePermissionType, ResourceType
from airavata_thrift.workspaces.ttypes import Project

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]

Seen = dict[str, Any]


@pytest.fixture(scope="module")
def class_path(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Airavata's classes, and the program of tests/clients, compiled."""
    published = Servers().env("javasdk")["JAVA_SDK_CLASSES"]
    assert Path(published).parent.exists(), f"{published} is not there; run: tests/services/services.sh install javasdk"
    compiled = tmp_path_factory.mktemp("classes")
    command = ["javac", "-nowarn", "-d", str(compiled), "-cp", published, str(CLIENTS / "Portal.java")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return f"{compiled}:{published}"


@pytest.fixture(scope="module")
def seen(portal_host: PortalServer, class_path: str) -> Seen:
    """What the portal saw, and what its files hold."""
    with portal_host.portal("portal-java") as told:
        found = portal_events(portal_host, ["java", "-Xmx64m", "-cp", class_path, "Portal"], properties(told))
        for run in found["run"]:
            run["texts"] = {name: Path(path).read_text("utf-8") for name, path in run.pop("outputs").items()}
    return {**found, "told": told}


def properties(told: Mapping[str, Any]) -> str:
    """The same as lines ``key=value``; an empty line ends them."""
    host, _, port = told["listeners"]["api"].rpartition(":")
    flat = {
        "host": host,
        "port": port,
        "gateway": told["gateway"],
        "storage_root": told["storage_root"],
        "ssh.port": told["ssh"]["port"],
        "ssh.user": told["ssh"]["user"],
        **{f"token.{user}": token for user, token in told["tokens"].items()},
        **{name: told["ssh"][name] for name in told["scratch"]},
        **{f"scratch.{name}": path for name, path in told["scratch"].items()},
    }
    return "".join(f"{key}={value}\n" for key, value in flat.items())


def test_a_gateway_with_resources_and_applications(seen: Seen) -> None:
    told = seen["told"]
    assert seen["gateway"] == {
        "version": "0.18.0",
        "exists": True,
        "name": "Java portal-java",
        "domain": "chemistry",
        "status": "APPROVED",
    }
    assert seen["resources"] == {
        "host": told["ssh"]["alpha"],
        "queue": "normal",
        "nodes": 2,
        "port": told["ssh"]["port"],
        "manager": "SLURM",
        "names": sorted([told["ssh"]["alpha"], told["ssh"]["delta"]]),
    }
    assert seen["applications"] == {"names": ["Sleep", "Sort"], "inputs": "Text", "machines": 2, "deployments": 4}
    assert seen["profile"] == {"preferences": 2, "root": told["storage_root"], "token": True}


def test_credentials_as_0_16_asks_for_them(seen: Seen) -> None:
    credential = seen["credential"]
    assert credential.pop("public_key").startswith("ssh-")
    assert credential == {"listed": True, "passwords": ["Archive"], "deleted": True}


def test_workflows_as_until_0_17(seen: Seen) -> None:
    assert seen["workflows"] == {"graph": "<graph>2</graph>", "known": True, "same": True, "listed": 1, "left": 0}


def test_experiments_run_and_are_cloned(seen: Seen) -> None:
    assert [run["name"] for run in seen["run"]] == ["Sort on Slurm", "Sort by fork", "Sort again"]
    in_order = "".join(sorted(WORDS.splitlines(keepends=True)))
    for run in seen["run"]:
        assert {key: run[key] for key in run if key != "name"} == {
            "valid": True,
            "state": "COMPLETED",
            "process": "COMPLETED",
            "tasks": ["ENV_SETUP", "DATA_STAGING", "JOB_SUBMISSION", "MONITORING", "DATA_STAGING"],
            "jobs": ["COMPLETE"],
            "texts": {"Sorted": in_order},
        }


def test_an_experiment_is_cancelled(seen: Seen) -> None:
    assert seen["cancelled"]["state"] == "CANCELED"
    assert seen["cancelled"]["again"] == "InvalidRequestException"


def test_experiments_are_found_and_others_are_not_told(seen: Seen) -> None:
    assert seen["project"] == {
        "name": "Words",
        "own": 1,
        "hidden": "AuthorizationException",
        "unknown": "ExperimentNotFoundException",
    }
    assert seen["search"] == {
        "names": ["Sort again", "Sort by fork", "Sort on Slurm"],
        "own": 4,
        "in_project": 4,
        "completed": 3,
    }


@pytest.fixture
def client(portal_host: PortalServer) -> Iterator[Any]:
    """Our own generated client, for what the published classes of 0.16 have not."""
    host, _, port = portal_host.listeners["api"].rpartition(":")
    transport = TTransport.TBufferedTransport(TSocket.TSocket(host, int(port)))
    transport.open()
    yield Airavata.Client(TBinaryProtocolAccelerated(transport))
    transport.close()


def two_users(seen: Seen) -> list[AuthzToken]:
    """Tokens of an administrator and of a user."""
    told = seen["told"]
    return [
        AuthzToken(told["tokens"][user], {"userName": user, "gatewayID": told["gateway"]}) for user in ("root", "ada")
    ]


def test_groups_and_credentials_as_only_0_17_has_them(client: Any, seen: Seen) -> None:
    gateway = seen["told"]["gateway"]
    root, ada = two_users(seen)
    made = client.createGroup(ada, GroupModel(name="Few", members=[f"root@{gateway}"]))
    client.updateGroup(ada, GroupModel(id=made, name="Fewer", ownerId=f"ada@{gateway}", members=[f"root@{gateway}"]))
    assert client.getGroup(ada, made).name == "Fewer"
    assert made in [each.id for each in client.getAllGroupsUserBelongs(ada, f"ada@{gateway}")]
    assert client.deleteGroup(ada, made, f"ada@{gateway}")
    own = client.generateAndRegisterSSHKeys(ada, gateway, "ada", "Mine", 1)
    of_user = client.getAllCredentialSummaryForUsersInGateway(ada, SummaryType.SSH, gateway, "ada")
    of_gateway = client.getAllCredentialSummaryForGateway(root, SummaryType.SSH, gateway)
    assert [(each.token, each.description) for each in of_user] == [(own, "Mine")]
    assert own not in [each.token for each in of_gateway]


def test_two_users_share_as_0_17_does(client: Any, seen: Seen) -> None:
    """The kind of what is shared is an argument; 0.16 shares nothing."""
    gateway = seen["told"]["gateway"]
    root, ada = two_users(seen)
    kind, read = ResourceType.PROJECT, ResourcePermissionType.READ
    made = client.createProject(root, gateway, Project(owner="root", gatewayId=gateway, name="Common"))
    with pytest.raises(AuthorizationException):
        client.getProject(ada, made)
    assert client.shareResourceWithUsers(root, made, kind, {f"ada@{gateway}": read})
    assert client.getProject(ada, made).name == "Common"
    assert sorted(client.getAllAccessibleUsers(root, made, kind, read)) == [
        f"{user}@{gateway}" for user in ("ada", "root")
    ]
    assert client.revokeSharingOfResourceFromUsers(root, made, kind, {f"ada@{gateway}": read})
    with pytest.raises(AuthorizationException):
        client.getProject(ada, made)
