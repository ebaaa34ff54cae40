"""Compute and storage resources with their interfaces, as portals manage them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from catalogue_site import ADA, ADMIN, PEER, STRANGER, VIEWER, CatalogueSite, catalogue_site, preference, ssh

from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError
from airavata_workload.records.compute_resources import BatchQueue, ComputeResource, FileSystems, QueueStatus
from airavata_workload.records.data_movement import (
    DataMovementProtocol,
    DMType,
    GridFTPDataMovement,
    LOCALDataMovement,
    SCPDataMovement,
    UnicoreDataMovement,
)
from airavata_workload.records.gateway_profiles import GatewayResourceProfile
from airavata_workload.records.job_submission import (
    CloudJobSubmission,
    JobSubmissionProtocol,
    LOCALSubmission,
    ProviderName,
    ResourceJobManager,
    ResourceJobManagerType,
    SSHJobSubmission,
    UnicoreJobSubmission,
)
from airavata_workload.records.record import DEFAULT_ID
from airavata_workload.records.security import SecurityProtocol
from airavata_workload.records.storage_resources import StorageResource

KEYS = SecurityProtocol.SSH_KEYS


@pytest.fixture
def site(tmp_path: Path) -> Iterator[CatalogueSite]:
    with catalogue_site(tmp_path) as site:
        yield site


def host(name: str = "alpha.example.org", **fields: object) -> ComputeResource:
    return replace(ComputeResource(host_name=name, compute_resource_id=DEFAULT_ID), **fields)  # type: ignore[arg-type]


class TestComputeResources:
    def test_clients_find_a_host_by_the_beginning_of_its_id(self, site: CatalogueSite) -> None:
        identifier = site.compute.register(ADMIN, host(enabled=True))
        assert identifier.startswith("alpha.example.org_")
        assert site.compute.names(STRANGER) == {identifier: "alpha.example.org"}, "all gateways share them"
        assert site.compute.get(ADA, identifier) == host(compute_resource_id=identifier, enabled=True)

    def test_an_update_keeps_the_interfaces_and_the_id(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        assert site.compute.update(ADMIN, alpha, host("beta.example.org"))
        found = site.compute.get(ADA, alpha)
        assert (found.compute_resource_id, found.host_name, found.batch_queues) == (alpha, "beta.example.org", None)
        assert len(found.job_submission_interfaces or ()) == 1
        site.compute.update(ADMIN, alpha, host(job_submission_interfaces=()))
        assert site.compute.get(ADA, alpha).job_submission_interfaces == ()

    def test_a_queue_is_deleted_by_name(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        site.compute.delete_batch_queue(ADMIN, alpha, "short")
        assert [queue.queue_name for queue in site.compute.get(ADA, alpha).batch_queues or ()] == ["long"]
        with pytest.raises(NotFoundError, match="'short'"):
            site.compute.delete_batch_queue(ADMIN, alpha, "short")

    def test_it_goes_with_its_interfaces(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        interface = (site.compute.get(ADMIN, alpha).job_submission_interfaces or ())[0].job_submission_interface_id
        site.compute.delete(ADMIN, alpha)
        for asked in (lambda: site.compute.get(ADA, alpha), lambda: site.submissions.get_ssh(ADA, interface)):
            with pytest.raises(NotFoundError):
                asked()

    @pytest.mark.parametrize(
        ("fields", "named"),
        [
            ({"host_name": " "}, "host_name"),
            ({"host_name": "-oProxyCommand=x"}, "host_name"),
            ({"batch_queues": (BatchQueue(queue_name=""),)}, "queue_name"),
            ({"batch_queues": (BatchQueue(queue_name="q", max_nodes=-1),)}, r"batch_queues\[q\].max_nodes"),
            ({"batch_queues": (BatchQueue(queue_name="q"), BatchQueue(queue_name="q"))}, "'q' twice"),
            ({"file_systems": {FileSystems.SCRATCH: "scratch/../x"}}, r"file_systems\[SCRATCH\]"),
            ({"compute_resource_id": "a..gateway-b"}, "compute_resource_id"),
            ({"cpus_per_node": -1}, "cpus_per_node"),
        ],
    )
    def test_a_refusal_names_the_field(self, site: CatalogueSite, fields: dict[str, object], named: str) -> None:
        with pytest.raises(InputError, match=named):
            site.compute.register(ADMIN, host(**fields))
        assert site.compute.names(ADMIN) == {}

    def test_an_id_is_given_once(self, site: CatalogueSite) -> None:
        site.compute.register(ADMIN, host(compute_resource_id="alpha"))
        with pytest.raises(ConflictError, match="alpha"):
            site.compute.register(ADMIN, host(compute_resource_id="alpha"))
        with pytest.raises(ConflictError, match="alpha"):
            site.storage.register(STRANGER, StorageResource(host_name="h", storage_resource_id="alpha"))

    @pytest.mark.parametrize("caller", [ADA, VIEWER])
    def test_administrators_alone_write(self, site: CatalogueSite, caller: Caller) -> None:
        alpha = site.alpha()
        for write in (
            lambda: site.compute.register(caller, host()),
            lambda: site.compute.update(caller, alpha, host()),
            lambda: site.compute.delete(caller, alpha),
            lambda: site.submissions.add_ssh(caller, alpha, 0, ssh()),
            lambda: site.submissions.change_priorities(caller, {}),
            lambda: site.compute.update(caller, "no-such", host()),
        ):
            with pytest.raises(DeniedError):
                write()

    def test_what_another_gateway_uses_is_left_to_the_operator(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        site.compute.update(STRANGER, alpha, host("before.example.org"))
        site.profile(alpha)
        interface = (site.compute.get(ADMIN, alpha).job_submission_interfaces or ())[0].job_submission_interface_id
        for write in (
            lambda: site.compute.update(STRANGER, alpha, host("mine.example.org")),
            lambda: site.submissions.update_ssh(STRANGER, interface, ssh()),
            lambda: site.submissions.delete(STRANGER, alpha, interface),
            lambda: site.submissions.change_priority(STRANGER, interface, 3),
        ):
            with pytest.raises(DeniedError, match="another gateway"):
                write()
        assert site.compute.update(ADMIN, alpha, host("own.example.org"))
        assert site.compute.update(PEER, alpha, host("operators.example.org"))


class TestJobSubmissions:
    def test_every_kind_is_kept(self, site: CatalogueSite) -> None:
        alpha = site.compute.register(ADMIN, host())
        fork = ResourceJobManager(resource_job_manager_type=ResourceJobManagerType.FORK)
        local = LOCALSubmission(resource_job_manager=fork, security_protocol=SecurityProtocol.LOCAL)
        cloud = CloudJobSubmission(
            security_protocol=KEYS,
            node_id="n",
            executable_type="qcow2",
            provider_name=ProviderName.EC2,
            user_account_name="u",
        )
        unicore = UnicoreJobSubmission(security_protocol=SecurityProtocol.GSI, unicore_end_point_url="https://u")
        add = site.submissions
        ids = [
            add.add_local(ADMIN, alpha, 1, local),
            add.add_ssh(ADMIN, alpha, 0, ssh()),
            add.add_ssh_fork(ADMIN, alpha, 2, ssh()),
            add.add_cloud(ADMIN, alpha, 3, cloud),
            add.add_unicore(ADMIN, alpha, 4, unicore),
        ]
        interfaces = site.compute.get(ADA, alpha).job_submission_interfaces or ()
        assert [each.job_submission_interface_id for each in interfaces] == ids
        protocols = JobSubmissionProtocol
        assert [each.job_submission_protocol for each in interfaces] == [
            protocols.LOCAL,
            protocols.SSH,
            protocols.SSH_FORK,
            protocols.CLOUD,
            protocols.UNICORE,
        ]
        assert add.get_local(ADA, ids[0]).security_protocol is SecurityProtocol.LOCAL
        assert add.get_ssh(ADA, ids[2]).ssh_port == 22
        assert add.get_cloud(ADA, ids[3]) == replace(cloud, job_submission_interface_id=ids[3])
        assert add.get_unicore(ADA, ids[4]) == replace(unicore, job_submission_interface_id=ids[4])
        with pytest.raises(NotFoundError, match="SSHJobSubmission"):
            add.get_ssh(ADA, ids[0])
        assert add.update_cloud(ADMIN, ids[3], replace(cloud, node_id="m"))
        assert add.get_cloud(ADA, ids[3]).node_id == "m"
        assert add.update_unicore(ADMIN, ids[4], replace(unicore, unicore_end_point_url="https://v"))
        assert add.update_local(ADMIN, ids[0], local)
        assert add.delete(ADMIN, alpha, ids[3])
        assert len(site.compute.get(ADA, alpha).job_submission_interfaces or ()) == 4
        with pytest.raises(NotFoundError):
            add.get_cloud(ADA, ids[3])

    def test_priorities_change_together_or_not_at_all(self, site: CatalogueSite) -> None:
        alpha = site.compute.register(ADMIN, host())
        first, second = (site.submissions.add_ssh(ADMIN, alpha, order, ssh()) for order in (0, 1))

        def order() -> list[int]:
            return [each.priority_order for each in site.compute.get(ADA, alpha).job_submission_interfaces or ()]

        assert site.submissions.change_priorities(ADMIN, {first: 5, second: 4})
        assert order() == [5, 4]
        with pytest.raises(NotFoundError, match="no-such"):
            site.submissions.change_priorities(ADMIN, {first: 7, "no-such": 4})
        assert order() == [5, 4]
        assert site.submissions.change_priority(ADMIN, second, 9)
        assert order() == [5, 9]

    def test_a_batch_system_of_its_own_is_shared(self, site: CatalogueSite) -> None:
        alpha = site.compute.register(ADMIN, host())
        slurm = ResourceJobManager(resource_job_manager_type=ResourceJobManagerType.SLURM)
        identifier = site.submissions.register_job_manager(ADMIN, slurm)
        named = replace(ssh(), resource_job_manager=replace(slurm, resource_job_manager_id=identifier))
        first, second = (site.submissions.add_ssh(ADMIN, alpha, 0, named) for _ in "ab")
        elsewhere = replace(named.resource_job_manager, job_manager_bin_path="/usr/local/bin")
        site.submissions.update_ssh(ADMIN, first, replace(named, resource_job_manager=elsewhere))
        assert site.submissions.get_ssh(ADA, second).resource_job_manager == elsewhere
        assert site.submissions.get_job_manager(ADA, identifier) == elsewhere
        assert site.submissions.delete_job_manager(ADMIN, identifier)
        with pytest.raises(NotFoundError):
            site.submissions.get_job_manager(ADA, identifier)
        assert site.submissions.get_ssh(ADA, second).resource_job_manager.resource_job_manager_id == identifier

    def test_nobody_changes_a_batch_system_by_naming_it(self, site: CatalogueSite) -> None:
        alpha = site.alpha()
        site.profile(alpha)
        interface = (site.compute.get(ADMIN, alpha).job_submission_interfaces or ())[0].job_submission_interface_id
        theirs = site.submissions.get_ssh(ADA, interface).resource_job_manager
        beta = site.compute.register(STRANGER, host("beta.example.org"))
        evil = replace(theirs, job_manager_bin_path="/tmp/evil")
        site.submissions.add_ssh(STRANGER, beta, 0, replace(ssh(), resource_job_manager=evil))
        with pytest.raises(DeniedError):
            site.submissions.update_job_manager(STRANGER, theirs.resource_job_manager_id, evil)
        assert site.submissions.get_ssh(ADA, interface).resource_job_manager == theirs

    @pytest.mark.parametrize(
        ("wrong", "named"),
        [
            (replace(ssh(), ssh_port=70000), "ssh_port"),
            (replace(ssh(), alternative_ssh_host_name="a b"), "alternative_ssh_host_name"),
            (
                replace(ssh(), resource_job_manager=replace(ssh().resource_job_manager, job_manager_bin_path="bin")),
                "job_manager_bin_path",
            ),
        ],
    )
    def test_a_refusal_names_the_field(self, site: CatalogueSite, wrong: SSHJobSubmission, named: str) -> None:
        alpha = site.compute.register(ADMIN, host())
        with pytest.raises(InputError, match=named):
            site.submissions.add_ssh(ADMIN, alpha, 0, wrong)


class TestStorageAndMovement:
    def test_storage_resources_come_and_go(self, site: CatalogueSite) -> None:
        store = site.store()
        assert store.startswith("store.example.org_")
        assert site.storage.names(STRANGER) == {store: "store.example.org"}
        before = site.storage.get(ADA, store)
        assert before.created_at_ms == site.clock() // 1000
        site.storage.update(ADMIN, store, StorageResource(host_name="new.example.org"))
        after = site.storage.get(ADA, store)
        assert after == replace(before, host_name="new.example.org")
        site.storage.delete(ADMIN, store)
        with pytest.raises(NotFoundError):
            site.storage.get(ADA, store)
        movement = (before.data_movement_interfaces or ())[0].data_movement_interface_id
        with pytest.raises(NotFoundError):
            site.movements.get_scp(ADA, movement)

    def test_every_kind_of_movement_is_kept(self, site: CatalogueSite) -> None:
        alpha = site.compute.register(ADMIN, host())
        kind, move = DMType.COMPUTE_RESOURCE, site.movements
        scp = SCPDataMovement(security_protocol=KEYS)
        grid = GridFTPDataMovement(security_protocol=SecurityProtocol.GSI, grid_ftp_end_points=("gsiftp://g",))
        unicore = UnicoreDataMovement(security_protocol=SecurityProtocol.GSI, unicore_end_point_url="https://u")
        ids = [
            move.add_local(ADMIN, alpha, kind, 3, LOCALDataMovement()),
            move.add_scp(ADMIN, alpha, kind, 2, scp),
            move.add_grid_ftp(ADMIN, alpha, kind, 1, grid),
            move.add_unicore(ADMIN, alpha, kind, 0, unicore),
        ]
        interfaces = site.compute.get(ADA, alpha).data_movement_interfaces or ()
        assert [each.data_movement_protocol for each in interfaces] == [
            DataMovementProtocol.LOCAL,
            DataMovementProtocol.SCP,
            DataMovementProtocol.GridFTP,
            DataMovementProtocol.UNICORE_STORAGE_SERVICE,
        ]
        assert move.get_local(ADA, ids[0]).data_movement_interface_id == ids[0]
        assert move.update_local(ADMIN, ids[0], LOCALDataMovement())
        assert move.update_scp(ADMIN, ids[1], replace(scp, ssh_port=2200))
        assert move.get_scp(ADA, ids[1]).ssh_port == 2200
        assert move.update_grid_ftp(ADMIN, ids[2], replace(grid, grid_ftp_end_points=("gsiftp://h",)))
        assert move.get_grid_ftp(ADA, ids[2]).grid_ftp_end_points == ("gsiftp://h",)
        assert move.update_unicore(ADMIN, ids[3], unicore)
        assert move.get_unicore(ADA, ids[3]).unicore_end_point_url == "https://u"
        assert move.change_priorities(ADMIN, {ids[0]: 0, ids[3]: 3})
        assert move.change_priority(ADMIN, ids[1], 7)
        found = site.compute.get(ADA, alpha).data_movement_interfaces or ()
        assert [each.priority_order for each in found] == [0, 7, 1, 3]
        assert move.delete(ADMIN, alpha, ids[2], kind)
        with pytest.raises(NotFoundError):
            move.delete(ADMIN, alpha, ids[2], kind)
        with pytest.raises(NotFoundError, match="no-such"):
            move.change_priority(ADMIN, "no-such", 1)

    def test_an_interface_belongs_to_its_resource(self, site: CatalogueSite) -> None:
        with pytest.raises(NotFoundError, match="storage resource"):
            site.movements.add_local(
                ADMIN, site.compute.register(ADMIN, host()), DMType.STORAGE_RESOURCE, 0, LOCALDataMovement()
            )
        interface = (site.storage.get(ADA, site.store()).data_movement_interfaces or ())[0]
        assert interface.storage_resource_id in site.storage.names(ADA)

    def test_what_another_gateway_uses_is_left_to_the_operator(self, site: CatalogueSite) -> None:
        alpha, store = site.alpha(), site.store()
        site.profile(alpha, store)
        interface = (site.storage.get(ADA, store).data_movement_interfaces or ())[0].data_movement_interface_id
        for write in (
            lambda: site.storage.update(STRANGER, store, StorageResource(host_name="mine.example.org")),
            lambda: site.storage.delete(STRANGER, store),
            lambda: site.movements.update_scp(STRANGER, interface, SCPDataMovement(security_protocol=KEYS)),
            lambda: site.movements.change_priority(STRANGER, interface, 1),
        ):
            with pytest.raises(DeniedError):
                write()


def test_a_deployment_or_a_group_profile_of_another_gateway_is_a_use(site: CatalogueSite) -> None:
    alpha, beta = site.alpha(), site.compute.register(ADMIN, host("beta.example.org"))
    site.group(alpha)
    site.application(beta)
    for resource in (alpha, beta):
        with pytest.raises(DeniedError):
            site.compute.delete(STRANGER, resource)
    profile = GatewayResourceProfile(gateway_id="biology", compute_resource_preferences=(preference(alpha),))
    site.gateway_profiles.register(STRANGER, profile)
    with pytest.raises(DeniedError):
        site.compute.delete(ADMIN, alpha)


def test_the_newest_status_of_a_queue_counts(site: CatalogueSite) -> None:
    def status(at_ms: int, running: int) -> QueueStatus:
        return QueueStatus(
            host_name="alpha", queue_name="long", queue_up=True, running_jobs=running, queued_jobs=0, at_ms=at_ms
        )

    site.queue_statuses.register(PEER, (status(2, 5), status(1, 9)))
    assert site.queue_statuses.latest(ADA) == (status(2, 5),)
    assert site.queue_statuses.get(PEER, "alpha", "long") == status(2, 5)
    assert not site.queue_statuses.get(PEER, "alpha", "short").queue_up
    with pytest.raises(DeniedError):
        site.queue_statuses.register(ADMIN, (status(3, 1),))
