"""Parts of ``migrate``: the seal, the comparison of both ends, the numbering of abstract DAGs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import ConflictError, DocumentError, InputError
from airavata_workload.domain.states import ExperimentState, TaskState
from airavata_workload.migration import ends, survey
from airavata_workload.migration.abstract_dags import copy_abstract_dags, version_plan
from airavata_workload.migration.comparison import continues_dag, continues_experiment
from airavata_workload.migration.move import Move
from airavata_workload.migration.seal import Seal, SealFile, Stage, refuse_if_moved, systems_of
from airavata_workload.settings import Settings, load_settings
from airavata_workload.testing.restored_dag_tests import half_done
from airavata_workload.testing.samples import abstract_dag, experiment, loaded_dag, transition


@pytest.fixture
def source(tmp_path: Path) -> Iterator[Installation]:
    """An empty installation."""
    with Installation(Settings(home=tmp_path / "here"), service="test") as made:
        yield made


@pytest.fixture
def target(tmp_path: Path) -> Iterator[Installation]:
    """Another one."""
    with Installation(Settings(home=tmp_path / "there"), service="test") as made:
        yield made


def seal_of(source: Installation, **changes: Any) -> Seal:
    systems = systems_of(source.settings)
    return replace(Seal(source=systems, target=systems, where="there"), **changes)


# -- the seal ---------------------------------------------------------------------------
def test_a_seal_is_about_one_installation_of_a_home(tmp_path: Path) -> None:
    embedded = Settings(home=tmp_path)
    distributed = Settings(home=tmp_path, graph_store="neo4j")
    file = SealFile(tmp_path)
    assert file.of(systems_of(embedded)) is None
    first = Seal(source=systems_of(embedded), target=systems_of(distributed), where="there")
    second = replace(first, source=systems_of(distributed), stage=Stage.DONE)
    for seal in (first, second, replace(first, copied=7)):
        file.put(seal)
    assert file.of(systems_of(embedded)) == replace(first, copied=7)
    assert file.of(systems_of(distributed)) == second
    assert file.path.stat().st_mode & 0o077 == 0
    refuse_if_moved(Settings(home=tmp_path, registry="sql"))


@pytest.mark.parametrize("stage", Stage)
def test_a_sealed_installation_says_where_it_went(tmp_path: Path, stage: Stage) -> None:
    settings = Settings(home=tmp_path)
    systems = systems_of(settings)
    SealFile(tmp_path).put(Seal(source=systems, target=systems, where="/far/away", stage=stage))
    with pytest.raises(ConflictError, match="/far/away"):
        refuse_if_moved(settings)


def test_no_secret_stands_in_a_seal(tmp_path: Path) -> None:
    options: Any = {
        "graph_store": {"url": "bolt://host", "password": "s3cret"},
        "task_queue": {"urls": ["amqp://ada:s3cret@host/"]},
        "registry": {"url": "mysql+pymysql://ada:s3cret@host/db"},
    }
    settings = Settings(home=tmp_path, options=options)
    SealFile(tmp_path).put(Seal(source=systems_of(settings), target={}, where="there"))
    assert "s3cret" not in SealFile(tmp_path).path.read_text()
    options["graph_store"]["password"] = "changed"
    with pytest.raises(ConflictError):
        refuse_if_moved(Settings(home=tmp_path, options=options))


@pytest.mark.parametrize("text", ["", "{}", "[1]", '[{"from": {}}]'])
def test_a_damaged_seal_lets_nothing_run(tmp_path: Path, text: str) -> None:
    SealFile(tmp_path).path.write_text(text)
    with pytest.raises(DocumentError, match="could run twice"):
        refuse_if_moved(Settings(home=tmp_path))


def test_an_engine_that_was_opened_before_the_seal_does_not_start(source: Installation) -> None:
    engine = source.engine(adopt_orphans=False)
    SealFile(source.settings.home).put(seal_of(source))
    with pytest.raises(ConflictError, match="there"):
        engine.start()
    assert engine.stuck(), "no stage has begun"


def test_a_service_that_comes_before_the_seal_is_seen(source: Installation, target: Installation) -> None:
    other = Installation(source.settings, service="late")
    with other:
        moving: Any = _Intruded(source, lambda: other.nodes.join("worker", {}))
        file = SealFile(source.settings.home)
        with pytest.raises(ConflictError, match="worker"):
            Move(moving, target, file, seal_of(source), lambda *_: None).carry_out()
    assert target.registry.statistics()["CREATED"] == 0


class _Intruded:
    """An installation whose services start when its queue, its DAGs or anything else but its nodes is looked at."""

    def __init__(self, installation: Installation, intrude: Any) -> None:
        self._installation = installation
        self._intrude = intrude

    def __getattr__(self, name: str) -> Any:
        if name == "graph":
            self._intrude()
        return getattr(self._installation, name)


# -- the two ends -------------------------------------------------------------------------
def test_ends_that_are_apart_and_ends_that_are_not(source: Installation, target: Installation) -> None:
    twin = Installation(source.settings, service="twin")
    with twin:
        assert ends.share_graph_store(source, twin, "probe")
        assert ends.share_recovery_nodes(source, twin, "probe")
    assert not ends.share_recovery_nodes(source, target, "probe")
    assert not ends.share_graph_store(source, target, "probe")
    assert target.nodes.nodes() == []
    assert target.graph.loaded(["probe"]) == []


def test_ends_with_common_nodes_and_other_dags_are_refused(source: Installation, target: Installation) -> None:
    class Mixed:
        graph, registry, queue, credentials = target.graph, target.registry, target.queue, target.credentials
        records = target.records
        nodes = source.nodes

    file = SealFile(source.settings.home)
    with pytest.raises(InputError, match="take over the experiments of the other"):
        Move(source, Mixed(), file, seal_of(source), lambda *_: None).carry_out()  # type: ignore[arg-type]
    assert not file.path.exists()


def test_a_common_graph_store_keeps_its_dags(source: Installation, target: Installation) -> None:
    class Mixed:
        graph, registry, queue, credentials = source.graph, target.registry, target.queue, target.credentials
        records, nodes = target.records, target.nodes

    dag = half_done()
    source.registry.create_experiments([experiment(experiment_id=dag.experiment_id, state=ExperimentState.EXECUTING)])
    source.graph.restore_loaded([dag])
    source.nodes.create(dag.experiment_id)
    source.nodes.close()  # as if its owner had died
    file = SealFile(source.settings.home)
    with Installation(source.settings, service="again") as again:
        Mixed.graph = again.graph
        Move(again, Mixed(), file, seal_of(source), lambda *_: None).carry_out()  # type: ignore[arg-type]
        assert again.graph.loaded([dag.experiment_id]) == [dag]
        assert again.nodes.nodes() == []
    assert [node.experiment_id for node in target.nodes.nodes()] == [dag.experiment_id]


# -- comparison ------------------------------------------------------------------------------
def test_an_experiment_goes_on_or_is_another_one() -> None:
    ours = experiment(state=ExperimentState.EXECUTING)
    later = replace(ours, state=ExperimentState.COMPLETED, updated_at_us=ours.updated_at_us + 1)
    assert continues_experiment(ours, ours)
    assert continues_experiment(ours, later)
    assert not continues_experiment(later, ours)
    for changes in ({"name": "other"}, {"created_at_us": 1}, {"parameters": {"other": 1}}, {"user": "eve"}):
        assert not continues_experiment(ours, replace(later, **changes))  # type: ignore[arg-type]


def test_a_dag_goes_on_or_is_another_one(source: Installation) -> None:
    ours = half_done()
    source.graph.restore_loaded([ours])
    source.graph.note_waiting({ours.tasks[3].task_id: "another thing"})
    (noted,) = source.graph.loaded([ours.experiment_id])
    source.graph.apply([transition(ours.tasks[1], TaskState.COMPLETED)])
    (later,) = source.graph.loaded([ours.experiment_id])
    assert continues_dag(ours, noted)
    assert continues_dag(ours, later)
    assert not continues_dag(later, ours)
    assert not continues_dag(ours, loaded_dag({"one": ()}, ours.experiment_id))
    other_job = replace(ours, tasks=tuple(replace(task, job=None) for task in ours.tasks))
    assert not continues_dag(ours, other_job)


def test_pages_hold_every_experiment_once_the_oldest_first(
    source: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "PAGE", 2)
    made = [experiment(created_at_us=number // 2) for number in range(5)]
    source.registry.create_experiments(made)
    pages = survey.oldest_first(source.registry, 1)
    seen = next(pages)
    late = experiment(created_at_us=9)
    source.registry.create_experiments([late])
    seen += [one for page in pages for one in page]
    assert [one.experiment_id for one in seen] == [one.experiment_id for one in [*made[1:], late]]


# -- abstract DAGs ---------------------------------------------------------------------------
def test_versions_keep_their_numbers_in_an_empty_store(source: Installation, target: Installation) -> None:
    for names in (("a",), ("a", "b"), ("a",)):
        source.graph.save_abstract(abstract_dag("SAMPLE", *names))
    numbers = copy_abstract_dags(source.graph, target.graph)
    assert numbers == {("SAMPLE", version): version for version in (1, 2, 3)}
    assert [target.graph.abstract("SAMPLE", version) for version in (1, 2, 3)] == [
        source.graph.abstract("SAMPLE", version) for version in (1, 2, 3)
    ]
    assert copy_abstract_dags(source.graph, target.graph) == numbers
    assert target.graph.abstract("SAMPLE").version == 3


def test_versions_come_after_other_ones_that_are_there(source: Installation, target: Installation) -> None:
    target.graph.save_abstract(abstract_dag("SAMPLE", "of the target"))
    for names in (("a",), ("a", "b")):
        source.graph.save_abstract(abstract_dag("SAMPLE", *names))
    numbers = copy_abstract_dags(source.graph, target.graph)
    assert numbers == {("SAMPLE", 1): 2, ("SAMPLE", 2): 3}
    assert copy_abstract_dags(source.graph, target.graph) == numbers
    assert target.graph.abstract("SAMPLE").version == 3


def test_a_newer_version_of_the_target_stays_the_newest() -> None:
    ours = [abstract_dag("SAMPLE", "a")]
    theirs = [ours[0], replace(abstract_dag("SAMPLE", "a", "b"), version=2)]
    plan = version_plan(ours, theirs)
    assert (plan.numbers, plan.missing) == ({1: 1}, ())


# -- settings --------------------------------------------------------------------------------
def test_the_environment_speaks_of_the_target_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRAVATA_WORKLOAD_OPTIONS__GRAPH_STORE", '{"password": "s3cret"}')
    monkeypatch.setenv("AIRAVATA_WORKLOAD_GRAPH_STORE", "neo4j")
    monkeypatch.setenv("AIRAVATA_WORKLOAD_WORKER_SLOTS", "3")
    monkeypatch.setenv("AIRAVATA_WORKLOAD_CONFIG", str(tmp_path / "of-the-source.toml"))
    (tmp_path / "of-the-source.toml").write_text("drain_time_s = 1.0")
    ours = load_settings(home=tmp_path, backing_from_environment=False)
    theirs = load_settings(home=tmp_path, file=tmp_path / "not there.toml")
    assert (ours.graph_store, ours.options.graph_store, ours.worker_slots, ours.drain_time_s) == ("embedded", {}, 3, 1)
    assert (theirs.graph_store, theirs.options.graph_store) == ("neo4j", {"password": "s3cret"})
    assert theirs.drain_time_s == 30.0
