"""Experiments as portals make, change, find and launch them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
from experiment_site import ExperimentSite, experiment_site
from gateway_site import ADMIN, ALICE, AUDITOR, BOB, STRANGER

from airavata_workload.api.sharing.sharing import READ
from airavata_workload.domain.errors import ConflictError, DeniedError, InputError, NotFoundError
from airavata_workload.domain.states import ExperimentState
from airavata_workload.records.application_io import InputDataObject
from airavata_workload.records.data_products import DataProduct, DataReplicaLocation
from airavata_workload.records.experiments import ExperimentSearchFields as Field
from airavata_workload.records.experiments import GatewayExperiment, UserConfigurationData
from airavata_workload.records.processes import GatewayProcess
from airavata_workload.records.projects import Project
from airavata_workload.records.scheduling import ComputationalResourceScheduling


@pytest.fixture
def site(tmp_path: Path) -> Iterator[ExperimentSite]:
    with experiment_site(tmp_path) as made:
        (made.storage_root / "in.txt").write_text("hello")
        yield made


def configuration(site: ExperimentSite, **asked: object) -> UserConfigurationData:
    scheduling = ComputationalResourceScheduling(**{"resource_host_id": site.host, **asked})  # type: ignore[arg-type]
    return UserConfigurationData(storage_id=site.storage, computational_resource_scheduling=scheduling)


# -- making and changing -----------------------------------------------------------------------------------
def test_a_new_experiment_has_an_id_a_state_and_what_its_application_declares(site: ExperimentSite) -> None:
    found = site.views.get(ALICE, site.create())
    assert found.experiment_id.startswith("Say_it_")
    assert found.state is ExperimentState.CREATED
    assert found.created_at_ms == (found.experiment_status or ())[0].changed_at_ms
    (given,) = found.experiment_inputs or ()
    assert (given.value, given.is_required, given.required_to_added_to_command_line) == ("in.txt", True, True)
    assert [output.value for output in found.experiment_outputs or ()] == ["Cat.stdout"]


def test_what_cannot_be_an_experiment_is_refused(site: ExperimentSite) -> None:
    with pytest.raises(InputError, match="name"):
        site.create(experiment_name=" ")
    with pytest.raises(InputError, match="no application interface 'x'"):
        site.create(execution_id="x")
    with pytest.raises(NotFoundError, match="project 'x'"):
        site.create(project_id="x")
    with pytest.raises(DeniedError):
        site.experiments.create(BOB, "seagrid", site.request())
    with pytest.raises(NotFoundError, match="gateway 'seagrid'"):
        site.experiments.create(STRANGER, "seagrid", site.request())


def test_before_its_launch_an_experiment_can_be_changed_by_its_owner(site: ExperimentSite) -> None:
    experiment_id = site.create()
    site.experiments.update(ALICE, experiment_id, site.request(experiment_name="Say more", user_name="mallory"))
    site.experiments.update_scheduling(ALICE, experiment_id, ComputationalResourceScheduling(node_count=2))
    found = site.views.get(ALICE, experiment_id)
    assert (found.experiment_name, found.user_name, found.experiment_id) == ("Say more", "alice", experiment_id)
    assert found.user_configuration_data is not None
    assert found.user_configuration_data.storage_id == site.storage
    assert found.user_configuration_data.computational_resource_scheduling is not None
    assert found.user_configuration_data.computational_resource_scheduling.node_count == 2
    with pytest.raises(DeniedError):
        site.experiments.update(BOB, experiment_id, site.request())
    assert site.experiments.delete(ALICE, experiment_id)
    with pytest.raises(NotFoundError):
        site.views.get(ALICE, experiment_id)


def test_a_clone_asks_for_the_same_and_belongs_to_who_made_it(site: ExperimentSite) -> None:
    experiment_id = site.create()
    site.people.sharing.share_with_users(ALICE, experiment_id, {"bob@seagrid": READ})
    with pytest.raises(DeniedError, match="project"):
        site.experiments.clone(BOB, experiment_id, "mine")
    own = site.projects.create(BOB, "seagrid", Project(owner="bob", gateway_id="seagrid", name="B"))
    clone = site.views.get(BOB, site.experiments.clone(BOB, experiment_id, None, own))
    assert (clone.user_name, clone.project_id, clone.experiment_name) == ("bob", own, "Clone of Say it")
    assert clone.experiment_inputs == site.views.get(ALICE, experiment_id).experiment_inputs
    with pytest.raises(DeniedError):
        site.views.get(ALICE, clone.experiment_id)
    assert site.experiments.clone_by_admin(ADMIN, experiment_id, "again", site.project)


# -- who sees what -----------------------------------------------------------------------------------------
def test_lists_hold_what_is_ones_own_and_what_is_shared(site: ExperimentSite) -> None:
    first, second = site.create(experiment_name="one"), site.create(experiment_name="two", description="about water")
    assert [each.experiment_id for each in site.lists.search(ALICE, "seagrid", "alice")] == [second, first]
    assert site.lists.search(BOB, "seagrid", "bob") == ()
    site.people.sharing.share_with_users(ALICE, first, {"bob@seagrid": READ})
    assert [each.experiment_id for each in site.lists.search(BOB, "seagrid", "bob")] == [first]
    assert site.views.status(BOB, first).state is ExperimentState.CREATED
    with pytest.raises(DeniedError):
        site.views.status(BOB, second)
    with pytest.raises(DeniedError):
        site.lists.search(BOB, "seagrid", "alice")
    assert [each.name for each in site.lists.search(AUDITOR, "seagrid", "alice", {}, 1, 1)] == ["one"]


@pytest.mark.parametrize(
    ("filters", "names"),
    [
        ({Field.EXPERIMENT_NAME: "W"}, ["two"]),
        ({Field.EXPERIMENT_DESC: "WATER"}, ["two"]),
        ({Field.STATUS: "CREATED"}, ["two", "one"]),
        ({Field.STATUS: "FAILED"}, []),
        ({Field.FROM_DATE: "1", Field.TO_DATE: "2"}, []),
        ({Field.FROM_DATE: "1"}, ["two", "one"]),
        ({Field.JOB_ID: "77"}, []),
        ({Field.USER_NAME: "alice", Field.APPLICATION_ID: "elsewhere"}, []),
    ],
)
def test_search_filters(site: ExperimentSite, filters: dict[Field, str], names: list[str]) -> None:
    site.create(experiment_name="one")
    site.create(experiment_name="two", description="about water")
    assert [each.name for each in site.lists.search(ALICE, "seagrid", "alice", filters)] == names


def test_a_filter_that_makes_no_sense_is_named(site: ExperimentSite) -> None:
    with pytest.raises(InputError, match="STATUS"):
        site.lists.search(ALICE, "seagrid", "alice", {Field.STATUS: "DONE"})
    with pytest.raises(InputError, match="dates"):
        site.lists.search(ALICE, "seagrid", "alice", {Field.TO_DATE: "today"})


def test_statistics_count_by_what_experiments_came_to(site: ExperimentSite) -> None:
    site.create()
    site.create()
    found = site.lists.statistics(ADMIN, "seagrid", 0, 2**62, limit=1)
    assert (found.all_experiment_count, found.created_experiment_count, found.failed_experiment_count) == (2, 2, 0)
    assert len(found.all_experiments) == 1
    assert site.lists.statistics(BOB, "seagrid", 0, 2**62).all_experiment_count == 0


# -- launching ---------------------------------------------------------------------------------------------
def test_what_the_engine_is_given(site: ExperimentSite) -> None:
    experiment_id = site.create()
    site.experiments.launch(ALICE, experiment_id, "seagrid")
    given = site.workload.experiment(experiment_id)
    assert given.application.commands == (("/bin/cat", "${inputs.Text_File}"),)
    assert (given.user, given.gateway, given.application_type) == ("alice", "seagrid", "hpc-batch")
    assert [each.places for each in given.inputs] == [(str(site.storage_root / "in.txt"),)]
    assert given.output_directory == str(site.storage_root / "alice" / experiment_id)
    assert (given.resources.wall_time_s, given.resources.queue, given.resources.allocation) == (120, "short", "abc123")
    assert site.clusters.cluster(given.compute_resource).batch_system == "fork"


def test_what_was_launched_is_neither_changed_nor_deleted(site: ExperimentSite) -> None:
    experiment_id = site.create()
    site.experiments.launch(ALICE, experiment_id, "seagrid")
    with pytest.raises(ConflictError, match="cannot be changed"):
        site.experiments.update(ALICE, experiment_id, site.request())
    with pytest.raises(ConflictError, match="cannot be deleted"):
        site.experiments.delete(ALICE, experiment_id)


def test_what_cannot_run_is_refused_with_the_reason_and_can_be_corrected(site: ExperimentSite) -> None:
    experiment_id = site.create(experiment_inputs=())
    with pytest.raises(InputError, match=r"'Text\.File' has no value"):
        site.experiments.launch(ALICE, experiment_id, "seagrid")
    site.experiments.update(
        ALICE, experiment_id, site.request(user_configuration_data=configuration(site, node_count=3))
    )
    with pytest.raises(InputError, match="node count 3 is more than queue short"):
        site.experiments.validate(ALICE, experiment_id)
    site.experiments.update(ALICE, experiment_id, site.request())
    assert site.experiments.validate(ALICE, experiment_id)
    assert site.views.status(ALICE, experiment_id).state is ExperimentState.CREATED


def test_a_deployment_that_is_not_shared_is_not_there(site: ExperimentSite) -> None:
    project = site.projects.create(BOB, "seagrid", Project(owner="bob", gateway_id="seagrid", name="B"))
    request = site.request(user_name="bob", project_id=project)
    experiment_id = site.experiments.create(BOB, "seagrid", request)
    with pytest.raises(InputError, match="no deployment on"):
        site.experiments.launch(BOB, experiment_id, "seagrid")


@pytest.mark.parametrize("path", ["/etc/passwd", "../../etc/passwd", "file://localhost/etc/passwd", "a/../../x"])
def test_no_input_leads_out_of_the_gateways_storage(site: ExperimentSite, path: str) -> None:
    experiment_id = site.create(experiment_inputs=(InputDataObject(name="Text.File", value=path),))
    with pytest.raises(InputError, match="not below the gateway's directory"):
        site.experiments.launch(ALICE, experiment_id, "seagrid")


def test_no_data_product_leads_out_of_it_either(site: ExperimentSite) -> None:
    replica = DataReplicaLocation(storage_resource_id=site.storage, file_path="/etc/passwd")
    product = DataProduct(product_name="p", replica_locations=(replica,))
    uri = site.data_products.register(ALICE, product)
    experiment_id = site.create(experiment_inputs=(InputDataObject(name="Text.File", value=uri),))
    with pytest.raises(InputError, match="not below the gateway's directory"):
        site.experiments.launch(ALICE, experiment_id, "seagrid")


def test_an_input_may_be_a_data_product(site: ExperimentSite) -> None:
    replica = DataReplicaLocation(storage_resource_id=site.storage, file_path=str(site.storage_root / "in.txt"))
    uri = site.data_products.register(ALICE, DataProduct(product_name="in.txt", replica_locations=(replica,)))
    assert site.data_products.get(ALICE, uri).replica_locations == (
        replace(
            replica,
            replica_id=(site.data_products.get(ALICE, uri).replica_locations or ())[0].replica_id,
            product_uri=uri,
            created_at_ms=site.data_products.get(ALICE, uri).created_at_ms,
            updated_at_ms=site.data_products.get(ALICE, uri).created_at_ms,
        ),
    )
    experiment_id = site.create(experiment_inputs=(InputDataObject(name="Text.File", value=uri),))
    site.experiments.launch(ALICE, experiment_id, "seagrid")
    assert site.workload.experiment(experiment_id).inputs[0].places == (str(site.storage_root / "in.txt"),)
    with pytest.raises(NotFoundError):
        site.data_products.get(STRANGER, uri)


# -- running -----------------------------------------------------------------------------------------------
def test_an_experiment_runs_and_its_record_follows(site: ExperimentSite) -> None:
    experiment_id = site.create()
    site.follower.round()
    engine = site.installation.engine(adopt_orphans=True)
    engine.start()
    try:
        site.experiments.launch(ALICE, experiment_id, "seagrid")
        ended = site.workload.wait(experiment_id, 60)
    finally:
        engine.stop(10)
    assert ended.state is ExperimentState.COMPLETED, ended.reason
    site.follower.round()
    assert [each.experiment_status for each in site.lists.search(ALICE, "seagrid", "alice")] == ["COMPLETED"]
    tree = site.views.tree(ALICE, experiment_id)
    # Portals of one generation look at the first, those of the next at the last.
    assert [each.state for each in tree.experiment_status or ()] == ["COMPLETED"]
    (listed,) = site.lists.of_user(ALICE, "seagrid", "alice")
    assert listed.experiment_status == tree.experiment_status
    (process,) = tree.processes or ()
    assert [each.state for each in process.process_statuses or ()] == ["COMPLETED"]
    assert (process.compute_resource_id, process.application_deployment_id) == (site.host, site.deployment)
    assert [[status.state for status in each.task_statuses] for each in process.tasks or ()] == [["COMPLETED"]] * 5
    (job,) = site.views.jobs(ALICE, experiment_id)
    assert site.views.job_statuses(ALICE, experiment_id)[job.job_id].job_state == "COMPLETE"
    found = site.lists.search(ALICE, "seagrid", "alice", {Field.JOB_ID: job.job_id})
    assert [each.experiment_id for each in found] == [experiment_id]
    (output,) = site.views.outputs(ALICE, experiment_id)
    replica = (site.data_products.get(ALICE, output.value or "").replica_locations or ())[0]
    assert replica.storage_resource_id == site.storage
    assert replica.file_path == f"file://localhost:{site.storage_root}/alice/{experiment_id}/Cat.stdout"
    assert _content(site, output.value) == "hello"
    with site.people.records.reading() as records:
        recorded = records.get(GatewayProcess, process.process_id)
        stored = records.get(GatewayExperiment, experiment_id)
    assert recorded is not None
    assert (recorded.user_name, recorded.application_interface_id) == ("alice", site.interface)
    assert stored is not None
    assert [each.state for each in stored.experiment_status or ()][:2] == ["CREATED", "LAUNCHED"]


def test_outputs_are_fetched_while_the_job_runs(site: ExperimentSite, tmp_path: Path) -> None:
    program = tmp_path / "slow"
    gate = tmp_path / "gate"
    program.write_text(f"#!/bin/sh\necho early\nuntil [ -e {gate} ]; do sleep 0.1; done\necho late\n")
    program.chmod(0o755)
    site.deploy(str(program))
    experiment_id = site.create()
    with pytest.raises(ConflictError, match="was not launched"):
        site.intermediate.fetch(ALICE, experiment_id, ("Shown",))
    engine = site.installation.engine(adopt_orphans=True)
    engine.start()
    try:
        site.experiments.launch(ALICE, experiment_id, "seagrid")
        scratch = tmp_path / "scratch"
        _until(lambda: any(path.read_text() == "early\n" for path in scratch.glob("*/Cat.stdout")))
        with pytest.raises(InputError, match="no output Other"):
            site.intermediate.fetch(ALICE, experiment_id, ("Other",))
        with pytest.raises(NotFoundError, match="Nobody has asked"):
            site.intermediate.status(ALICE, experiment_id, ("Shown",))
        _until(lambda: site.views.jobs(ALICE, experiment_id) != ())
        with ThreadPoolExecutor(2) as at_once:
            fetches = [at_once.submit(site.intermediate.fetch, ALICE, experiment_id, ("Shown",)) for _ in range(2)]
        assert [str(each.exception()) for each in fetches if each.exception()] != []
        assert isinstance(next(each.exception() for each in fetches if each.exception()), ConflictError)
        assert [each for each in fetches if not each.exception()] != []
        _until(lambda: site.intermediate.status(ALICE, experiment_id, ("Shown",)).state == "COMPLETED")
        (early,) = site.intermediate.outputs(ALICE, experiment_id)
        assert _content(site, early.value) == "early\n"
        gate.touch()
        assert site.workload.wait(experiment_id, 60).state is ExperimentState.COMPLETED
    finally:
        gate.touch()
        engine.stop(10)
    (late,) = site.views.outputs(ALICE, experiment_id)
    assert late.value == early.value
    assert _content(site, late.value) == "early\nlate\n"
    with pytest.raises(ConflictError, match="has ended"):
        site.intermediate.fetch(ALICE, experiment_id, ("Shown",))


def _until(holds: Callable[[], bool]) -> None:
    end_s = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < end_s
        time.sleep(0.05)


def _content(site: ExperimentSite, uri: str | None) -> str:
    replica = (site.data_products.get(ALICE, uri or "").replica_locations or ())[0]
    return Path(unquote(urlsplit(replica.file_path or "").path)).read_text()


def test_what_was_not_launched_cannot_be_terminated(site: ExperimentSite) -> None:
    experiment_id = site.create()
    with pytest.raises(ConflictError, match="not launched"):
        site.experiments.terminate(ALICE, experiment_id, "seagrid")
    with pytest.raises(NotFoundError):
        site.experiments.terminate(STRANGER, experiment_id, "elsewhere")
