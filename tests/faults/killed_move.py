"""Moves an installation in a process that kills itself (SIGKILL) at a chosen step.

A step (see ``faults.steps``) is before or after one call that writes: to a
store of either end, or the seal.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from faults.steps import Steps, Watched

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.change import Subject
from airavata_workload.domain.message import COMMAND_QUEUE, Command, CommandKind
from airavata_workload.domain.secret import Secret
from airavata_workload.domain.states import ExperimentState, ProcessState, TaskState
from airavata_workload.migration import portal_records, survey
from airavata_workload.migration.move import Move
from airavata_workload.migration.seal import Seal, SealFile, systems_of
from airavata_workload.ports.credential_store import Credential
from airavata_workload.ports.record_store import Records, RecordStore
from airavata_workload.ports.registry import ExperimentFilter, ExperimentRecord
from airavata_workload.ports.task_queue import Message
from airavata_workload.records.gateways import Gateway, GatewayApprovalStatus
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.projects import Project
from airavata_workload.settings import Settings
from airavata_workload.testing.restored_dag_tests import half_done, in_state
from airavata_workload.testing.samples import CHAIN, abstract_dag, change, experiment, job_record, loaded_dag

GATEWAY = Gateway(
    gateway_id="seagrid", gateway_approval_status=GatewayApprovalStatus.ACTIVE, oauth_client_secret="s3cret-word"
)
WRITES = {
    *("restore", "restore_loaded", "delete_loaded", "save_abstract"),
    *("save", "create", "remove", "publish", "acknowledge", "put"),
}
SMALL_PAGE = 2


class WatchedRecords:
    """A record store whose transactions are steps."""

    def __init__(self, store: RecordStore, name: str, steps: Steps) -> None:
        self._store = store
        self._name = f"{name}.records.transaction"
        self._steps = steps
        self.reading = store.reading

    @contextmanager
    def transaction(self) -> Iterator[Records]:
        self._steps.reached([f"before {self._name}"])
        with self._store.transaction() as records:
            yield records
        self._steps.reached([f"after {self._name}"])


class WatchedEnd:
    """An installation whose ports are watched."""

    def __init__(self, installation: Installation, name: str, steps: Steps) -> None:
        self._installation = installation
        self._name = name
        self._steps = steps

    @property
    def records(self) -> WatchedRecords:
        return WatchedRecords(self._installation.records, self._name, self._steps)

    def __getattr__(self, attribute: str) -> Any:
        return Watched(getattr(self._installation, attribute), f"{self._name}.{attribute}", self._steps, WRITES)


def move(home: Path, there: Path, kill_at: int = 0) -> list[str]:
    """Move everything, as the command does it; the steps that it took."""
    seen: list[str] = []
    steps = Steps(lambda _, names: seen.append(names[0]), lambda number, _: number == kill_at)
    survey.PAGE = portal_records.RECORDS_AT_ONCE = SMALL_PAGE
    ours, theirs = Settings(home=home), Settings(home=there)
    with Installation(ours, service="migrate") as source, Installation(theirs, service="migrate") as target:
        file = SealFile(home)
        begun = Seal(source=systems_of(ours), target={"home": str(there), **systems_of(theirs)}, where=str(there))
        seal = file.of(begun.source) or begun
        ends: list[Any] = [WatchedEnd(source, "source", steps), WatchedEnd(target, "target", steps)]
        survey.survey(ends[0], ends[1], copied=seal.copied, records_copied=seal.records_copied)
        watched: Any = Watched(file, "seal", steps, WRITES)
        Move(ends[0], ends[1], watched, seal, lambda *_: None).carry_out()
    return seen


def furnish(home: Path) -> None:
    """Fill a home with one of each: ended, half done with a job that runs, held, about to be launched, and never to."""
    with Installation(Settings(home=home), service="furnish") as made:
        for names in (("one",), ("one", "two")):
            made.graph.save_abstract(abstract_dag("SAMPLE", *names))
        made.credentials.save(Credential(token="door", user="ada", password=Secret("s3cret"), created_at_us=5))
        _store_ended(made)
        with made.records.transaction() as records:
            records.put_all(Project, [_project(number) for number in range(3)])
            records.put(GATEWAY)
        dag = half_done()
        under_way = experiment(
            experiment_id=dag.experiment_id,
            process_id=dag.process_id,
            state=ExperimentState.EXECUTING,
            process_state=ProcessState.EXECUTING,
            held=True,
            created_at_us=2,
        )
        changes = [change(under_way, Subject.EXPERIMENT, state, at_us=at) for at, state in enumerate(("LAUNCHED",))]
        jobs = [replace(job_record(dag.experiment_id), task_id=dag.tasks[1].task_id)]
        made.registry.restore([ExperimentRecord(experiment=under_way, changes=changes, jobs=jobs)])
        made.graph.restore_loaded([dag])
        # Launched, and its engine died before it had loaded it.
        cut_off = experiment(created_at_us=3)
        waiting, idle = experiment(created_at_us=4), experiment(created_at_us=5)
        made.registry.create_experiments([cut_off, waiting, idle])
        made.nodes.create(dag.experiment_id, cut_off.experiment_id, "experiment-that-is-gone")
        launch = Command(kind=CommandKind.LAUNCH, experiment_id=waiting.experiment_id, by="ada")
        made.queue.publish([Message(queue=COMMAND_QUEUE, body=launch.to_body())])


def _project(number: int) -> Project:
    return Project(project_id=f"water-{number}", owner="ada", gateway_id="seagrid", name=f"Water {number}")


def _store_ended(made: Installation) -> None:
    for number, state in enumerate((ExperimentState.COMPLETED, ExperimentState.FAILED)):
        plain = loaded_dag(CHAIN)
        tasks = [in_state(task, TaskState.EXECUTING, TaskState(state)) for task in plain.tasks]
        # As counted, when every task of the chain has ended in that state.
        unsuccessful = int(state is ExperimentState.FAILED)
        counted = (tasks[0], *(replace(task, unsuccessful_predecessors=unsuccessful) for task in tasks[1:]))
        one = experiment(
            experiment_id=plain.experiment_id, process_id=plain.process_id, state=state, created_at_us=number
        )
        changes = [change(one, Subject.EXPERIMENT, name, at_us=at) for at, name in enumerate(("LAUNCHED", str(state)))]
        made.registry.restore([ExperimentRecord(experiment=one, changes=changes)])
        made.graph.restore_loaded([replace(plain, tasks=counted, dag_version=2)])


def picture(home: Path) -> dict[str, Any]:
    """Everything that is kept in a home and that a move is about."""
    with Installation(Settings(home=home), service="look") as found:
        experiments = found.registry.experiments(ExperimentFilter())
        ids = [one.experiment_id for one in experiments]
        waiting = found.queue.consume([COMMAND_QUEUE], 100, 0.0)
        with found.records.reading() as stored:
            records = [record for kind in KINDS for record in stored.find(kind)]
        return {
            "experiments": experiments,
            "changes": [found.registry.audit_trail(each) for each in ids],
            "jobs": [found.registry.jobs(each) for each in ids],
            "dags": found.graph.loaded(ids),
            "records": records,
            "unfinished": sorted(found.graph.unfinished()),
            "abstract": [found.graph.abstract("SAMPLE", version) for version in (1, 2)] if experiments else [],
            "credentials": [found.credentials.credential(each.token) for each in found.credentials.summaries()],
            "nodes": {node.experiment_id: node.owner_alive for node in found.nodes.nodes()},
            # A message may come twice.
            "messages": {each.body["experiment_id"] for each in waiting},
        }
