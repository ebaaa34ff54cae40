"""What a move would do, and what stands against it; nothing is changed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from airavata_workload.domain.errors import ConflictError, NotFoundError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.message import COMMAND_QUEUE, ORCHESTRATOR_QUEUE
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState
from airavata_workload.migration import comparison
from airavata_workload.migration.abstract_dags import version_plans
from airavata_workload.migration.ends import End
from airavata_workload.migration.portal_records import missing_records
from airavata_workload.ports.credential_store import CredentialStore
from airavata_workload.ports.registry import ExperimentFilter, Registry

PAGE = 200
"""Experiments that are read, and stored in one transaction, at once."""
_ALL = ExperimentFilter()
_UNDER_WAY = tuple(each for each in ExperimentState if each not in (*EXPERIMENT_ENDS, ExperimentState.CREATED))


@dataclass(frozen=True, slots=True, kw_only=True)
class Survey:
    """How many of what there are to move.

    ``experiments`` are those that are not in the target for sure; ``records``
    are those of portals that the target lacks; ``messages`` wait for an orchestrator; ``resources`` are the compute
    resources of what is unfinished.
    """

    experiments: int
    unfinished: int
    jobs: int
    abstract_dags: int
    records: int
    credentials: int
    messages: int
    resources: frozenset[str] = frozenset()


def survey(source: End, target: End, *, copied: int = 0, records_copied: bool = False) -> Survey:
    """Look at both ends; ``copied`` experiments, the oldest, are known to be in the target, or all records of portals.

    Raises ``ConflictError`` if the target has an experiment, a record or a credential of the same name that differs.
    """
    refuse_differing(source, target, copied)
    under_way = unfinished(source)
    return Survey(
        experiments=max(0, source.registry.count(_ALL) - copied),
        unfinished=len(under_way),
        jobs=sum(task.parked for task in source.graph.executing()),
        abstract_dags=sum(len(plan.missing) for _name, plan in version_plans(source.graph, target.graph)),
        records=0 if records_copied else missing_records(source.records, target.records),
        credentials=len(missing_credentials(source.credentials, target.credentials)),
        messages=sum(source.queue.depths().get(name, 0) for name in (COMMAND_QUEUE, ORCHESTRATOR_QUEUE)),
        resources=frozenset(each.compute_resource for each in under_way if each.compute_resource),
    )


def oldest_first(registry: Registry, skip: int = 0) -> Iterator[list[Experiment]]:
    """All experiments but the oldest ``skip``, in pages; those that are added meanwhile come last."""
    done = skip
    while (total := registry.count(_ALL)) > done:
        size = min(PAGE, total - done)
        page = registry.experiments(_ALL, limit=size, offset=total - done - size)
        yield page[::-1]
        done += len(page)


def unfinished(source: End) -> list[Experiment]:
    """The experiments that somebody has to drive to their end, or whose end somebody has to write down."""
    found: dict[str, Experiment] = {}
    for state in _UNDER_WAY:
        which = ExperimentFilter(state=state)
        for experiment in source.registry.experiments(which, limit=source.registry.count(which)):
            found[experiment.experiment_id] = experiment
    others = {*source.graph.unfinished(), *(node.experiment_id for node in source.nodes.nodes())} - found.keys()
    for experiment_id in sorted(others):
        known = _exactly(source.registry, experiment_id)
        if known is not None:  # else its node, or its DAG, is all that is left of it
            found[experiment_id] = known
    return list(found.values())


def _exactly(registry: Registry, experiment_id: str) -> Experiment | None:
    try:
        found = registry.experiment(experiment_id)
    except NotFoundError:
        return None
    return found if found.experiment_id == experiment_id else None


def refuse_differing(source: End, target: End, copied: int) -> None:
    """Raise ``ConflictError`` if the target has other experiments of the same ids, or older states of ours."""
    there = {one.experiment_id: one for page in oldest_first(target.registry) for one in page}
    differing: list[str] = []
    if there:
        for page in oldest_first(source.registry, copied):
            common = [one for one in page if one.experiment_id in there]
            differing += [
                one.experiment_id
                for one in common
                if not comparison.continues_experiment(one, there[one.experiment_id])
            ]
            differing += differing_dags(source, target, [one.experiment_id for one in common])
    if differing:
        raise comparison.refuse(list(dict.fromkeys(differing)))


def differing_dags(source: End, target: End, experiment_ids: Sequence[str]) -> list[str]:
    """Those of the experiments whose loaded DAG in the target does not go on from ours."""
    if not experiment_ids:
        return []
    ours = {dag.experiment_id: dag for dag in source.graph.loaded(experiment_ids)}
    theirs = target.graph.loaded(list(ours))
    return [dag.experiment_id for dag in theirs if not comparison.continues_dag(ours[dag.experiment_id], dag)]


def missing_credentials(source: CredentialStore, target: CredentialStore) -> list[str]:
    """Tokens of the credentials that the target lacks. Raises ``ConflictError`` for one that is another there."""
    there = {credential.token for credential in target.summaries()}
    missing = []
    for token in (credential.token for credential in source.summaries()):
        if token not in there:
            missing.append(token)
        elif not comparison.same_credential(source.credential(token), target.credential(token)):
            raise ConflictError(
                f"The target has another credential '{token}'.",
                remedy="Remove it there, or here, with 'airavata-workload credentials remove'.",
            )
    return missing
