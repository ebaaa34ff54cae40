"""What every record store must do. Subclass it and give the fixture ``open_store``."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier, Event
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import run_state_machine_as_test
from hypothesis.strategies import DataObject

from airavata_workload.domain.errors import ConflictError, InputError
from airavata_workload.ports.record_store import Among, Query, RecordStore
from airavata_workload.records.gateways import Gateway
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.projects import Project
from airavata_workload.records.record import Record
from airavata_workload.records.sharing import Sharing
from airavata_workload.testing.record_samples import project
from airavata_workload.testing.record_samples import records as any_records
from airavata_workload.testing.record_search_suite import RecordSearchSuite
from airavata_workload.testing.record_store_machine import machine_for
from airavata_workload.testing.samples import AWKWARD, unique

OpenStore = Callable[[], RecordStore]

PATIENCE_S = 60
_QUIET = [HealthCheck.too_slow, HealthCheck.function_scoped_fixture]


class RecordStoreSuite(RecordSearchSuite):
    """Needs a fixture ``open_store``: each call opens the same storage once more; the suite closes what it opens.

    The storage may be shared with others; what the tests store stays there.
    ``model_examples`` and ``model_steps`` say how long the test against the model takes.
    """

    model_examples = 25
    model_steps = 15

    @pytest.fixture
    def store(self, open_store: OpenStore) -> Iterator[RecordStore]:
        store = open_store()
        yield store
        store.close()

    # -- everything at random -------------------------------------------------------
    def test_it_answers_as_a_dictionary_would(self, store: RecordStore) -> None:
        options = settings(
            max_examples=self.model_examples,
            stateful_step_count=self.model_steps,
            deadline=None,
            suppress_health_check=_QUIET,
        )
        run_state_machine_as_test(machine_for(store), settings=options)

    @pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
    def test_every_kind_comes_back_as_it_was(self, store: RecordStore, kind: type[Record]) -> None:
        @settings(max_examples=3, deadline=None, suppress_health_check=_QUIET, database=None)
        @given(data=st.data())
        def check(data: DataObject) -> None:
            record = data.draw(any_records(kind).filter(lambda made: made.identity.strip() != ""))
            if record.identity.endswith(" "):
                return
            with store.transaction() as records:
                records.put(record)
                assert records.get(kind, record.identity) == record
                assert record in records.find(kind, Query(equal={kind.IDENTITY: record.identity}))
                for column in kind.columns():
                    assert records.count(kind, Query(equal={column: getattr(record, column)})) > 0
                assert records.delete(kind, record.identity)
                assert records.get(kind, record.identity) is None

        check()

    # -- records ----------------------------------------------------------------------
    def test_what_a_transaction_stored_is_there_for_others(self, open_store: OpenStore) -> None:
        one, other = open_store(), open_store()
        made = project(name=AWKWARD, description=AWKWARD * 100)
        with one.transaction() as records:
            records.add(made)
        with other.reading() as records:
            assert records.get(Project, made.project_id) == made
            assert records.get(Project, made.project_id.upper()) is None
        one.close()
        other.close()

    def test_a_taken_id_is_refused_and_the_rest_is_stored(self, store: RecordStore) -> None:
        made = project()
        another = project()
        with store.transaction() as records:
            records.add(made)
            with pytest.raises(ConflictError, match=made.project_id):
                records.add(replace(made, name="Other"))
            records.add(another)
        with store.reading() as records:
            assert records.get(Project, made.project_id) == made
            assert records.get(Project, another.project_id) == another

    def test_of_several_who_take_an_id_at_once_one_gets_it(self, open_store: OpenStore) -> None:
        made, count = project(), 6
        together = Barrier(count)

        def add(number: int) -> bool:
            store = open_store()
            together.wait(PATIENCE_S)
            try:
                with store.transaction() as records:
                    records.add(replace(made, name=f"name {number}"))
            except ConflictError:
                return False
            finally:
                store.close()
            return True

        with ThreadPoolExecutor(count) as threads:
            assert sorted(threads.map(add, range(count))) == [False] * (count - 1) + [True]

    def test_a_record_that_was_read_is_changed_by_nobody_else_meanwhile(self, open_store: OpenStore) -> None:
        made, count, times = project(name="0"), 4, 5
        store = open_store()
        with store.transaction() as records:
            records.add(made)

        def count_up(_: int) -> None:
            own = open_store()
            for _ in range(times):
                with own.transaction() as records:
                    found = records.get(Project, made.project_id)
                    assert found is not None
                    records.put(replace(found, name=str(int(found.name) + 1)))
            own.close()

        with ThreadPoolExecutor(count) as threads:
            list(threads.map(count_up, range(count)))
        with store.reading() as records:
            found = records.get(Project, made.project_id)
        store.close()
        assert found == replace(made, name=str(count * times))

    def test_two_who_change_the_same_in_another_order_both_end(self, store: RecordStore) -> None:
        """What a server breaks up as a deadlock is done again where what was read is the same."""
        pair = [project(), project()]
        with store.transaction() as records:
            for each in pair:
                records.add(each)

        def rename(order: tuple[int, int]) -> None:
            for number in range(10):
                with store.transaction() as records:
                    for place in order:
                        records.put(replace(pair[place], name=f"{order} {number}"))

        with ThreadPoolExecutor(2) as threads:
            list(threads.map(rename, [(0, 1), (1, 0)]))
        with store.reading() as records:
            names = {found.name for each in pair if (found := records.get(Project, each.project_id))}
        assert len(names) == 1, "one of the two transactions was the last one, for both records"

    # -- transactions -----------------------------------------------------------------
    def test_a_block_that_raises_stores_nothing(self, store: RecordStore) -> None:
        made = project()

        def store_and_fail() -> None:
            with store.transaction() as records:
                records.add(made)
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store_and_fail()
        with store.reading() as records:
            assert records.get(Project, made.project_id) is None

    def test_an_inner_block_is_stored_with_the_outer_one(self, store: RecordStore) -> None:
        made = project()

        def store_and_fail() -> None:
            with store.transaction():
                with store.transaction() as records:
                    records.add(made)
                with store.reading() as records:
                    assert records.get(Project, made.project_id) == made
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            store_and_fail()
        with store.reading() as records:
            assert records.get(Project, made.project_id) is None

    def test_readers_wait_for_nobody_and_see_what_is_stored(self, store: RecordStore) -> None:
        made, changed, looked = project(), Event(), Event()
        with store.transaction() as records:
            records.add(made)

        def change() -> None:
            with store.transaction() as records:
                records.put(replace(made, name="Changed"))
                changed.set()
                assert looked.wait(PATIENCE_S)

        with ThreadPoolExecutor(1) as threads:
            changing = threads.submit(change)
            assert changed.wait(PATIENCE_S)
            with store.reading() as records:
                assert records.get(Project, made.project_id) == made
            looked.set()
            changing.result(PATIENCE_S)
        with store.reading() as records:
            assert records.get(Project, made.project_id) == replace(made, name="Changed")

    def test_a_reader_is_given_the_same_record_again(self, open_store: OpenStore) -> None:
        store, other = open_store(), open_store()
        old = project()
        with store.transaction() as records:
            records.add(old)
        with store.reading() as records:
            assert records.get(Project, old.project_id) == old
            with other.transaction() as changing:
                changing.put(replace(old, name="Ice"))
            assert records.get(Project, old.project_id) == old
        with store.reading() as records:
            assert records.get(Project, old.project_id) == replace(old, name="Ice")
        store.close()
        other.close()

    def test_what_a_reader_expects_is_read_then_and_given_when_it_asks(self, open_store: OpenStore) -> None:
        store, other = open_store(), open_store()
        first, second, third = project(), project(), project()
        with store.transaction() as records:
            records.put_all(Project, [first, second, third])
            # Who may write has to lock what he reads, one after the other: nothing is kept for him.
            records.expect((Project, first.project_id), (Project, second.project_id))
            records.put(replace(first, name="Old"))
            assert records.get(Project, first.project_id) == replace(first, name="Old")
        missing = first.project_id[:-1]
        with store.reading() as records:
            assert records.get(Project, third.project_id) == third
            records.expect()
            records.expect(
                *((Project, each) for each in (third.project_id, second.project_id, missing, "", " ")),
                (Gateway, second.project_id),
                (Project, first.project_id),
                (Project, first.project_id),
            )
            with other.transaction() as changing:
                changing.put_all(Project, [replace(each, name="New") for each in (first, second, third)])
            found = [records.get(Project, each.project_id) for each in (first, second, third)]
            assert found == [replace(first, name="Old"), second, third]
            assert [records.get(Project, each) for each in (missing, "", " ")] == [None, None, None]
            assert records.get(Gateway, second.project_id) is None
        with store.reading() as records:
            records.expect((Project, second.project_id))
            assert records.get(Project, second.project_id) == replace(second, name="New")
        store.close()
        other.close()

    def test_many_are_stored_and_removed_at_once(self, store: RecordStore) -> None:
        old, new = project(name="Old"), [project(gateway_id="set-wise", owner=unique("owner")) for _ in range(1203)]
        mine = Query(equal={"project_id": [each.project_id for each in new]})
        with store.transaction() as records:
            records.put(old)
            records.put_all(Project, [replace(old, name="New"), *new])
            records.put_all(Project, [])
        with store.transaction() as records:
            found = records.get(Project, old.project_id)
            assert found is not None
            assert found.name == "New"
            assert records.count(Project, mine) == len(new)
            assert records.delete_all(Project, replace(mine, equal={**mine.equal, "owner": new[7].owner})) == 1
            assert records.delete_all(Project, mine) == len(new) - 1
            assert records.delete_all(Project, mine) == 0
            assert records.get(Project, old.project_id) == found

    def test_writing_needs_a_transaction(self, store: RecordStore) -> None:
        with store.reading() as records:
            with pytest.raises(RuntimeError, match="transaction"):
                records.add(project())
            with pytest.raises(RuntimeError, match="transaction"):
                records.put(project())
            with pytest.raises(RuntimeError, match="transaction"):
                records.put_all(Project, [project()])
            with pytest.raises(RuntimeError, match="transaction"):
                records.delete_all(Project, Query())
            with pytest.raises(RuntimeError, match="transaction"):
                records.delete(Project, "any")

    # -- what is refused ------------------------------------------------------------------
    @pytest.mark.parametrize("project_id", ["", "ends in a blank ", "x" * 256])
    def test_ids_that_not_every_database_tells_apart_are_refused(self, store: RecordStore, project_id: str) -> None:
        with store.transaction() as records:
            with pytest.raises(InputError, match="id"):
                records.add(project(project_id=project_id))
            assert records.get(Project, project_id) is None
            assert not records.delete(Project, project_id)

    @pytest.mark.parametrize(
        "changes",
        [{"owner": "x" * 256}, {"created_at_ms": 2**63}, {"name": "half \ud800"}],
        ids=["long", "large", "no text"],
    )
    def test_what_does_not_fit_is_refused(self, store: RecordStore, changes: dict[str, Any]) -> None:
        made = project()
        with store.transaction() as records:
            records.add(made)
            with pytest.raises(InputError):
                records.put(replace(made, **changes))
        with store.reading() as records:
            assert records.get(Project, made.project_id) == made

    @pytest.mark.parametrize(
        "which",
        [
            Query(equal={"namé": "x"}),
            Query(contains={"shared_users": "x"}),
            Query(between={"nothing": (1, 2)}),
            Query(among={"owner": Among(kind=Sharing, column="nothing")}),
        ],
    )
    def test_columns_that_are_not_searchable_are_refused(self, store: RecordStore, which: Query) -> None:
        with store.reading() as records:
            with pytest.raises(InputError, match="no searchable column"):
                records.find(Project, which)
            with pytest.raises(InputError, match="no searchable column"):
                records.find(Project, order_by="shared_users")
