"""What portals keep: gateways, projects, experiments as clients see them, and so on, copied and compared.

Page by page, whatever there is: a page of records is all that is held in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from airavata_workload.domain.errors import ConflictError
from airavata_workload.migration.first_records import Replaced, withdraw, would_be_replaced
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.kinds import KINDS
from airavata_workload.records.record import Record

RECORDS_AT_ONCE = 200
"""Records that are read, compared, and stored in one transaction, at once."""
_SHOWN = 5

Page = tuple[type[Record], list[Record]]
Told = Callable[[int, int], None]
"""Called with how many records are done, and how many there are."""


def missing_records(source: RecordStore, target: RecordStore) -> int:
    """How many records of the source the target lacks; changes nothing.

    Raises ``ConflictError`` for records that are others there. Those of the
    target's first start, which nobody has changed, give way and count as not there.
    """
    replaced = would_be_replaced(source, target)
    missing = 0
    differing = _Differing()
    for kind in KINDS:
        if not _count(target, kind):
            missing += _count(source, kind)
            continue
        for page in _pages(source, kind):
            with target.reading() as records:
                absent, others = _compared(records, kind, page, replaced)
            missing += len(absent)
            differing.add(others)
    differing.refuse()
    return missing


def copy_records(source: RecordStore, target: RecordStore, told: Told) -> None:
    """Store what the target lacks, a page in one transaction; what it has is left as it is.

    Raises ``ConflictError`` for records that are others there.
    """
    withdraw(source, target)
    total, done = sum(_count(source, kind) for kind in KINDS), 0
    for kind, page in _all_pages(source):
        with target.transaction() as records:
            absent, others = _compared(records, kind, page)
            _Differing().add(others).refuse()
            records.put_all(kind, absent)
        done += len(page)
        told(done, total)


def require_equal(source: RecordStore, target: RecordStore) -> None:
    """Raise ``ConflictError`` unless the target has every record of the source, as it is."""
    lost = 0
    differing = _Differing()
    for kind, page in _all_pages(source):
        with target.reading() as records:
            absent, others = _compared(records, kind, page)
        lost += len(absent)
        differing.add(others)
    differing.refuse()
    if lost:
        raise ConflictError(
            f"Of the records of portals {lost} are not in the target, although they were stored there.",
            remedy="See that nobody uses that installation before the move is done, and run the same command again.",
        )


def _all_pages(store: RecordStore) -> Iterator[Page]:
    for kind in KINDS:
        for page in _pages(store, kind):
            yield kind, page


def _pages(store: RecordStore, kind: type[Record]) -> Iterator[list[Record]]:
    """All records of a kind in the order of their ids."""
    after = ""
    while True:
        with store.reading() as records:
            page = records.find(kind, Query(after=after), limit=RECORDS_AT_ONCE)
        if page:
            yield page
        if len(page) < RECORDS_AT_ONCE:
            return
        after = page[-1].identity


def _count(store: RecordStore, kind: type[Record]) -> int:
    with store.reading() as records:
        return records.count(kind)


def _compared(
    records: Records, kind: type[Record], page: Sequence[Record], replaced: Replaced = frozenset()
) -> tuple[list[Record], list[Record]]:
    """Those of the page that are not there, and those that are others there."""
    which = Query(equal={kind.IDENTITY: tuple(each.identity for each in page)})
    there = {each.identity: each for each in records.find(kind, which) if (kind, each.identity) not in replaced}
    absent = [each for each in page if each.identity not in there]
    return absent, [each for each in page if there.get(each.identity, each) != each]


class _Differing:
    """Records that are others in the target: how many, and the ids of a few; what else they say may be secret."""

    def __init__(self) -> None:
        self._number = 0
        self._shown: list[str] = []

    def add(self, records: Sequence[Record]) -> _Differing:
        """Count these, too."""
        self._number += len(records)
        self._shown += [f"{type(each).__name__} '{each.identity}'" for each in records[: _SHOWN - len(self._shown)]]
        return self

    def refuse(self) -> None:
        """Raise ``ConflictError`` if there are any."""
        if not self._number:
            return
        shown = ", ".join(self._shown) + (", ..." if self._number > len(self._shown) else "")
        raise ConflictError(
            f"The target has {self._number} records of portals of the same id that differ: {shown}.",
            remedy="Move into an installation that has none of these, for example with a database of its own, and that "
            "nobody uses before the move is done.",
        )
