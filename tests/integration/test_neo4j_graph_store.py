"""The graph store in Neo4j fulfils its port, alone and when many use the same one."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event
from typing import Any

import pytest
from neo4j import Driver, GraphDatabase, Query

from airavata_adapters.graph_stores.neo4j import Neo4jGraphStore, open_graph_store
from airavata_adapters.neo4j import group_commit, statements
from airavata_workload.domain.dag import AbstractDag, DagNode
from airavata_workload.domain.errors import ConflictError, WorkloadError
from airavata_workload.domain.states import TASK_ENDS, TaskState
from airavata_workload.domain.task import LoadedDag, Task
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.testing.graph_store_suite import GraphStoreSuite, OpenStore
from airavata_workload.testing.samples import CHAIN, DIAMOND, loaded_dag, named, transition, unique

pytestmark = pytest.mark.server

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "draw-an-experiment-in-neo4j.md"
CLEAN = """
CALL () {
  MATCH (dag:LoadedDag) WHERE dag.made_by = $session
  OPTIONAL MATCH (task:Task {experiment_id: dag.experiment_id})
  DETACH DELETE dag, task
}
CALL () {
  MATCH (type:ApplicationType) WHERE type.locked_by STARTS WITH $session
  OPTIONAL MATCH (node:AbstractTask|AbstractDag {application_type: type.application_type})
  DETACH DELETE type, node
}
"""


@pytest.fixture
def driver(neo4j_server: Mapping[str, str]) -> Iterator[Driver]:
    """Neo4j without the store around it."""
    login = (neo4j_server["user"], neo4j_server["password"])
    with GraphDatabase.driver(neo4j_server["uri"], auth=login, notifications_min_severity="OFF") as driver:
        yield driver


@pytest.fixture
def open_store(neo4j_server: Mapping[str, str], driver: Driver, tmp_path: Path) -> Iterator[OpenStore]:
    """Opens stores of one session; what they made is deleted afterwards."""
    options = {name: neo4j_server[key] for name, key in (("url", "uri"), ("user", "user"), ("password", "password"))}
    session = unique("engine")
    yield lambda: open_graph_store(BackingContext(home=tmp_path, session=session, options=options))
    driver.execute_query(CLEAN, session=session)


class TestNeo4jGraphStore(GraphStoreSuite):
    model_examples = 4
    model_steps = 20


@pytest.fixture
def store(open_store: OpenStore) -> Iterator[GraphStore]:
    store = open_store()
    yield store
    store.close()


# -- many at once -----------------------------------------------------------------------------------------
class Racer:
    """One of many who run every task that is ready, as fast as they can, in whatever order."""

    def __init__(self, store: GraphStore, name: str, experiment_ids: list[str]) -> None:
        self._store = store
        self._name = name
        self._random = random.Random(name)
        self._experiment_ids = experiment_ids
        self.claimed: list[str] = []
        self.unblocked: list[str] = []

    def run(self, start: Barrier) -> None:
        start.wait(30)
        while ready := self._ready():
            self._random.shuffle(ready)
            answers = self._store.apply([transition(task, TaskState.EXECUTING, owner=self._name) for task in ready])
            won = [answer.task for answer in answers if answer.accepted and answer.task is not None]
            self.claimed += [task.task_id for task in won]
            self._random.shuffle(won)
            for answer in self._store.apply([transition(task, TaskState.COMPLETED) for task in won]):
                assert answer.accepted
                self.unblocked += [task.task_id for task in answer.unblocked]

    def _ready(self) -> list[Task]:
        """What could run; tasks that others run are waited for by looking again."""
        while True:
            tasks = [task for each in self._experiment_ids for task in self._store.tasks(each)]
            ready = [task for task in tasks if task.state is TaskState.CREATED and not task.open_predecessors]
            if ready or all(task.state in TASK_ENDS for task in tasks):
                return ready


def test_two_stores_race_for_the_same_tasks_and_each_task_runs_once(open_store: OpenStore) -> None:
    stores = [open_store(), open_store()]
    dags = [loaded_dag({**DIAMOND, "end": ("bottom",)}) for _ in range(3)]
    for dag in dags:
        assert stores[0].create_loaded(dag)
    ids = [dag.experiment_id for dag in dags]
    racers = [Racer(stores[number % 2], f"racer {number}", ids) for number in range(6)]
    start = Barrier(len(racers))
    with ThreadPoolExecutor(len(racers)) as threads:
        for done in [threads.submit(racer.run, start) for racer in racers]:
            done.result(60)
    tasks = [task for dag in dags for task in dag.tasks]
    assert Counter(each for racer in racers for each in racer.claimed) == Counter(task.task_id for task in tasks)
    later = Counter(task.task_id for task in tasks if task.depends_on)
    # Whichever of two predecessors ends last unblocks their successor, in one transaction or in two of two stores.
    assert Counter(each for racer in racers for each in racer.unblocked) == later
    for dag in dags:
        found = stores[1].tasks(dag.experiment_id)
        assert [(task.state, task.open_predecessors, len(task.history)) for task in found] == [
            (TaskState.COMPLETED, 0, 3)
        ] * 5
        assert dag.experiment_id not in stores[0].unfinished()
    for store in stores:
        store.close()


def test_a_task_that_is_being_written_is_read_as_it_was_or_as_it_is(store: GraphStore) -> None:
    """Properties that grow are moved; who reads meanwhile finds neither a gap nor a mixture."""
    dag = loaded_dag({"only": ()})
    (only,) = dag.tasks
    assert store.create_loaded(dag)
    ended = Event()

    def keep_reading() -> int:
        reads = 0
        while not ended.is_set():
            for found in (*store.tasks(dag.experiment_id), store.task(only.task_id), *store.executing()):
                assert found.history[-1].state is found.state
                reads += 1
        return reads

    with ThreadPoolExecutor(3) as threads:
        readers = [threads.submit(keep_reading) for _ in range(3)]
        try:
            task = only
            for turn in range(40):
                target = TaskState.CREATED if task.state is TaskState.EXECUTING else TaskState.EXECUTING
                next_attempt = task.attempt + 1 if target is TaskState.CREATED else None
                changes = transition(
                    task,
                    target,
                    owner="w" * (turn * 37 % 200),
                    reason="r" * (turn * 53 % 300),
                    next_attempt=next_attempt,
                )
                (answer,) = store.apply([changes])
                assert answer.accepted
                assert answer.task is not None
                task = answer.task
        finally:
            ended.set()
        assert all(reader.result(30) for reader in readers)


def test_calls_of_all_sorts_share_a_transaction(store: Neo4jGraphStore, monkeypatch: pytest.MonkeyPatch) -> None:
    running, other, gone = loaded_dag(CHAIN), loaded_dag(CHAIN), loaded_dag({"only": ()})
    for dag in (running, gone):
        assert store.create_loaded(dag)
    (claimed,) = store.apply([transition(running.tasks[0], TaskState.EXECUTING)])
    assert claimed.task is not None
    calls: list[Callable[[], Any]] = [
        lambda: store.create_loaded(other),
        lambda: store.create_loaded(other),
        lambda: store.apply([transition(running.tasks[1], TaskState.CANCELED)])[0].accepted,
        lambda: store.record_intent(running.tasks[0].task_id, 1, {"n": 1}),
        lambda: store.note_waiting({running.tasks[2].task_id: "for its turn"}),
        lambda: store.delete_loaded(gone.experiment_id),
    ]
    assert sharing_a_transaction(store, monkeypatch, calls) == [True, False, True, True, None, None]
    assert len(store.tasks(other.experiment_id)) == 3
    tasks = named(store.tasks(running.experiment_id))
    assert tasks["second"].state is TaskState.CANCELED
    assert (tasks["first"].intent, tasks["third"].waiting_for) == ({"n": 1}, "for its turn")
    assert store.tasks(gone.experiment_id) == []


def test_a_call_at_fault_does_not_fail_those_that_share_its_transaction(
    store: Neo4jGraphStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    present, good, bad = loaded_dag(CHAIN), loaded_dag(CHAIN), loaded_dag({"only": ()})
    assert store.create_loaded(present)
    bad = replace(bad, tasks=(replace(bad.tasks[0], task_id=present.tasks[0].task_id),))

    def create_bad() -> str:
        with pytest.raises(ConflictError, match="already exists"):
            store.create_loaded(bad)
        return "refused"

    calls = [lambda: store.create_loaded(good), create_bad]
    assert sharing_a_transaction(store, monkeypatch, calls) == [True, "refused"]
    assert len(store.tasks(good.experiment_id)) == 3
    assert store.tasks(bad.experiment_id) == []


def sharing_a_transaction(
    store: Neo4jGraphStore, monkeypatch: pytest.MonkeyPatch, calls: list[Callable[[], Any]]
) -> list[Any]:
    """What the calls return, made while a transaction of another caller is held, so that they share the next one."""
    writer = store._writer
    original = writer._commit
    sizes: list[int] = []
    entered, go = Event(), Event()

    def hold_the_first(works: Any) -> Any:
        sizes.append(len(works))
        entered.set()
        assert go.wait(30)
        return original(works)

    monkeypatch.setattr(writer, "_commit", hold_the_first)
    with ThreadPoolExecutor(len(calls) + 1) as threads:
        first = threads.submit(store.note_waiting, {"TASK_nowhere": ""})
        assert entered.wait(30)
        futures = []
        for number, call in enumerate(calls, 1):
            futures.append(threads.submit(call))
            wait_until(lambda number=number: len(writer._waiting) == number)
        go.set()
        first.result(30)
        answers = [future.result(30) for future in futures]
    assert sizes[:2] == [1, len(calls)]
    return answers


def wait_until(condition: Callable[[], bool]) -> None:
    ticks = Event()
    for _ in range(20_000):
        if condition():
            return
        ticks.wait(0.001)
    raise AssertionError("it did not happen in time")


# -- what the database does with it -----------------------------------------------------------------------
def operators(driver: Driver, text: Any, **parameters: Any) -> list[str]:
    """The steps of a plan, with what they look at."""

    def steps(plan: Mapping[str, Any]) -> Iterator[str]:
        yield f"{plan['operatorType'].split('@')[0]} {plan['args'].get('Details', '')}"
        for child in plan.get("children", []):
            yield from steps(child)

    plan = driver.execute_query("EXPLAIN " + text, parameters).summary.plan
    assert plan is not None
    return list(steps(plan))


@pytest.mark.parametrize(
    ("text", "index"),
    [
        (statements.EXECUTING_TASKS, "RANGE INDEX task:Task(state)"),
        (statements.UNFINISHED, "RANGE INDEX dag:LoadedDag(open_tasks)"),
        (statements.TASKS_OF_EXPERIMENT, "RANGE INDEX task:Task(experiment_id)"),
        (statements.COMPLETED_OUTPUTS, "RANGE INDEX task:Task(experiment_id)"),
        (statements.PARKED_TASKS, "RANGE INDEX task:Task(experiment_id)"),
        (statements.TASK_BY_ID, "UNIQUE task:Task(task_id)"),
    ],
)
def test_reads_go_by_index(store: GraphStore, driver: Driver, text: str, index: str) -> None:
    found = operators(driver, text, experiment_id="x", experiment_ids=["x"], task_id="x")
    assert [step for step in found if index in step and "Seek" in step]
    assert not [step for step in found if "Scan" in step]


@pytest.mark.parametrize("statement", statements.IN_ORDER)
def test_writes_go_by_index(store: GraphStore, driver: Driver, statement: statements.Statement) -> None:
    given: dict[str, Any] = {"writer_id": "w", "batch": 1, "at_us": 1, "task_ids": [], "experiment_ids": [], "rows": []}
    assert not [step for step in operators(driver, statement.text, **given) if "Scan" in step]


def test_a_cluster_url_works_with_one_server_too(neo4j_server: Mapping[str, str], tmp_path: Path) -> None:
    options = {"url": neo4j_server["uri"].replace("bolt://", "neo4j://"), "password": neo4j_server["password"]}
    store = open_graph_store(BackingContext(home=tmp_path, session=unique("engine"), options=options))
    dag = loaded_dag(CHAIN)
    assert store.create_loaded(dag)
    assert len(store.tasks(dag.experiment_id)) == 3
    store.delete_loaded(dag.experiment_id)
    store.close()


def test_a_statement_that_the_server_refuses_is_an_error_that_names_it(store: Neo4jGraphStore) -> None:
    with pytest.raises(WorkloadError, match=r"refuses a statement.*SyntaxError"):
        store._server.read("THIS IS NO CYPHER")


# -- drawing ----------------------------------------------------------------------------------------------
def drawings() -> list[str]:
    return [part.split("```")[0] for part in PAGE.read_text("utf-8").split("```cypher\n")[1:]]


def drawn(driver: Driver, text: Any, **parameters: Any) -> tuple[set[str], set[tuple[str, str, str]]]:
    """Names of the nodes that a query draws, and its arrows: from, type, to."""
    graph = driver.execute_query(text, parameters, result_transformer_=lambda result: result.graph())
    arrows = {
        (edge.start_node["name"], edge.type, edge.end_node["name"])
        for edge in graph.relationships
        if edge.start_node is not None and edge.end_node is not None
    }
    return {node["name"] for node in graph.nodes}, arrows


def test_the_documented_queries_draw_dags_as_they_are(store: GraphStore, driver: Driver) -> None:
    dag = loaded_dag(DIAMOND)
    assert store.create_loaded(dag)
    (running,) = store.apply([transition(dag.tasks[0], TaskState.EXECUTING, waiting_for="a free slot")])
    experiment, table, abstract, going_on = drawings()
    edges = {("top", "left"), ("top", "right"), ("left", "bottom"), ("right", "bottom")}
    assert drawn(driver, experiment, experiment_id=dag.experiment_id) == (
        set(DIAMOND),
        {(before, dag.experiment_id, after) for before, after in edges},
    )
    rows = driver.execute_query(Query(table), experiment_id=dag.experiment_id).records
    assert [(row["name"], row["state"]) for row in rows][:2] == [("top", "EXECUTING"), ("left", "CREATED")]
    open_now = {row["experiment"]: row for row in driver.execute_query(Query(going_on)).records}
    assert open_now[dag.experiment_id]["running"] == ["top: a free slot"]
    assert running.accepted

    kind = unique("BIOLOGY")
    nodes = (DagNode(name="in", kind="input-staging"), DagNode(name="run", kind="job-submission", after=("in",)))
    store.save_abstract(AbstractDag(application_type=kind, nodes=nodes[:1]))
    store.save_abstract(AbstractDag(application_type=kind, nodes=nodes))
    assert drawn(driver, abstract, application_type=kind) == ({"in", "run"}, {("in", kind, "run")})


def test_a_node_carries_the_kind_of_its_task_as_a_label(store: GraphStore, driver: Driver) -> None:
    dag: LoadedDag = loaded_dag({"only": ()})
    assert store.create_loaded(dag)
    (row,) = driver.execute_query("MATCH (task:Task {task_id: $id}) RETURN labels(task)", id=dag.tasks[0].task_id)[0]
    assert set(row[0]) == {"Task", "COMMAND"}


def test_a_batch_is_limited_in_length(store: GraphStore) -> None:
    dag = loaded_dag({f"task {number}": () for number in range(group_commit.MAX_ROWS + 10)})
    assert store.create_loaded(dag)
    store.note_waiting({task.task_id: "for its turn" for task in dag.tasks})
    assert {task.waiting_for for task in store.tasks(dag.experiment_id)} == {"for its turn"}
