"""The published Python SDKs of Airavata, each in an environment of its own, as portals over a real Slurm.

All four work at the same time, each for a gateway of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from portal_site import WORDS, PortalServer, portal_events, trusting
from python_sdks import VERSIONS, check_gateway, interpreter, program

pytestmark = [pytest.mark.server, pytest.mark.timeout(300)]

OVER_TLS = ("1.1.7", "2.0.22", "2.1.7")
"""The first two take the port with TLS by default, and do not look at the certificate; those since 2.1 do."""

Seen = dict[str, Any]


@pytest.fixture(scope="module")
def portals(
    portal_host: PortalServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Mapping[str, Future[Seen]]]:
    with ThreadPoolExecutor(len(VERSIONS)) as pool:
        yield {
            version: pool.submit(portal, portal_host, version, tmp_path_factory.mktemp("site")) for version in VERSIONS
        }


def portal(portal_host: PortalServer, version: str, folder: Path) -> Seen:
    """Run a portal to its end; what it saw, and what its files hold."""
    secure = ["api"] if version in OVER_TLS else []
    with portal_host.portal(f"portal-{version}", version=version, secure=secure) as told:
        if secure:
            told["listeners"] = {**told["listeners"], "api": told["listeners"]["api_tls"]}
        looks = bool(secure) and version >= "2.1"
        trusts = trusting(interpreter(version), portal_host.authority, folder) if looks else {}
        seen = portal_events(portal_host, program(version), told, trusts)
        for run in (*seen["run"], seen["cloned"]):
            run["texts"] = {name: Path(path).read_text("utf-8") for name, path in run["outputs"].items()}
    return {**seen, "told": told}


@pytest.fixture(scope="module", params=VERSIONS)
def seen(request: pytest.FixtureRequest, portals: Mapping[str, Future[Seen]]) -> Seen:
    return portals[request.param].result(timeout=280)


def test_a_gateway_and_its_people(seen: Seen) -> None:
    check_gateway(seen, seen["told"]["gateway"])


def test_resources_and_applications(seen: Seen) -> None:
    ssh, resources = seen["told"]["ssh"], seen["resources"]
    hosts = [ssh["alpha"], ssh["delta"], ssh["delta"]]
    assert [each.rpartition("_")[0] for each in resources.pop("ids")] == hosts
    assert resources == {
        "hosts": hosts,
        "queues": [["normal", 60, True], ["debug", 60, False]],
        "interfaces": [True],
        "manager": [2, "/usr/bin", 1],
        "storage": 1,
    }
    assert seen["applications"] == {
        "modules": ["Sleep", "Sort"],
        "version": "9.1",
        "interfaces": ["Sleep", "Sort"],
        "described": ["Sleep", "Sort"],
        "of_modules": True,
        "inputs": [["Text", 3]],
        "outputs": ["Sort-STDERR", "Sort-STDOUT", "Sorted"],
        "machines": True,
        "deployments": 4,
        "deployed": 2,
    }


def test_credentials_and_resource_profiles(seen: Seen) -> None:
    told, credential = seen["told"], seen["credential"]
    assert credential["public_key"].startswith("ssh-")
    assert credential["description"] == "Clusters of the portal"
    assert credential["owner"] == [told["gateway"], "root"]
    assert seen["profiles"] == {
        "token": True,
        "preferences": [2, 1],
        "login": told["ssh"]["user"],
        "root": told["storage_root"],
        "group": "Everybody",
        "group_token": True,
        "scratch": sorted(told["scratch"].values()),
        "allocation": ["alpha", "delta"],
        "queues": [["normal"]],
        "limits": [["normal", 1]],
        "seen_by_user": True,
        "usable_by_user": 2,
    }


def test_experiments_run_on_slurm_and_by_fork(seen: Seen) -> None:
    assert [each["kind"] for each in seen["run"]] == ["slurm", "fork"]
    for run in seen["run"]:
        check_run(run)
        directory = Path(
            seen["told"]["storage_root"], "ada", "Sort on Slurm" if run["kind"] == "slurm" else "Sort by fork"
        )
        assert {Path(each).parent for each in run["outputs"].values()} == {directory}
        assert run["valid"]
        assert run["errors"] == []
        assert run["processes"] == 1
        assert run["process_state"] == 10  # COMPLETED
        assert run["tasks"] == [0, 1, 2, 4, 1]  # environment, inputs, job, monitoring, outputs
        assert run["task_states"] == [2]  # COMPLETED
        (job,) = run["jobs"]
        assert job[1] == 3  # COMPLETE
        assert run["details"] == run["statuses"] == [job[0]]
        assert all(run["names"])
    assert seen["run"][0]["jobs"][0][0].isdigit(), "Slurm's number"


def check_run(run: Seen) -> None:
    """An experiment that sorted the words, and was seen in states that follow one another."""
    order = ["CREATED", "SCHEDULED", "LAUNCHED", "EXECUTING", "COMPLETED"]
    assert run["states"] == [each for each in order if each in run["states"]]
    assert run["states"][-1] == "COMPLETED"
    in_order = "".join(sorted(WORDS.splitlines(keepends=True)))
    assert run["texts"] == {"Sorted": in_order, "Sort-STDOUT": "", "Sort-STDERR": ""}


def test_a_running_experiment_is_looked_into_and_cancelled(seen: Seen) -> None:
    assert seen["intermediate"]["found"]["Sleep-STDOUT"]
    assert seen["intermediate"]["state"] == "EXECUTING"
    cancelled = seen["cancelled"]
    assert cancelled["states"][-1] == "CANCELED"
    assert cancelled["process_state"] == 13  # CANCELED
    assert [state for _, state in cancelled["jobs"]] == [4]  # CANCELED


def test_a_clone_is_changed_and_runs(seen: Seen) -> None:
    cloned = seen["cloned"]
    check_run(cloned)
    assert cloned["other"]
    assert (cloned["name"], cloned["description"]) == ("Sort again", "Second time")
    assert cloned["group"]
    assert cloned["directory"] == f"{seen['told']['storage_root']}/ada/again"
    assert cloned["throttled"]
    assert not cloned["as_oneself"]
    assert cloned["inputs"] == [True]


def test_what_cannot_be_done_is_refused_by_the_right_exception(seen: Seen) -> None:
    assert seen["refused"] == {
        "unknown experiment": "ExperimentNotFoundException",
        "unknown project": "ProjectNotFoundException",
        "launched again": "InvalidRequestException",
        "queue not allowed": "InvalidRequestException",
        "deleted after its launch": "InvalidRequestException",
        "another gateway": "InvalidRequestException",
        "forged token": "AuthorizationException",
        "another's name": "AuthorizationException",
    }


def test_projects_and_experiments_are_found(seen: Seen) -> None:
    assert seen["project"] == {"description": "In order", "own": ["Words"], "found": [True]}
    sorts = ["Sort again", "Sort by fork", "Sort on Slurm"]
    everything = ["Sleep long", *sorts]
    assert seen["search"] == {
        "found": {
            "name": sorts,
            "state": ["Sleep long"],
            "project": everything,
            "application": ["Sleep long"],
            "words": ["Sort again"],
            "job": ["Sort on Slurm"],
            "dates": [],
        },
        "page": ["CANCELED", "COMPLETED"],
        "own": everything,
        "in_project": 4,
        "numbers": [4, 3, 1, 0],
    }


def test_groups_and_sharing_between_two_users(seen: Seen) -> None:
    both = [f"{user}@{seen['told']['gateway']}" for user in ("ada", "bob")]
    assert seen["groups"] == {
        "description": "People of words",
        "members": both,
        "admin": [True, False],
        "owner": [True, True],
        "of_bob": ["Gateway Users", "Linguists"],
        "there": ["Admin Users", "Gateway Users", "Linguists", "Read Only Admin Users"],
    }
    assert seen["shared"] == {
        "steps": [False, True, False, True, False],
        "listed": {"users": both, "direct users": both, "groups": [True], "direct groups": [True]},
        "access": [True, False],
        "writes": False,
        "found": ["Shared"],
        "owner": "bob",
        "by_admin": "Shared",
        "admin_only": False,
    }


def test_the_sharing_registry_and_the_credential_store_know_the_same(seen: Seen) -> None:
    gateway = seen["told"]["gateway"]
    assert seen["behind"] == {
        "domains": [True, False],
        "users": [f"{user}@{gateway}" for user in ("ada", "bob", "root")],
        "groups": ["Gateway Users", "Linguists"],
        "project": True,
        "access": [True, False],
        "key": [gateway, seen["credential"]["public_key"].split()[0], True],
    }


def test_interfaces_of_every_kind_are_changed_and_deleted(seen: Seen) -> None:
    new = "https://new.example.org"
    assert seen["job submissions"] == {
        "local": "/opt/bin",
        "ssh": 2022,
        "unicore": new,
        "cloud": "new",
        "orders": [0, 7, 8, 9],
        "deleted": [True] * 4,
        "left": 0,
    }
    assert seen["job manager"] == {"commands": ["/opt/pbs/qsub"], "deleted": True}
    assert seen["data movements"] == {
        "local": True,
        "scp": 2022,
        "unicore": new,
        "grid_ftp": [new],
        "orders": [0, 7, 8, 9],
        "deleted": [True] * 5,
        "left": 0,
    }
    assert seen["resources changed"] == {
        "descriptions": ["Not used", "Not used"],
        "queues": ["short"],
        "deleted": [True, True],
        "left": [False, False],
        "statuses": 0,
    }


def test_preferences_of_gateway_group_and_user_are_changed_and_deleted(seen: Seen) -> None:
    assert seen["gateway preferences"] == {
        "login": "new",
        "root": "/new",
        "tenants": ["portal"],
        "deleted": [True, True],
        "left": [2, 1],
    }
    assert seen["group preferences"] == {
        "preference": seen["told"]["ssh"]["user"],
        "queues": ["normal"],
        "nodes": 1,
        "preferences": 2,
        "policies": 1,
        "limits": 1,
        "name": "Nobody",
        "left": [1, 0, 0],
        "removed": [True] * 4,
    }
    assert seen["user preferences"] == {
        "accounts": ["InvalidRequestException"] * 3,
        "exists": [False, True],
        "token": True,
        "login": "new",
        "root": "/new",
        "all": [1, 1],
        "tenants": ["portal"],
        "provisioners": ["ssh-login"],
        "deleted": [True] * 3,
        "keys": True,
    }


def test_notices_passwords_and_accounts(seen: Seen) -> None:
    assert seen["notices"] == {"seen": ["Today"], "urgent": True, "deleted": True, "left": 0}
    assert seen["passwords"] == {
        "descriptions": ["Archive"],
        "secret": False,
        "keys": [True],
        "deleted": True,
        "left": 0,
    }
    assert seen["accounts"] == {
        "free": [True, False],
        "enabled": [False, True],
        "exists": True,
        "name": "Bechtel",
        "found": ["carol"],
        "listed": ["carol"],
        "holders": [["carol"], []],
        "deleted": True,
        "left": False,
    }
    dora = {"name": ["Dora", "Dee"], "emails": ["dora@example.org"], "deleted": True, "left": False}
    assert seen["user profiles"] == dora


def test_data_products_and_parsers(seen: Seen) -> None:
    assert seen["data products"] == {
        "parent": True,
        "children": ["part"],
        "replicas": 1,
        "scheme": "airavata-dp",
        "project": True,
        "cloned": "Again",
    }
    assert seen["parsers"] == {
        "command": "count",
        "inputs": ["text"],
        "listed": ["example/words"],
        "template": ["Sorted"],
        "of_experiment": 1,
        "templates": 1,
        "removed": [True, True],
        "left": 0,
    }


def test_applications_and_gateways_are_changed_and_deleted(seen: Seen) -> None:
    assert seen["applications changed"] == {
        "version": "9.2",
        "seen": ["Sleep", "Sort"],
        "usable": 4,
        "wall_time": 7,
        "name": "Sort differently",
        "description": "Upside down",
        "deleted": [True] * 5,
        "left": ["Sleep"],
    }
    assert seen["tenants"] == {
        "abstract": "Words",
        "exists": True,
        "listed": [seen["told"]["gateway"]],
        "asked_for": [seen["told"]["gateway"]],
        "added": True,
        "hidden": [False, True],
        "deleted": [True, True],
        "deleted_again": True,
        "left": False,
        "profile": True,
    }


def test_how_full_the_storage_is(portals: Mapping[str, Future[Seen]]) -> None:
    newest = portals["2.2.7"].result(timeout=280)
    assert newest["space"] == {"volume": True, "directory": True, "outside": "AuthorizationException"}


def test_every_method_of_the_generation_was_called(seen: Seen) -> None:
    services = ("Airavata", "GroupManagerService", "UserProfileService", "TenantProfileService", "IamAdminServices")
    assert {each: seen["calls"][each]["left"] for each in services} == {each: [] for each in services}
