"""Moves the experiments of a stopped installation into other backing systems; may be killed anywhere and run again.

The order of writes is what keeps every experiment from being lost or run twice:

1. The source is sealed: from here on none of its services starts.
2. Credentials and the records of portals, which are compared before anybody
   can have changed them there; abstract DAGs.
3. Experiments, the oldest first, a page at a time: registry, then graph store.
   Nobody drives an experiment that has no loaded DAG, and one that has is whole.
4. What waits for an orchestrator: a launch that nobody has carried out stands nowhere else.
5. Recovery nodes, owned by this session: when it ends, any orchestrator of the
   target adopts them.
6. The source forgets how to go on: its recovery nodes, then the loaded DAGs of what is unfinished.

Each step finds what it did before, in the target or in the seal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.message import COMMAND_QUEUE, ORCHESTRATOR_QUEUE
from airavata_workload.domain.task import LoadedDag
from airavata_workload.migration import comparison, ends
from airavata_workload.migration.abstract_dags import copy_abstract_dags
from airavata_workload.migration.ends import End
from airavata_workload.migration.portal_records import copy_records, require_equal
from airavata_workload.migration.seal import Seal, SealFile, Stage
from airavata_workload.migration.survey import (
    differing_dags,
    missing_credentials,
    oldest_first,
    unfinished,
)
from airavata_workload.ports.registry import ExperimentFilter, ExperimentRecord
from airavata_workload.ports.task_queue import Message

TASKS_AT_ONCE = 1_000
"""Tasks that are stored in one transaction, unless one DAG has more."""
NODES_AT_ONCE = 500
MESSAGES_AT_ONCE = 100
MESSAGE_WAIT_S = 5.0
"""How long a broker is given to deliver a message that it has."""

Progress = Callable[[str, int, int], None]
"""Called with what is done, how much of it, and how much there is."""


class Move:
    """One move from ``source`` to ``target``; ``seal`` says how far an earlier one came."""

    def __init__(self, source: End, target: End, file: SealFile, seal: Seal, progress: Progress) -> None:
        self._source = source
        self._target = target
        self._file = file
        self._seal = seal
        self._progress = progress

    def carry_out(self) -> None:
        """Do what is left to do. Raises ``ConflictError``, ``InputError`` and what the backing systems raise."""
        ends.require_stopped(self._source)
        shared_nodes = ends.share_recovery_nodes(self._source, self._target, self._seal.name)
        shared_graph = ends.share_graph_store(self._source, self._target, self._seal.name)
        if shared_nodes and not shared_graph:
            raise ends.refuse_common_nodes()
        if self._seal.stage is Stage.COPYING:
            self._file.put(self._seal)
            # Who came between the first look and the seal is seen now; who comes later sees the seal.
            ends.require_stopped(self._source)
            self._copy(with_dags=not shared_graph)
            self._hand_over()
        self._forget(nodes=not shared_nodes, dags=not shared_graph)
        self._note(stage=Stage.DONE)

    def _note(self, **changes: object) -> None:
        self._seal = replace(self._seal, **changes)  # type: ignore[arg-type]
        self._file.put(self._seal)

    # -- copying -----------------------------------------------------------------
    def _copy(self, *, with_dags: bool) -> None:
        source, target = self._source, self._target
        for token in missing_credentials(source.credentials, target.credentials):
            target.credentials.save(source.credentials.credential(token))
        self._copy_records()
        numbers = copy_abstract_dags(source.graph, target.graph)
        done = self._seal.copied
        for page in oldest_first(source.registry, done):
            self._copy_experiments(page)
            if with_dags:
                self._copy_dags(page, numbers)
            done += len(page)
            self._note(copied=done)
            self._progress("experiments", done, source.registry.count(ExperimentFilter()))

    def _copy_records(self) -> None:
        """Before the experiments, without which no service of the target changes records of itself."""
        if self._seal.records_copied:
            return
        source, target = self._source.records, self._target.records
        copy_records(source, target, lambda done, total: self._progress("records of portals", done, total))
        require_equal(source, target)
        self._note(records_copied=True)

    def _copy_experiments(self, page: Sequence[Experiment]) -> None:
        registry = self._source.registry
        records = [
            ExperimentRecord(
                experiment=one,
                changes=registry.audit_trail(one.experiment_id),
                jobs=registry.jobs(one.experiment_id),
            )
            for one in page
        ]
        for one, stored in zip(page, self._target.registry.restore(records), strict=True):
            theirs = one if stored else self._target.registry.experiment(one.experiment_id)
            if not comparison.continues_experiment(one, theirs):
                raise comparison.refuse([one.experiment_id])

    def _copy_dags(self, page: Sequence[Experiment], numbers: Mapping[tuple[str, int], int]) -> None:
        for part in _parts(self._source.graph.loaded(one.experiment_id for one in page)):
            renumbered = [
                replace(dag, dag_version=numbers.get((dag.application_type, dag.dag_version), dag.dag_version))
                for dag in part
            ]
            stored = self._target.graph.restore_loaded(renumbered)
            there = [dag.experiment_id for dag, new in zip(part, stored, strict=True) if not new]
            differing = differing_dags(self._source, self._target, there)
            if differing:
                raise comparison.refuse(differing)

    # -- handing over --------------------------------------------------------------
    def _hand_over(self) -> None:
        for name in (COMMAND_QUEUE, ORCHESTRATOR_QUEUE):
            self._pass_messages_on(name)
        under_way = [experiment.experiment_id for experiment in unfinished(self._source)]
        # A service on another machine has another home, without the seal.
        ends.require_stopped(self._source)
        for place in range(0, len(under_way), NODES_AT_ONCE):
            self._target.nodes.create(*under_way[place : place + NODES_AT_ONCE])
            self._progress("recovery nodes", min(place + NODES_AT_ONCE, len(under_way)), len(under_way))
        self._note(stage=Stage.HANDED_OVER)

    def _pass_messages_on(self, name: str) -> None:
        """Hand what waits for an orchestrator in a queue to those of the target; twice is as good as once."""
        queue = self._source.queue
        waits = queue.depths().get(name, 0)
        # Even if none waits: what a dead service has taken comes free when somebody asks.
        found = queue.consume([name], MESSAGES_AT_ONCE, MESSAGE_WAIT_S if waits else 0.0)
        # Counted, because both ends may share the queue: then it is never empty.
        left = len(found) + queue.depths().get(name, 0)
        while found:
            self._target.queue.publish([Message(queue=name, body=each.body) for each in found])
            queue.acknowledge(found)
            left -= len(found)
            if left <= 0:
                break
            found = queue.consume([name], min(left, MESSAGES_AT_ONCE), MESSAGE_WAIT_S)

    # -- forgetting -----------------------------------------------------------------
    def _forget(self, *, nodes: bool, dags: bool) -> None:
        """Nodes first: one without a DAG would be launched anew."""
        if nodes:
            left = [node.experiment_id for node in self._source.nodes.nodes()]
            for place in range(0, len(left), NODES_AT_ONCE):
                self._source.nodes.remove(*left[place : place + NODES_AT_ONCE])
        if dags:
            open_dags = self._source.graph.unfinished()
            for number, experiment_id in enumerate(open_dags, 1):
                self._source.graph.delete_loaded(experiment_id)
                self._progress("DAGs removed here", number, len(open_dags))


def _parts(dags: Sequence[LoadedDag]) -> Iterator[list[LoadedDag]]:
    """The DAGs in parts of not too many tasks."""
    part: list[LoadedDag] = []
    tasks = 0
    for dag in dags:
        if part and tasks + len(dag.tasks) > TASKS_AT_ONCE:
            yield part
            part, tasks = [], 0
        part.append(dag)
        tasks += len(dag.tasks)
    if part:
        yield part
