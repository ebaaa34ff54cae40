"""Fills a portal's record store as 100,000 calls of createExperiment would, without making them."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bench_records import experiment

from airavata_workload.api.sharing import grants
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.groups import ResourceType
from airavata_workload.records.sharing import Entity, Sharing
from airavata_workload.records.statuses import ExperimentStatus

BATCH = 1_000


def fill(store: RecordStore, gateway_id: str, projects: Mapping[str, str], count: int) -> None:
    """Store ``count`` experiments, in turn of each user of ``projects`` in their project, with their grants."""
    chance, users = random.Random(7), sorted(projects)
    first: dict[str, list[Sharing]] = {}
    for begin in range(0, count, BATCH):
        made = [_experiment(number, gateway_id, users, projects, chance) for number in range(begin, begin + BATCH)]
        with store.transaction() as records:
            records.put_all(GatewayExperiment, made)
            for each in made:
                if each.user_name not in first:
                    first[each.user_name] = _granted(records, _entity(each))
            records.put_all(Entity, map(_entity, made))
            records.put_all(Sharing, [grant for each in made for grant in _like(first[each.user_name], each)])


def _granted(records: Records, entity: Entity) -> list[Sharing]:
    """What the application layer grants on a new entity."""
    grants.add_entity(records, entity)
    return records.find(Sharing, Query(equal={"domain_id": entity.domain_id, "entity_id": entity.entity_id}))


def _like(first: Sequence[Sharing], made: GatewayExperiment) -> list[Sharing]:
    """The grants of the user's first experiment, on another one."""
    return [
        replace(
            each,
            entity_id=made.experiment_id,
            inherited_parent_id=(
                made.experiment_id if each.inherited_parent_id == each.entity_id else each.inherited_parent_id
            ),
        )
        for each in first
    ]


def _experiment(
    number: int, gateway_id: str, users: Sequence[str], projects: Mapping[str, str], chance: random.Random
) -> GatewayExperiment:
    """Ended, or never launched: the engine of the bench has run none of them."""
    user = users[number % len(users)]
    made = experiment(number, chance)
    if made.state not in EXPERIMENT_ENDS:
        created = ExperimentStatus(state=ExperimentState.CREATED, changed_at_ms=made.created_at_ms)
        made = replace(made, experiment_status=(created,))
    return replace(made, gateway_id=gateway_id, user_name=user, project_id=projects[user])


def _entity(made: GatewayExperiment) -> Entity:
    return Entity(
        entity_id=made.experiment_id,
        domain_id=made.gateway_id,
        entity_type_id=grants.permission_id(made.gateway_id, ResourceType.EXPERIMENT),
        owner_id=f"{made.user_name}@{made.gateway_id}",
        parent_entity_id=made.project_id,
        name=made.experiment_name,
        description=made.description,
        full_text=f"{made.experiment_name} {made.description}",
        original_entity_created_at_ms=made.created_at_ms,
        created_at_ms=made.created_at_ms,
        updated_at_ms=made.created_at_ms,
    )
