"""Random transactions and queries over three kinds of records, against a dictionary."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any, ClassVar

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from hypothesis.strategies import SearchStrategy

from airavata_workload.domain.errors import ConflictError
from airavata_workload.domain.states import ExperimentState
from airavata_workload.ports.record_store import Among, Query, Records, RecordStore
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.projects import Project
from airavata_workload.records.record import Record
from airavata_workload.records.sharing import Sharing
from airavata_workload.records.statuses import ExperimentStatus
from airavata_workload.testing.samples import unique

Model = dict[tuple[type[Record], str], Record]

_KINDS = (Project, GatewayExperiment, Sharing)
_IDS = [f"id-{number}" for number in range(6)]
_OWNERS = ["ann", "Ann", "bob", "an|n~", "%n_", ""]
_NAMES = ["Water", "water box", "WÄSSER", "wässer", "100 %_", "o'\\"]
_LONG_NAME = "ä" * 254 + "%ice"
_PARTS = ["", "WA", "wä", "%", "_", "'", "read", "ä%i", "ICE"]
_INSTANTS = st.none() | st.integers(-1, 3) | st.just(2**40)
_STATES = list(ExperimentState)

Change = tuple[str, Record]
"""What to do (add, put or delete), and with which record."""


def _changes(gateway: str) -> SearchStrategy[Change]:
    return st.tuples(st.sampled_from(["add", "put", "delete"]), _any_record(gateway))


def _any_record(gateway: str) -> SearchStrategy[Record]:
    ids = st.sampled_from([f"{gateway}:{each}" for each in _IDS])
    here = st.just(gateway)
    owners, names = st.sampled_from(_OWNERS), st.sampled_from(_NAMES)
    projects = st.builds(
        Project, project_id=ids, gateway_id=here, owner=owners, name=names, description=st.none() | names,
        created_at_ms=_INSTANTS,
    )  # fmt: skip
    statuses = st.builds(ExperimentStatus, state=st.sampled_from(_STATES), changed_at_ms=st.integers(0, 2))
    experiments = st.builds(
        GatewayExperiment, experiment_id=ids, project_id=ids, gateway_id=here, user_name=owners,
        experiment_name=names | st.just(_LONG_NAME), created_at_ms=_INSTANTS,
        experiment_status=st.none() | st.lists(statuses, max_size=3).map(tuple),
    )  # fmt: skip
    sharings = st.builds(
        Sharing, domain_id=here, entity_id=ids, group_id=owners, permission_type_id=st.sampled_from(["READ", "WRITE"]),
        inherited_parent_id=st.none() | ids, created_at_ms=_INSTANTS,
    )  # fmt: skip
    return st.one_of(projects, experiments, sharings)


@st.composite
def _queries(draw: st.DrawFn, gateway: str) -> tuple[type[Record], Query]:
    kind = draw(st.sampled_from(_KINDS))
    tenant = "domain_id" if kind is Sharing else "gateway_id"
    owner, text, entity = {
        Project: ("owner", "name", "project_id"),
        GatewayExperiment: ("user_name", "experiment_name", "experiment_id"),
        Sharing: ("group_id", "permission_type_id", "entity_id"),
    }[kind]
    equal: dict[str, Any] = {tenant: gateway}
    if draw(st.booleans()):
        one = st.none() | st.sampled_from(_OWNERS)
        equal[owner] = draw(one | st.lists(one, max_size=3))
    if kind is GatewayExperiment and draw(st.booleans()):
        equal["state"] = draw(st.lists(st.sampled_from(_STATES), max_size=4))
    contains = {text: draw(st.sampled_from(_PARTS))} if draw(st.booleans()) else {}
    bound = st.none() | st.integers(-1, 3)
    between = {"created_at_ms": draw(st.tuples(bound, bound))} if kind is not Sharing and draw(st.booleans()) else {}
    among = {}
    if kind is not Sharing and draw(st.booleans()):
        readable = Query(equal={"domain_id": gateway, "permission_type_id": "READ"})
        among = {entity: Among(kind=Sharing, column="entity_id", which=readable)}
    after = f"{gateway}:{draw(st.sampled_from(_IDS))}" if draw(st.booleans()) else ""
    return kind, Query(equal=equal, contains=contains, between=between, among=among, after=after)


def _equals(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, Collection) and not isinstance(wanted, str):
        return value in wanted
    return bool(value == wanted)


def _within(value: Any, low: int | None, high: int | None) -> bool:
    return value is not None and (low is None or value >= low) and (high is None or value <= high)


def matching(model: Model, kind: type[Record], which: Query) -> list[Record]:
    """What a store that holds what the model holds would find, in no order."""
    allowed = {
        name: {getattr(other, among.column) for other in matching(model, among.kind, among.which)}
        for name, among in which.among.items()
    }

    def matches(record: Record) -> bool:
        return (
            all(_equals(getattr(record, name), wanted) for name, wanted in which.equal.items())
            and all(part.lower() in (getattr(record, name) or "").lower() for name, part in which.contains.items())
            and all(_within(getattr(record, name), *bounds) for name, bounds in which.between.items())
            and all(getattr(record, name) in values for name, values in allowed.items())
            and record.identity > which.after
        )

    return [record for (of, _), record in model.items() if of is kind and matches(record)]


class _Stop(Exception):
    """Raised in a block to undo it."""


def _stop_if(undone: bool) -> None:
    if undone:
        raise _Stop


class RecordStoreMachine(RuleBasedStateMachine):
    """What the store answers is what the dictionary does; every run works in a gateway of its own."""

    store: ClassVar[RecordStore]

    @initialize()
    def begin(self) -> None:
        self.gateway = unique("gateway")
        self.model: Model = {}

    @rule(data=st.data(), undone=st.booleans())
    def transact(self, data: st.DataObject, undone: bool) -> None:
        changes = data.draw(st.lists(_changes(self.gateway), min_size=1, max_size=5))
        inner = data.draw(st.lists(_changes(self.gateway), max_size=3))
        inner_undone = data.draw(st.booleans())
        before = dict(self.model)
        try:
            with self.store.transaction() as records:
                self._apply(records, changes)
                self._inner(inner, undone=inner_undone)
                self._look(records)
                _stop_if(undone)
        except _Stop:
            self.model = before

    def _inner(self, changes: list[Change], *, undone: bool) -> None:
        before = dict(self.model)
        try:
            with self.store.transaction() as records:
                self._apply(records, changes)
                _stop_if(undone)
        except _Stop:
            self.model = before

    def _apply(self, records: Records, changes: list[Change]) -> None:
        for what, record in changes:
            key = (type(record), record.identity)
            if what == "delete":
                assert records.delete(*key) == (self.model.pop(key, None) is not None)
            elif what == "add" and key in self.model:
                with pytest.raises(ConflictError):
                    records.add(record)
            else:
                (records.add if what == "add" else records.put)(record)
                self.model[key] = record

    def _look(self, records: Records) -> None:
        for (kind, key), record in self.model.items():
            assert records.get(kind, key) == record

    @invariant()
    def holds_what_the_model_holds(self) -> None:
        with self.store.reading() as records:
            self._look(records)
            for kind in _KINDS:
                everything = Query(equal={"domain_id" if kind is Sharing else "gateway_id": self.gateway})
                known = sorted(key for of, key in self.model if of is kind)
                assert records.keys(kind, everything) == known

    @rule(data=st.data(), descending=st.booleans())
    def query(self, data: st.DataObject, descending: bool) -> None:
        kind, which = data.draw(_queries(self.gateway))
        order_by = data.draw(st.sampled_from(["", kind.IDENTITY, *(kind.columns() if kind is not Sharing else ())]))
        limit, offset = data.draw(st.none() | st.integers(0, 4)), data.draw(st.integers(0, 3))
        found = matching(self.model, kind, which)
        found.sort(key=lambda record: _order(record, order_by or kind.IDENTITY), reverse=descending)
        with self.store.reading() as records:
            page = records.find(kind, which, order_by=order_by, descending=descending, limit=limit, offset=offset)
            assert page == found[offset:][:limit]
            assert records.count(kind, which) == len(found)
            assert records.keys(kind, which) == sorted(record.identity for record in found)
            column = data.draw(st.sampled_from(kind.columns()))
            assert records.count_by(kind, column, which) == _counts(found, column)


def machine_for(store: RecordStore) -> type[RecordStoreMachine]:
    """The class of machines over one store."""
    return type("Machine", (RecordStoreMachine,), {"store": store})


def _order(record: Record, column: str) -> tuple[bool, Any, str]:
    value = getattr(record, column)
    return value is not None, "" if value is None else value, record.identity


def _counts(found: list[Record], column: str) -> Mapping[str, int]:
    values = (getattr(record, column) for record in found)
    return Counter("" if value is None else str(value) for value in values)
