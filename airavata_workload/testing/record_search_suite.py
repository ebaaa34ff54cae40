"""What is found in a record store: a part of ``RecordStoreSuite``."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airavata_workload.ports.record_store import Among, Query, RecordStore
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
        experiments = [
            GatewayExperiment(
                experiment_id=f"{gateway}-{number}",
                project_id="p",
                gateway_id=gateway,
                user_name="ann",
                experiment_name="Water",
                created_at_ms=number,
            )
            for number in range(6)
        ]
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
