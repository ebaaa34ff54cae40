"""The installation's own storage: registered at the first start, reached without a login, each user in theirs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from experiment_site import ExperimentSite, experiment_site
from gateway_site import ADMIN, ALICE, BOB

from airavata_workload.api.catalogue.storage_resources import StorageResources
from airavata_workload.api.first_start import FirstStart
from airavata_workload.api.machines.cluster_name import ClusterName
from airavata_workload.api.machines.registered_clusters import RegisteredClusters
from airavata_workload.api.profiles.gateway_profiles import GatewayProfiles
from airavata_workload.bootstrap import Installation
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import InputError, SettingsError
from airavata_workload.domain.gateway_storage import GatewayStorage
from airavata_workload.records.application_io import InputDataObject
from airavata_workload.records.data_products import DataProduct, DataReplicaLocation
from airavata_workload.records.experiments import GatewayExperiment, UserConfigurationData
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.settings import Settings


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ExperimentSite]:
    with experiment_site(tmp_path) as made:
        made.clusters.own_storage = GatewayStorage(host_name="localhost", root=tmp_path / "own")
        FirstStart(records=made.people.records, gateways=made.people.gateways, clock=made.people.clock).offer(
            "seagrid", made.clusters.own_storage
        )
        for user, name in (("alice", "in.txt"), ("bob", "given.txt"), ("bob", "secret.txt")):
            file = storage(made).user_directory("seagrid", user) / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(name)
        yield made


def storage(site: ExperimentSite) -> GatewayStorage:
    assert site.clusters.own_storage is not None
    return site.clusters.own_storage


def prepared(site: ExperimentSite, value: str, directory: str | None = None) -> GatewayExperiment:
    """A request of alice with her input and her directory of outputs in the own storage."""
    own = storage(site).resource_id
    return site.request(
        experiment_inputs=(InputDataObject(name="Text.File", value=value),),
        user_configuration_data=UserConfigurationData(
            output_storage_resource_id=own,
            storage_id=own,
            experiment_data_dir=directory,
            computational_resource_scheduling=ComputationalResourceScheduling(
                resource_host_id=site.host, node_count=1, total_cpu_count=1, wall_time_limit_min=2
            ),
        ),
    )


def launch(site: ExperimentSite, request: GatewayExperiment) -> str:
    experiment_id = site.experiments.create(ALICE, "seagrid", request)
    site.experiments.launch(ALICE, experiment_id, "seagrid")
    return experiment_id


def test_a_start_offers_a_gateway_and_the_storage_and_another_one_changes_nothing(site: ExperimentSite) -> None:
    records, own = site.people.records, storage(site)
    resources = StorageResources(records=records, clock=site.people.clock)
    profiles = GatewayProfiles(records=records, sharing=site.people.sharing)
    first = FirstStart(records=records, gateways=site.people.gateways, clock=site.people.clock)
    before = resources.get(ADMIN, own.resource_id), profiles.storage_preferences(ADMIN, "seagrid")
    first.offer("seagrid", own)
    assert (resources.get(ADMIN, own.resource_id), profiles.storage_preferences(ADMIN, "seagrid")) == before
    assert resources.names(ALICE)[own.resource_id] == "localhost"
    assert {each.storage_resource_id for each in before[1]} == {site.storage, own.resource_id}
    moved = GatewayStorage(host_name="localhost", root=own.root / "elsewhere")
    first.offer("seagrid", moved)
    found = profiles.get_storage_preference(ADMIN, "seagrid", own.resource_id)
    assert found.file_system_root_location == str(moved.root / "seagrid")
    first.offer("newcomer", None)
    assert site.people.gateways.exists(Caller(gateway="newcomer", user="ada"), "newcomer")


def test_it_is_local_though_others_are_not_and_where_the_settings_say(site: ExperimentSite) -> None:
    own = storage(site)
    clusters = RegisteredClusters(records=site.people.records, clock=site.people.clock, own_storage=own)
    for gateway in ("seagrid", "another"):
        cluster = clusters.cluster(str(ClusterName(resource=own.resource_id, gateway=gateway)))
        assert (cluster.remote_shell, cluster.scratch_directory) == ("local", str(own.root / gateway))
    with pytest.raises(InputError, match="local_resources"):
        clusters.cluster(str(ClusterName(resource=site.storage, gateway="seagrid")))


def test_an_experiment_works_in_its_users_directory(site: ExperimentSite) -> None:
    mine = storage(site).user_directory("seagrid", "alice")
    made = site.workload.experiment(launch(site, prepared(site, f"{mine}/in.txt", f"{mine}/Project/run/")))
    assert made.inputs[0].places == (str(mine / "in.txt"),)
    assert made.output_directory == str(mine / "Project" / "run")
    experiment_id = launch(site, prepared(site, "alice/in.txt"))
    assert site.workload.experiment(experiment_id).output_directory == str(mine / experiment_id)


@pytest.mark.parametrize("path", ["bob/secret.txt", "in.txt", "alice/../bob/secret.txt", "/etc/passwd"])
def test_and_in_no_other(site: ExperimentSite, path: str) -> None:
    with pytest.raises(InputError, match="not below the user's directory"):
        launch(site, prepared(site, path))
    with pytest.raises(InputError, match="not below the user's directory"):
        launch(site, prepared(site, "alice/in.txt", path))


def test_a_file_of_another_user_is_read_if_its_user_has_registered_it(site: ExperimentSite) -> None:
    own = storage(site)
    replica = DataReplicaLocation(
        storage_resource_id=own.resource_id,
        file_path=f"file://localhost:{own.user_directory('seagrid', 'bob')}/given.txt",
    )
    product = DataProduct(product_name="given.txt", replica_locations=(replica,))
    given = site.data_products.register(BOB, product)
    taken = site.data_products.register(ALICE, product)
    places = site.workload.experiment(launch(site, prepared(site, given))).inputs[0].places
    assert places == (str(own.user_directory("seagrid", "bob") / "given.txt"),)
    with pytest.raises(InputError, match="not below the user's directory"):
        launch(site, prepared(site, taken))


def test_its_name_is_the_one_that_clients_reach(tmp_path: Path) -> None:
    def found(**table: object) -> GatewayStorage | None:
        settings = Settings.model_validate({"home": tmp_path, "storage": table})
        with Installation(settings, service="test") as installation:
            return installation.storage

    default = found()
    assert default == GatewayStorage(host_name="localhost", root=tmp_path / "storage")
    named = found(host="0.0.0.0", public_host="files.example.org", root=str(tmp_path / "data"))  # noqa: S104 - not opened
    assert named == GatewayStorage(host_name="files.example.org", root=tmp_path / "data")
    assert found(enabled=False) is None
    for host in ("0.0.0.0", "::"):  # noqa: S104 - refused
        with pytest.raises(SettingsError, match="public_host"):
            found(host=host)
