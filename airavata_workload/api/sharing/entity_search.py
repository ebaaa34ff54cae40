"""Search for entities by the sharing registry's criteria."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice

from airavata_workload.api.sharing import grants
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.record_store import Query, Records
from airavata_workload.records.sharing import (
    Entity,
    EntitySearchField,
    PermissionType,
    SearchCondition,
    SearchCriteria,
)

_TEXT = {
    EntitySearchField.NAME: "name",
    EntitySearchField.DESCRIPTION: "description",
    EntitySearchField.FULL_TEXT: "full_text",
}
_ID = {
    EntitySearchField.PARRENT_ENTITY_ID: "parent_entity_id",
    EntitySearchField.OWNER_ID: "owner_id",
    EntitySearchField.ENTITY_TYPE_ID: "entity_type_id",
}
_NUMBER = {
    EntitySearchField.CREATED_TIME: "created_at_ms",
    EntitySearchField.UPDATED_TIME: "updated_at_ms",
    EntitySearchField.SHARED_COUNT: "shared_count",
}
_ENTITIES_A_QUERY = 500


@dataclass(slots=True)
class EntitySearch:
    """What is searched for: conditions for the record store, and ``rules`` for what it has no words for.

    Names and descriptions are found by a part of them, full text by each of
    its words, ids by the whole, times and counts by GTE or LTE. NOT turns
    names, ids and permissions round.
    Source: Apache Airavata 0.21, ``EntityRepository.searchEntities``.
    """

    domain_id: str
    equal: dict[str, str] = field(default_factory=dict)
    contains: dict[str, str] = field(default_factory=dict)
    between: dict[str, tuple[int | None, int | None]] = field(default_factory=dict)
    wanted_permissions: list[str] = field(default_factory=list)
    unwanted_permissions: list[str] = field(default_factory=list)
    rules: list[Callable[[Entity], bool]] = field(default_factory=list)

    @classmethod
    def of(cls, domain_id: str, filters: Sequence[SearchCriteria]) -> EntitySearch:
        """The search that clients ask for. Raises ``InputError`` for an incomplete or impossible filter."""
        search = cls(domain_id)
        for each in filters:
            if each.search_field is None or each.value is None:
                raise InputError("A search filter has no field or no value.", remedy="Set both.")
            negated = each.search_condition is SearchCondition.NOT
            if each.search_field in _TEXT:
                search._text(_TEXT[each.search_field], each.search_field, each.value, negated=negated)
            elif each.search_field in _ID:
                search._id(_ID[each.search_field], each.value, negated=negated)
            elif each.search_field in _NUMBER:
                at_least = each.search_condition is SearchCondition.GTE
                search._number(_NUMBER[each.search_field], each.value, at_least=at_least)
            else:
                (search.unwanted_permissions if negated else search.wanted_permissions).append(each.value)
        return search

    def entities(self, records: Records, groups: Collection[str], offset: int, limit: int | None) -> tuple[Entity, ...]:
        """A page of what matches and one of ``groups`` holds, the newest first."""
        permissions = self._permissions(records)
        if permissions is not None and not permissions:
            return ()
        which = Query(
            equal={**self.equal, "domain_id": self.domain_id},
            contains=self.contains,
            between=self.between,
            among={"entity_id": grants.within_reach(self.domain_id, groups, permissions or ())},
        )
        if not self.rules:
            page = records.find(Entity, which, order_by="created_at_ms", descending=True, limit=limit, offset=offset)
            return tuple(page)
        matching = (each for each in _stream(records, which) if all(rule(each) for rule in self.rules))
        return tuple(islice(matching, offset, None if limit is None else offset + limit))

    def _text(self, column: str, search_field: EntitySearchField, value: str, *, negated: bool) -> None:
        if negated and search_field is EntitySearchField.NAME:
            self.rules.append(lambda entity: getattr(entity, column) != value)
            return
        words = value.split() if search_field is EntitySearchField.FULL_TEXT else [value]
        for word in words:
            if column in self.contains:
                self.rules.append(lambda entity, word=word: word.lower() in (getattr(entity, column) or "").lower())  # type: ignore[misc]
            else:
                self.contains[column] = word

    def _id(self, column: str, value: str, *, negated: bool) -> None:
        if negated:
            self.rules.append(lambda entity: getattr(entity, column) != value)
        elif self.equal.setdefault(column, value) != value:
            self.rules.append(lambda _entity: False)

    def _number(self, column: str, value: str, *, at_least: bool) -> None:
        try:
            bound = int(value.strip())
        except ValueError:
            raise InputError(f"'{value}' is no number to compare {column} with.", remedy="Give one.") from None
        low, high = self.between.get(column, (None, None))
        if at_least:
            self.between[column] = (bound if low is None else max(low, bound), high)
        else:
            self.between[column] = (low, bound if high is None else min(high, bound))

    def _permissions(self, records: Records) -> set[str] | None:
        """Those of which one must be held; ``None`` for any."""
        permissions: set[str] | None = None
        for wanted in self.wanted_permissions:
            enough = set(grants.sufficient(self.domain_id, wanted))
            permissions = enough if permissions is None else permissions & enough
        if self.unwanted_permissions:
            if permissions is None:
                all_types = records.find(PermissionType, Query(equal={"domain_id": self.domain_id}))
                permissions = {each.permission_type_id or "" for each in all_types}
            permissions -= set(self.unwanted_permissions)
        return permissions


def _stream(records: Records, which: Query) -> Iterator[Entity]:
    offset = 0
    while True:
        batch = records.find(
            Entity, which, order_by="created_at_ms", descending=True, limit=_ENTITIES_A_QUERY, offset=offset
        )
        yield from batch
        if len(batch) < _ENTITIES_A_QUERY:
            return
        offset += len(batch)
