"""Neo4j that refuses, hangs, breaks off, restarts or runs out of names: nothing is lost and nothing is done twice."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier, Event
from typing import Any
from urllib.parse import urlsplit

import pytest
from chaos.proxy import LOOPBACK, Proxy
from neo4j import Driver, GraphDatabase
from neo4j.exceptions import IncompleteCommit
from services.servers import Servers

from airavata_adapters.graph_stores.neo4j import Neo4jGraphStore, open_graph_store
from airavata_adapters.neo4j.server import Server
from airavata_workload.domain.errors import AuthenticationError, SettingsError, StoreUnavailableError
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import LoadedDag
from airavata_workload.domain.transition import Applied
from airavata_workload.ports.backing import BackingContext
from airavata_workload.testing.samples import CHAIN, abstract_dag, loaded_dag, transition, unique

pytestmark = pytest.mark.server

OpenStore = Callable[..., Neo4jGraphStore]


@pytest.fixture
def open_store(neo4j_server: Mapping[str, str], tmp_path: Path) -> Iterator[OpenStore]:
    """Opens stores with the options given; closes them at the end."""
    opened: list[Neo4jGraphStore] = []

    def open_one(**given: Any) -> Neo4jGraphStore:
        options = {"url": neo4j_server["uri"], "password": neo4j_server["password"], **given}
        store = open_graph_store(BackingContext(home=tmp_path, session=unique("engine"), options=options))
        assert isinstance(store, Neo4jGraphStore)
        opened.append(store)
        return store

    yield open_one
    for store in opened:
        store.close()


@pytest.fixture
def proxy(neo4j_server: Mapping[str, str]) -> Iterator[Proxy]:
    """A network in front of Neo4j."""
    target = urlsplit(neo4j_server["uri"])
    proxy = Proxy((str(target.hostname), int(target.port or 7687)))
    yield proxy
    proxy.close()


def claim(store: Neo4jGraphStore, dag: LoadedDag, place: int = 0) -> Applied:
    (applied,) = store.apply([transition(dag.tasks[place], TaskState.EXECUTING)])
    return applied


def planned_dag(store: Neo4jGraphStore) -> LoadedDag:
    """A new loaded DAG, after the statements have been planned, which takes a server that has just started long."""
    dag = loaded_dag(CHAIN)
    assert store.create_loaded(dag)
    assert claim(store, dag, place=2).accepted
    return dag


# -- refused ----------------------------------------------------------------------------------------------
def test_a_wrong_password_is_named_as_such_and_not_shown(open_store: OpenStore) -> None:
    with pytest.raises(AuthenticationError, match=r"bolt://.* refuses user 'neo4j'") as refused:
        open_store(password="not the one")
    assert "not the one" not in str(refused.value)


def test_an_unknown_database_is_named(open_store: OpenStore) -> None:
    with pytest.raises(SettingsError, match="has no database 'nowhere'"):
        open_store(database="nowhere")


def test_a_server_that_is_not_there_is_named_at_once(open_store: OpenStore) -> None:
    with socket.create_server((LOOPBACK, 0)) as listener:
        port = listener.getsockname()[1]
    begun = time.monotonic()
    with pytest.raises(StoreUnavailableError, match=f"bolt://{LOOPBACK}:{port} does not answer"):
        open_store(url=f"bolt://{LOOPBACK}:{port}")
    assert time.monotonic() - begun < 5


def test_retries_end(open_store: OpenStore, proxy: Proxy) -> None:
    store = open_store(url=f"bolt://{LOOPBACK}:{proxy.port}", retry_time_limit_s=0.3)
    proxy.refuse()
    proxy.cut()
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        store.unfinished()


# -- hanging ----------------------------------------------------------------------------------------------
def test_an_answer_that_never_comes_is_given_up_and_asked_for_anew(open_store: OpenStore, proxy: Proxy) -> None:
    dag = planned_dag(open_store())
    url = f"bolt://{LOOPBACK}:{proxy.port}"
    store = open_store(url=url, connection_time_limit_s=0.5, transaction_time_limit_s=1.0)
    proxy.swallow()
    proxy.heal()  # for new connections: those that were there stay dead and say nothing
    assert claim(store, dag).accepted
    assert [line.state for line in store.task(dag.tasks[0].task_id).history] == ["CREATED", "EXECUTING"]
    store.delete_loaded(dag.experiment_id)


def test_whoever_holds_an_experiment_for_too_long_fails_only_those_who_want_it(
    open_store: OpenStore, neo4j_server: Mapping[str, str]
) -> None:
    patient, store = open_store(), open_store(transaction_time_limit_s=0.5)
    dag = planned_dag(patient)
    login = ("neo4j", neo4j_server["password"])
    with GraphDatabase.driver(neo4j_server["uri"], auth=login) as driver, driver.session() as session:
        with session.begin_transaction(timeout=30) as holder:
            holder.run("MATCH (dag:LoadedDag {experiment_id: $id}) SET dag.locked_by = 'other'", id=dag.experiment_id)
            with pytest.raises(StoreUnavailableError, match="ended a transaction"):
                claim(store, dag)
        assert claim(patient, dag).accepted
    patient.delete_loaded(dag.experiment_id)


# -- broken off while committing --------------------------------------------------------------------------
@pytest.mark.parametrize("stored", [True, False])
def test_a_commit_that_breaks_off_happens_once_and_its_caller_is_told_the_truth(
    open_store: OpenStore, monkeypatch: pytest.MonkeyPatch, stored: bool
) -> None:
    store = open_store()
    dag = loaded_dag(CHAIN)
    assert store.create_loaded(dag)
    broken: list[bool] = []
    original = Server._carry_out

    def break_off(self: Server, attempt: Any, driver: Driver) -> Any:
        if broken:
            return original(self, attempt, driver)
        broken.append(True)
        if stored:
            original(self, attempt, driver)
        raise IncompleteCommit("the connection is gone")

    monkeypatch.setattr(Server, "_carry_out", break_off)
    applied = claim(store, dag)
    assert broken
    assert applied.accepted
    assert applied.task == store.task(dag.tasks[0].task_id)
    assert [line.state for line in applied.task.history] == [TaskState.CREATED, TaskState.EXECUTING]
    store.delete_loaded(dag.experiment_id)


def test_cut_connections_lose_and_double_nothing(open_store: OpenStore, proxy: Proxy) -> None:
    count = 20
    dag = loaded_dag({f"task {number}": () for number in range(count)})
    assert open_store().create_loaded(dag)
    store = open_store(url=f"bolt://{LOOPBACK}:{proxy.port}")
    before = proxy.carried_bytes
    assert claim(store, dag, place=0).accepted
    bytes_of_a_claim = proxy.carried_bytes - before
    for place in range(1, count):  # cut later and later within the transaction
        proxy.allowed_bytes = proxy.carried_bytes + bytes_of_a_claim * place // count
        with ThreadPoolExecutor(1) as threads:
            done = threads.submit(claim, store, dag, place)
            wait_until(lambda: proxy.carried_bytes > (proxy.allowed_bytes or 0))
            proxy.allowed_bytes = None
            assert done.result(60).accepted
    assert [len(task.history) for task in store.tasks(dag.experiment_id)] == [2] * count
    store.delete_loaded(dag.experiment_id)


def wait_until(condition: Callable[[], bool]) -> None:
    ticks = Event()
    for _ in range(20_000):
        if condition():
            return
        ticks.wait(0.001)
    raise AssertionError("it did not happen in time")


# -- a server of our own ----------------------------------------------------------------------------------
@pytest.mark.timeout(400)
def test_a_fresh_server_with_few_names_that_is_killed_and_comes_back(services: Servers, open_store: OpenStore) -> None:
    """One test, for starting a server takes as long as all the others together."""
    services.start("neo4j")
    environment = services.env("neo4j")
    access = {"url": environment["NEO4J_URI"], "password": environment["NEO4J_PASSWORD"]}
    begin_at_once(open_store, access)
    driver = GraphDatabase.driver(access["url"], auth=("neo4j", access["password"]), notifications_min_severity="OFF")
    with driver:
        # Neo4j takes 8 s to start, on a machine that does much else a minute.
        store = open_store(**access, relationship_type_limit=3, retry_time_limit_s=150.0)
        kind = unique("TYPE")
        store.save_abstract(abstract_dag(kind, "one", "two"))
        dags = [loaded_dag(CHAIN) for _ in range(4)]
        for dag in dags:
            assert store.create_loaded(dag)
        assert store.create_loaded(loaded_dag({"only": ()}))  # nothing to join: costs no name
        names = {row[0] for row in driver.execute_query("CALL db.relationshipTypes()").records}
        assert names == {kind, dags[0].experiment_id, dags[1].experiment_id, "NEXT"}
        assert open_store(**access, relationship_type_limit=3).create_loaded(loaded_dag(CHAIN))
        store.save_abstract(abstract_dag(kind, "one", "two", "three"))  # its name is there already
        assert store.save_abstract(abstract_dag(unique("TYPE"), "one", "two")).version == 1
        assert {row[0] for row in driver.execute_query("CALL db.relationshipTypes()").records} == names
        run_through(store, dags[3], driver)
    survive_a_kill(services, store, dags[2])


def begin_at_once(open_store: OpenStore, access: Mapping[str, str]) -> None:
    """Services that find an empty database at the same moment all come up."""
    start = Barrier(3)

    def begin(_number: int) -> None:
        start.wait(30)
        open_store(**access)

    with ThreadPoolExecutor(3) as threads:
        list(threads.map(begin, range(3)))


def run_through(store: Neo4jGraphStore, dag: LoadedDag, driver: Driver) -> None:
    """An experiment without a relationship type of its own runs to its end, and can be found and retried."""
    found = driver.execute_query(
        "MATCH (:Task)-[next:NEXT {experiment_id: $id}]->(:Task) RETURN count(next)", id=dag.experiment_id
    ).records
    assert found[0][0] == 2
    for end in (TaskState.COMPLETED, TaskState.FAILED, TaskState.CANCELED):
        ready = [task for task in store.tasks(dag.experiment_id) if not task.open_predecessors]
        task = next(task for task in ready if task.state is TaskState.CREATED)
        claimed, ended = store.apply(
            [transition(task, TaskState.EXECUTING), transition(task, end, expected=TaskState.EXECUTING)]
        )
        assert (claimed.accepted, ended.accepted) == (True, True)
        assert len(ended.unblocked) == min(1, ended.open_tasks)
    assert dag.experiment_id not in store.unfinished()
    assert store.replace_loaded(loaded_dag(CHAIN, dag.experiment_id))
    assert [task.open_predecessors for task in store.tasks(dag.experiment_id)] == [0, 1, 1]


def survive_a_kill(services: Servers, store: Neo4jGraphStore, dag: LoadedDag) -> None:
    """What was stored is there again, and a call that finds nobody waits until the server is back."""
    assert claim(store, dag).accepted
    services.kill("neo4j")
    with ThreadPoolExecutor(2) as threads:
        done = threads.submit(store.apply, [transition(dag.tasks[1], TaskState.CANCELED)])
        services.start("neo4j")
        (applied,) = done.result(180)
    assert applied.accepted
    states = [task.state for task in store.tasks(dag.experiment_id)]
    assert states == [TaskState.EXECUTING, TaskState.CANCELED, TaskState.CREATED]
