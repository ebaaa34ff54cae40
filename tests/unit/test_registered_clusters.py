"""What was registered through the API becomes the engine's clusters."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

import pytest
from catalogue_site import ADA, ADMIN, CatalogueSite, catalogue_site, preference, ssh

from airavata_adapters.record_stores import embedded
from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.api.machines.clusters import Clusters
from airavata_workload.api.machines.registered_clusters import RegisteredClusters
from airavata_workload.documents.cluster_file import ClusterFiles
from airavata_workload.domain.cluster import BatchQueue
from airavata_workload.domain.errors import InputError, NotFoundError, StoreUnavailableError
from airavata_workload.domain.job import ResourceRequest
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.record_store import Records, RecordStore
from airavata_workload.records.applications import ApplicationParallelismType
from airavata_workload.records.credentials import CredentialSummary
from airavata_workload.records.data_movement import DMType, LOCALDataMovement
from airavata_workload.records.group_profiles import (
    BatchQueueResourcePolicy,
    ComputeResourcePolicy,
    ComputeResourceReservation,
)
from airavata_workload.records.job_submission import (
    JobManagerCommand,
    LOCALSubmission,
    ResourceJobManager,
    ResourceJobManagerType,
    UnicoreJobSubmission,
)
from airavata_workload.records.security import SecurityProtocol
from airavata_workload.records.storage_resources import StorageResource
from airavata_workload.records.user_profiles import UserComputeResourcePreference, UserResourceProfile


@pytest.fixture
def site(tmp_path: Path) -> Iterator[CatalogueSite]:
    with catalogue_site(tmp_path) as site:
        yield site


def gateways(resource: str, **parts: str) -> str:
    return str(ClusterName(resource=resource, gateway="chemistry", **parts))


def test_a_cluster_is_as_the_gateways_profile_says(site: CatalogueSite) -> None:
    alpha = site.alpha()
    site.profile(alpha)
    cluster = site.clusters().cluster(gateways(alpha))
    assert (cluster.name, cluster.host, cluster.port) == (gateways(alpha), "alpha.example.org", 22)
    assert (cluster.user, cluster.credential, cluster.use_agent) == ("svc", "gateway-key", False)
    assert (cluster.remote_shell, cluster.file_transfer, cluster.batch_system) == ("ssh", "scp", "slurm")
    assert (cluster.scratch_directory, cluster.command_directory) == ("/scratch/svc", "/opt/slurm/bin")
    assert (cluster.default_queue, cluster.default_allocation) == ("long", "chem-2027")
    assert cluster.queues == (
        BatchQueue(name="short", max_wall_time_s=1800, max_node_count=2),
        BatchQueue(name="long", max_wall_time_s=172800),
    )


def test_another_process_sees_what_was_registered_and_changed(site: CatalogueSite, tmp_path: Path) -> None:
    alpha = site.alpha()
    site.profile(alpha)
    store = embedded.open_record_store(BackingContext(home=tmp_path, session="engine-2"))
    clusters = RegisteredClusters(records=store, clock=site.clock, fresh_s=0.0)
    assert clusters.cluster(gateways(alpha)).user == "svc"
    changed = replace(preference(alpha), login_user_name="other")
    site.gateway_profiles.update_compute_preference(ADMIN, "chemistry", alpha, changed)
    assert clusters.cluster(gateways(alpha)).user == "other"
    store.close()


def test_what_is_fresh_is_not_looked_up_again(site: CatalogueSite) -> None:
    alpha = site.alpha()
    site.profile(alpha)
    clusters = site.clusters(fresh_s=3600.0)
    before = clusters.cluster(gateways(alpha))
    site.gateway_profiles.delete(ADMIN, "chemistry")
    assert clusters.cluster(gateways(alpha)) is before


class Outage(RecordStore):
    """A record store that answers until it is told not to."""

    def __init__(self, store: RecordStore) -> None:
        self.store = store
        self.down = False

    def transaction(self) -> AbstractContextManager[Records]:
        return self.store.transaction()

    def reading(self) -> AbstractContextManager[Records]:
        if self.down:
            raise StoreUnavailableError("The record store does not answer.")
        return self.store.reading()

    def close(self) -> None:
        self.store.close()


def test_while_the_store_is_away_a_known_cluster_stays_as_it_was(site: CatalogueSite) -> None:
    alpha = site.alpha()
    site.profile(alpha)
    outage = Outage(site.records)
    clusters = RegisteredClusters(records=outage, clock=site.clock, fresh_s=0.0)
    before = clusters.cluster(gateways(alpha))
    outage.down = True
    assert clusters.cluster(gateways(alpha)) == before
    with pytest.raises(StoreUnavailableError):
        clusters.cluster(gateways(alpha, login="other"))


def test_a_group_profile_counts_instead_of_the_gateways_and_limits_queues(site: CatalogueSite) -> None:
    alpha = site.alpha()
    group = site.group(alpha)
    profile = site.group_profiles.get(ADMIN, group)
    site.group_profiles.update(
        ADMIN,
        replace(
            profile,
            compute_resource_policies=(
                ComputeResourcePolicy(compute_resource_id=alpha, allowed_batch_queues=("long", "new")),
            ),
            batch_queue_resource_policies=(
                BatchQueueResourcePolicy(
                    compute_resource_id=alpha, queue_name="long", max_allowed_wall_time_min=60, max_allowed_nodes=4
                ),
            ),
        ),
    )
    cluster = site.clusters().cluster(str(ClusterName(resource=alpha, gateway="chemistry", group=group)))
    assert (cluster.user, cluster.scratch_directory, cluster.credential) == (
        "groupers",
        "/scratch/group",
        "key-of-root",
    )
    assert cluster.queues == (BatchQueue(name="long", max_wall_time_s=3600, max_node_count=4), BatchQueue(name="new"))


def test_a_user_works_with_their_own_login_and_credential_and_no_other(site: CatalogueSite) -> None:
    alpha = site.alpha()
    site.profile(alpha)
    profile = UserResourceProfile(user_id="ada", gateway_id="chemistry", credential_store_token=None)
    site.user_profiles.register(ADA, profile)
    name = gateways(alpha, user="ada")
    with pytest.raises(InputError, match="no credential"):
        site.clusters().cluster(name)
    own = UserComputeResourcePreference(
        compute_resource_id=alpha,
        login_user_name="ada1",
        resource_specific_credential_store_token=site.token("key-of-ada", owner=ADA),
    )
    site.user_profiles.add_compute_preference(ADA, "ada", "chemistry", alpha, own)
    cluster = site.clusters().cluster(name)
    assert (cluster.user, cluster.credential, cluster.scratch_directory) == ("ada1", "key-of-ada", "/scratch/svc")
    overridden = site.clusters().cluster(gateways(alpha, user="ada", login="guest", scratch="/tmp/guest"))
    assert (overridden.user, overridden.scratch_directory) == ("ada1", "/tmp/guest")


def test_a_group_profile_of_another_gateway_does_not_exist(site: CatalogueSite) -> None:
    alpha = site.alpha()
    group = site.group(alpha)
    name = ClusterName(resource=alpha, gateway="biology", group=group)
    with pytest.raises(NotFoundError, match="in gateway 'biology'"):
        site.clusters().cluster(str(name))


def test_a_request_is_filled_in_from_the_preferences(site: CatalogueSite) -> None:
    alpha = site.alpha()
    group = site.group(alpha)
    profile = site.group_profiles.get(ADMIN, group)
    now_ms = site.clock() // 1000
    reservation = ComputeResourceReservation(
        reservation_name="course", queue_names=("short",), starts_at_ms=now_ms, ends_at_ms=now_ms + 1
    )
    own = replace(
        (profile.compute_preferences or ())[0],
        allocation_project_number="group-1",
        quality_of_service="long=low, short=high",
        reservations=(reservation,),
    )
    site.group_profiles.update(ADMIN, replace(profile, compute_preferences=(own,)))
    clusters, name = site.clusters(), str(ClusterName(resource=alpha, gateway="chemistry", group=group))
    assert clusters.request(name, ResourceRequest(cpu_count=4)) == ResourceRequest(
        cpu_count=4, queue="short", allocation="group-1", quality_of_service="high", reservation="course"
    )
    asked = ResourceRequest(queue="long", allocation="mine", quality_of_service="own")
    assert clusters.request(name, asked) == asked, (
        "what the experiment says counts, and the reservation is not of that queue"
    )


def test_storage_is_reached_as_the_gateway_says(site: CatalogueSite) -> None:
    alpha, store = site.alpha(), site.store()
    site.profile(alpha, store)
    cluster = site.clusters().cluster(gateways(store))
    assert (cluster.host, cluster.port, cluster.user) == ("store.example.org", 2222, "data")
    assert (cluster.scratch_directory, cluster.file_transfer, cluster.credential) == (
        "/data/chemistry",
        "scp",
        "gateway-key",
    )


def test_a_batch_system_that_is_changed_is_changed_at_once(site: CatalogueSite) -> None:
    alpha = site.alpha()
    site.profile(alpha)
    interface = (site.compute.get(ADMIN, alpha).job_submission_interfaces or ())[0]
    job_manager = site.submissions.get_ssh(ADMIN, interface.job_submission_interface_id).resource_job_manager
    site.submissions.update_job_manager(
        ADMIN,
        job_manager.resource_job_manager_id,
        ResourceJobManager(
            resource_job_manager_type=ResourceJobManagerType.PBS,
            job_manager_commands={
                JobManagerCommand.SUBMISSION: "/usr/pbs/qsub",
                JobManagerCommand.DELETION: "/usr/pbs/qdel",
            },
            parallelism_prefix={ApplicationParallelismType.MPI: "mpiexec -np 4"},
        ),
    )
    cluster = site.clusters().cluster(gateways(alpha))
    assert (cluster.batch_system, cluster.command_directory) == ("pbs", "/usr/pbs")
    assert site.clusters().parallelism_prefix(gateways(alpha), ApplicationParallelismType.MPI) == "mpiexec -np 4"
    assert site.clusters().parallelism_prefix(gateways(alpha), ApplicationParallelismType.SERIAL) == ""


def test_ssh_fork_needs_no_batch_system(site: CatalogueSite) -> None:
    alpha = site.alpha()
    site.submissions.add_ssh_fork(ADMIN, alpha, 0, ssh())
    site.profile(alpha)
    assert site.clusters().cluster(gateways(alpha)).batch_system == "fork", "the least priority order is tried first"


def test_the_engines_own_machine_is_a_resource_only_if_the_operator_says_so(site: CatalogueSite) -> None:
    alpha = site.alpha()
    job_manager = ResourceJobManager(resource_job_manager_type=ResourceJobManagerType.FORK)
    local = LOCALSubmission(resource_job_manager=job_manager, security_protocol=SecurityProtocol.LOCAL)
    site.submissions.add_local(ADMIN, alpha, 0, local)
    store = site.storage.register(ADMIN, StorageResource(host_name="localhost"))
    site.movements.add_local(ADMIN, store, DMType.STORAGE_RESOURCE, 0, LOCALDataMovement())
    site.profile(alpha, store)
    for resource in (alpha, store):
        with pytest.raises(InputError, match="local_resources"):
            site.clusters().cluster(gateways(resource))
        cluster = site.clusters(local=True).cluster(gateways(resource))
        assert (cluster.remote_shell, cluster.file_transfer, cluster.batch_system) == ("local", "local", "fork")


def test_a_token_of_another_gateway_opens_nothing(site: CatalogueSite) -> None:
    alpha = site.alpha()
    site.profile(alpha)
    with site.records.transaction() as records:
        summary = records.get(CredentialSummary, "gateway-key")
        assert summary is not None
        records.put(replace(summary, gateway_id="biology"))
    with pytest.raises(InputError, match="not one of gateway 'chemistry'"):
        site.clusters().cluster(gateways(alpha))


def test_what_the_engine_does_not_speak_is_named(site: CatalogueSite) -> None:
    alpha = site.alpha()
    unicore = UnicoreJobSubmission(
        security_protocol=SecurityProtocol.GSI, unicore_end_point_url="https://u.example.org"
    )
    site.submissions.add_unicore(ADMIN, alpha, 0, unicore)
    site.profile(alpha)
    with pytest.raises(InputError, match="UNICORE"):
        site.clusters().cluster(gateways(alpha))


@pytest.mark.parametrize(
    ("field", "message"),
    [("login_user_name", "no login name"), ("scratch_location", "no scratch_location")],
)
def test_what_is_missing_is_named(site: CatalogueSite, field: str, message: str) -> None:
    alpha = site.alpha()
    site.profile(alpha)
    incomplete = replace(preference(alpha), **{field: None})
    site.gateway_profiles.update_compute_preference(ADMIN, "chemistry", alpha, incomplete)
    with pytest.raises(InputError, match=message):
        site.clusters().cluster(gateways(alpha))


def test_the_composite_lists_files_and_finds_both(site: CatalogueSite, tmp_path: Path) -> None:
    directory = tmp_path / "clusters"
    directory.mkdir()
    (directory / "beta.toml").write_text('scratch_directory = "/tmp/beta"\n')
    alpha = site.alpha()
    site.profile(alpha)
    clusters = Clusters(files=ClusterFiles([directory], tmp_path), registered=site.clusters)
    assert list(clusters.clusters()) == ["beta"], "a placement never chooses somebody's account by itself"
    assert clusters.clusters()[gateways(alpha)].user == "svc"
    assert clusters.clusters().get(gateways("no-such")) is None
    assert clusters.cluster("beta").scratch_directory == "/tmp/beta"
    assert clusters.cluster(gateways(alpha)).user == "svc"
    with pytest.raises(NotFoundError):
        clusters.cluster("gamma")


def test_to_look_at_files_no_record_store_is_opened(tmp_path: Path) -> None:
    def refuse() -> RegisteredClusters:
        raise AssertionError("nobody asked for a registered cluster")

    clusters = Clusters(files=ClusterFiles([tmp_path], tmp_path), registered=refuse)
    assert clusters.clusters() == {}
    assert clusters.broken() == {}
