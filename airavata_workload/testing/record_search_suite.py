"""What is found in a record store: a part of ``RecordStoreSuite``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from airavata_workload.ports.record_store import Among, Query, RecordStore
from airavata_workload.records.application_io import InputDataObject
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.notifications import Notification
from airavata_workload.records.projects import Project
from airavata_workload.records.sharing import Sharing
from airavata_workload.testing.record_samples import project
from airavata_workload.testing.samples import unique


class RecordSearchSuite:
    """Needs a fixture ``store``."""

    @pytest.mark.parametrize("length", [254, 255, 256, 600])
    def test_a_part_of_a_name_is_found_wherever_it_stands(self, store: RecordStore, length: int) -> None:
        made, stranger = (
            GatewayExperiment(
                experiment_id=unique("experiment"),
                project_id="p",
                gateway_id=unique("gateway"),
                user_name="ann",
                experiment_name=name,
            )
            for name in ("Ä" + "b" * (length - 4) + "É n", "other")
        )
        with store.transaction() as records:
            records.put_all(GatewayExperiment, [made, stranger])
        with store.reading() as records:

            def found(part: str) -> bool:
                which = Query(equal={"gateway_id": made.gateway_id}, contains={"experiment_name": part})
                assert records.count(GatewayExperiment, which) == len(records.find(GatewayExperiment, which, limit=9))
                return records.count(GatewayExperiment, which) == 1

            assert [part for part in ("", "äB", "bé", "bÉ N", "bbb", " n") if not found(part)] == []
            assert [part for part in ("n ", "äé", "other", "%") if found(part)] == []
        with store.transaction() as records:
            records.put(replace(made, experiment_name="Renamed"))
        with store.reading() as records:
            assert found("rename")
            assert not found("bb")
        with store.transaction() as records:
            mine = Query(equal={"gateway_id": made.gateway_id}, contains={"experiment_name": "NAMED"})
            assert records.delete_all(GatewayExperiment, mine) == 1

    def test_a_query_may_name_thousands_of_ids(self, store: RecordStore) -> None:
        gateway = unique("gateway")
        mine = [
            project(project_id=f"{gateway} é{number}", gateway_id=gateway, created_at_ms=number) for number in range(4)
        ]
        with store.transaction() as records:
            for each in mine:
                records.add(each)
        ids = [f"{gateway} é{number}" for number in range(1, 40_000)]
        with store.reading() as records:
            which = Query(equal={"project_id": ids, "gateway_id": gateway})
            assert records.find(Project, which, order_by="created_at_ms", descending=True, limit=2) == mine[:1:-1]
            assert records.count(Project, which) == 3

    def test_what_one_may_see_is_found_by_a_join(self, store: RecordStore) -> None:
        gateway = unique("gateway")
        experiments = [_experiment(gateway, number) for number in range(6)]
        with store.transaction() as records:
            for number, each in enumerate(experiments):
                records.add(each)
                group = "odd" if number % 2 else "even"
                records.add(
                    Sharing(domain_id=gateway, permission_type_id="READ", entity_id=each.experiment_id, group_id=group)
                )
        seen = Query(equal={"domain_id": gateway, "group_id": ["odd", "nobody"], "permission_type_id": "READ"})
        which = Query(
            equal={"gateway_id": gateway},
            among={"experiment_id": Among(kind=Sharing, column="entity_id", which=seen)},
        )
        with store.reading() as records:
            page = records.find(GatewayExperiment, which, order_by="created_at_ms", descending=True, limit=2)
            assert page == [experiments[5], experiments[3]]
            assert records.count(GatewayExperiment, which) == 3

    def test_what_one_may_see_may_be_very_much(self, store: RecordStore) -> None:
        """The same join where the values are too many to be fetched, and from a table to itself."""
        gateway, count = unique("gateway"), 1_200
        ids = [f"{gateway}-{number:04}" for number in range(count)]
        with store.transaction() as records:
            for number, entity_id in enumerate(ids):
                permission = "READ" if number % 100 else "WRITE"
                records.add(
                    Sharing(domain_id=gateway, permission_type_id=permission, entity_id=entity_id, group_id="all")
                )
            mine = [project(project_id=each, gateway_id=gateway) for each in (*ids[-2:], f"{gateway}-hidden")]
            for each in mine:
                records.add(each)
        shared = Among(kind=Sharing, column="entity_id", which=Query(equal={"domain_id": gateway}))
        with store.reading() as records:
            seen = Query(equal={"gateway_id": gateway}, among={"project_id": shared})
            assert records.find(Project, seen) == mine[:2]
            writable = Query(equal={"permission_type_id": "WRITE"}, among={"entity_id": shared})
            assert records.count(Sharing, writable) == count // 100

    def test_pages_of_very_much_hold_everything_once_and_in_order(self, store: RecordStore) -> None:
        """Of all that somebody may see, and of the little that somebody else may; many were made at one instant."""
        gateway, count = unique("gateway"), 1_100
        made = [_experiment(gateway, number, created_at_ms=number // 40) for number in range(count)]
        seen = {"everybody": made[:-5:2] + made[-5:], "guest": made[3:90:9]}
        with store.transaction() as records:
            records.put_all(GatewayExperiment, made)
            for group, some in seen.items():
                records.put_all(Sharing, [_grant(each, group, way) for each in some for way in ("READ", "OWNER")])
        for groups, some in (("everybody",), seen["everybody"]), (("guest", "nobody"), seen["guest"]):
            which = Query(equal={"gateway_id": gateway}, among={"experiment_id": _readable(gateway, groups)})
            newest = sorted(some, key=lambda each: (each.created_at_ms, each.experiment_id), reverse=True)
            with store.reading() as records:
                pages = [
                    records.find(
                        GatewayExperiment, which, order_by="created_at_ms", descending=True, limit=67, offset=offset
                    )
                    for offset in range(0, len(some) + 67, 67)
                ]
                assert [each for page in pages for each in page] == newest
                assert records.count(GatewayExperiment, which) == len(some)

    def test_what_may_be_seen_no_more_is_found_no_more(self, store: RecordStore) -> None:
        gateway, count = unique("gateway"), 1_100
        made = [_experiment(gateway, number) for number in range(count)]
        grants = [_grant(each, "team") for each in made]
        with store.transaction() as records:
            records.put_all(GatewayExperiment, made)
            records.put_all(Sharing, grants)
        which = Query(
            equal={"gateway_id": gateway, "user_name": ["ann", "bob"]},
            among={"experiment_id": _readable(gateway, ["team"])},
        )
        for left in (made[:-1], made[:2], []):
            kept = {each.experiment_id for each in left}
            with store.transaction() as records:
                for grant in grants:
                    if grant.entity_id not in kept:
                        records.delete(Sharing, grant.key)
                grants = [grant for grant in grants if grant.entity_id in kept]
            with store.reading() as records:
                page = records.find(GatewayExperiment, which, order_by="created_at_ms", descending=True, limit=3)
            assert page == left[::-1][:3]

    def test_fields_may_be_left_out(self, store: RecordStore) -> None:
        made = replace(_experiment(unique("gateway"), 1), experiment_inputs=(InputDataObject(name="in"),))
        which = Query(equal={"gateway_id": made.gateway_id})
        with store.transaction() as records:
            records.add(made)
        with store.reading() as records:
            found = records.find(GatewayExperiment, which, without=("experiment_inputs", "errors"))
            assert found == [replace(made, experiment_inputs=None)]
            assert records.find(GatewayExperiment, which, limit=1) == [made]

    def test_unset_values_come_first_and_are_counted_as_nothing(self, store: RecordStore) -> None:
        gateway = unique("gateway")
        blank = Notification(gateway_id=gateway, title="t", notification_message="m")
        made = [
            replace(blank, notification_id=f"{gateway}-{number}", created_at_ms=instant)
            for number, instant in enumerate([7, None, 5])
        ]
        which = Query(equal={"gateway_id": gateway})
        with store.transaction() as records:
            for each in made:
                records.add(each)
            assert records.find(Notification, which, order_by="created_at_ms") == [made[1], made[2], made[0]]
            assert records.count_by(Notification, "created_at_ms", which) == {"": 1, "5": 1, "7": 1}
            unset = Query(equal={"gateway_id": gateway, "created_at_ms": None})
            assert records.keys(Notification, unset) == [made[1].notification_id]


def _experiment(gateway: str, number: int, **changes: Any) -> GatewayExperiment:
    made = GatewayExperiment(
        experiment_id=f"{gateway}-{number:04}",
        project_id="p",
        gateway_id=gateway,
        user_name="ann",
        experiment_name="Water",
        created_at_ms=number,
    )
    return replace(made, **changes)


def _grant(made: GatewayExperiment, group: str, permission: str = "READ") -> Sharing:
    return Sharing(
        domain_id=made.gateway_id, permission_type_id=permission, entity_id=made.experiment_id, group_id=group
    )


def _readable(gateway: str, groups: Sequence[str]) -> Among:
    held = {"domain_id": gateway, "group_id": groups, "permission_type_id": ("READ", "OWNER")}
    return Among(kind=Sharing, column="entity_id", which=Query(equal=held))
