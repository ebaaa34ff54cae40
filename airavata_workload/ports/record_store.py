"""Keeps the records behind the portals' interface: gateways, projects, resources, profiles, experiments and so on."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Iterable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import TypeVar

from airavata_workload.records.record import Record

R = TypeVar("R", bound=Record)

Value = str | int | bool | None
"""What a searchable column holds; members of a ``StrEnum`` are text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """Conditions on the searchable columns of a kind, all of which must hold.

    ``equal``: the column has that value; a collection means any of its values,
    an empty one none at all. ``contains``: the text column holds that text
    somewhere, upper and lower case alike. ``between``: the integer column is
    no smaller than the first and no larger than the second bound, ``None`` for
    no bound; an unset value is between no bounds. ``among``: the column's
    value is one of those that another kind's records have in a column.
    ``after``: the id comes after that one where the records are in the order
    of their ids, so that all of many records can be read page by page, each as
    quickly as the first; '' is before all ids.

    Blanks at the end of a compared text may count or not: a database's choice.
    """

    equal: Mapping[str, Value | Collection[Value]] = field(default_factory=dict)
    contains: Mapping[str, str] = field(default_factory=dict)
    between: Mapping[str, tuple[int | None, int | None]] = field(default_factory=dict)
    among: Mapping[str, Among] = field(default_factory=dict)
    after: str = ""


EVERYTHING = Query()
"""No condition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Among:
    """The values that the matching records of ``kind`` have in ``column``: a join that the database makes.

    For lists that somebody may see only in part: it can be ordered and cut
    without fetching the ids of what may be seen.
    """

    kind: type[Record]
    column: str
    which: Query = EVERYTHING


class Records(ABC):
    """The records as one transaction sees them, with its own writes.

    Every method raises ``StoreUnavailableError`` when the store does not
    answer, and ``InputError`` for a column that the kind does not have, and for
    a record with an id that is empty, too long or ends in a blank, or with text
    that is too long for its column. Nothing is found under such an id.
    """

    @abstractmethod
    def get(self, kind: type[R], key: str) -> R | None:
        """The record of that id. In a writing transaction nobody else changes it until the transaction ends."""

    @abstractmethod
    def expect(self, *wanted: tuple[type[Record], str]) -> None:
        """Of these kinds and ids ``get`` is going to be asked: where the block only reads, one round trip for all."""

    @abstractmethod
    def add(self, record: Record) -> None:
        """Store a new record. Raises ``ConflictError`` if its id is taken, which leaves the rest as it is."""

    @abstractmethod
    def put(self, record: Record) -> None:
        """Store a record, in place of the one of that id if there is one."""

    @abstractmethod
    def put_all(self, kind: type[R], records: Iterable[R]) -> None:
        """As ``put``, for any number of records of one kind: the way to store thousands."""

    @abstractmethod
    def delete(self, kind: type[Record], key: str) -> bool:
        """Remove the record of that id; whether there was one."""

    @abstractmethod
    def delete_all(self, kind: type[Record], which: Query) -> int:
        """Remove the matching records; how many there were."""

    @abstractmethod
    def find(
        self,
        kind: type[R],
        which: Query = EVERYTHING,
        *,
        order_by: str = "",
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
        without: Collection[str] = (),
    ) -> list[R]:
        """Matching records in the order of a column (unset values first), then of their ids; by id alone if not said.

        ``descending`` turns the whole order round. ``limit`` and ``offset`` cut a page out of it. Fields that
        ``without`` names are not set in what is found, for lists that show a little of large records: do not store it.
        """

    @abstractmethod
    def count(self, kind: type[Record], which: Query = EVERYTHING) -> int:
        """How many records match."""

    @abstractmethod
    def count_by(self, kind: type[Record], column: str, which: Query = EVERYTHING) -> Mapping[str, int]:
        """How many of the matching records have each value in ``column``; a value as text, unset as ''."""

    @abstractmethod
    def keys(self, kind: type[Record], which: Query = EVERYTHING) -> list[str]:
        """Ids of the matching records, in order."""


class RecordStore(ABC):
    """Opens transactions. One object serves all threads of a process; several processes may share what is stored."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Records]:
        """Read and write, all or nothing: durable when the block ends, nothing of it stored when it raises.

        In a block of the same thread that is open already it joins that one:
        its writes are stored with those of the outer block, and undone alone
        if only the inner one raises. Keep blocks short and wait for nothing in
        them: others may wait for what they hold.

        What the store undoes because of another transaction is done again, a
        few times, as long as what was read is still the same. Raises
        ``StoreUnavailableError`` if that does not help, or when the store does
        not answer; ``ConflictError`` when an id was taken meanwhile.
        """

    @abstractmethod
    def reading(self) -> AbstractContextManager[Records]:
        """Read only: keeps nobody waiting and waits for nobody. Writing in it raises ``RuntimeError``.

        A record that ``get`` has given once it gives again until the block
        ends. In a block of the same thread that is open already it reads as
        that one does.
        """

    @abstractmethod
    def close(self) -> None:
        """Release connections."""
