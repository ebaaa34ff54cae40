"""The registry and audit trail in SQL, and the one in the database that a URL names."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from sqlalchemy import (
    URL,
    ColumnElement,
    Connection,
    Row,
    Select,
    bindparam,
    func,
    insert,
    select,
    update,
)
from sqlalchemy.exc import IntegrityError

from airavata_adapters.registries import server_url, tables
from airavata_adapters.registries.in_lists import chunks
from airavata_adapters.registries.job_saving import save_jobs
from airavata_adapters.registries.recording import insert_new, record
from airavata_adapters.registries.recording_on_server import stored
from airavata_adapters.registries.rows import change_key, change_of, experiment_of, experiment_row, job_of, standing_of
from airavata_adapters.registries.server import ServerDatabase, Transactions
from airavata_adapters.registries.server_schema import ServerSchema
from airavata_workload.domain.change import StateChange
from airavata_workload.domain.errors import NotFoundError, SettingsError
from airavata_workload.domain.experiment import Experiment, Standing
from airavata_workload.domain.states import ExperimentState, ProcessState
from airavata_workload.domain.thing import ThingKind
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.registry import ExperimentFilter, ExperimentRecord, JobRecord, Registry
from airavata_workload.ports.store_schema import SchemaVerdict, StoreSchema

T = TypeVar("T")

_SHOWN_CANDIDATES = 5
_OPTIONS = {"url": "", "pool_size": 10, "upgrade": True}

_KNOWN_IDS = select(tables.experiments.c.experiment_id).where(
    tables.experiments.c.experiment_id.in_(bindparam("experiment_ids", expanding=True))
)
_BY_ID = select(tables.experiments).where(tables.experiments.c.experiment_id == bindparam("of_experiment"))
_BY_IDS = select(tables.experiments).where(
    tables.experiments.c.experiment_id.in_(bindparam("experiment_ids", expanding=True))
)
_STANDINGS = select(
    tables.experiments.c.experiment_id,
    tables.experiments.c.state,
    tables.experiments.c.held,
    tables.experiments.c.updated_at_us,
    tables.experiments.c.reason,
).where(tables.experiments.c.experiment_id.in_(bindparam("experiment_ids", expanding=True)))
_BY_BEGINNING = (
    select(tables.experiments)
    # A range instead of LIKE: it uses the index in every dialect, and nothing in an id is a wildcard.
    .where(
        tables.experiments.c.experiment_id >= bindparam("first"),
        tables.experiments.c.experiment_id <= bindparam("last"),
    )
    .order_by(tables.experiments.c.experiment_id)
    .limit(_SHOWN_CANDIDATES + 1)
)
_AUDIT_TRAIL = (
    select(tables.state_changes)
    .where(tables.state_changes.c.experiment_id == bindparam("of_experiment"))
    .order_by(tables.state_changes.c.at_us, tables.state_changes.c.number)
)
_START_PROCESS = (
    update(tables.experiments)
    .where(
        tables.experiments.c.experiment_id == bindparam("of_experiment"),
        tables.experiments.c.process_id != bindparam("new_process"),
    )
    .values(process_id=bindparam("new_process"), process_state=str(ProcessState.CREATED))
)
_PLACE = (
    update(tables.experiments)
    .where(
        tables.experiments.c.experiment_id == bindparam("of_experiment"), tables.experiments.c.compute_resource == ""
    )
    .values(compute_resource=bindparam("chosen"))
)
_SET_HELD = (
    update(tables.experiments)
    .where(tables.experiments.c.experiment_id == bindparam("of_experiment"))
    .values(held=bindparam("is_held"))
)
_JOBS_OF_EXPERIMENT = (
    select(tables.jobs)
    .where(tables.jobs.c.experiment_id == bindparam("of_experiment"))
    .order_by(tables.jobs.c.submitted_at_us, tables.jobs.c.number)
)
_STATISTICS = select(tables.experiments.c.state, func.count().label("number")).group_by(tables.experiments.c.state)


class SqlRegistry(Registry):
    """Experiments, changes and jobs in SQL that SQLite, MySQL and MariaDB understand alike.

    Every method may raise what its ``Transactions`` raise.
    """

    def __init__(self, database: Transactions) -> None:
        self._database = database
        self._closed = False

    # -- experiments -------------------------------------------------------------
    def create_experiments(self, experiments: Sequence[Experiment]) -> set[str]:
        """As ``Registry.create_experiments``."""
        rows: dict[str, dict[str, Any]] = {}
        for experiment in experiments:
            rows.setdefault(experiment.experiment_id, experiment_row(experiment))

        return self._database.write(lambda connection: _insert_missing(connection, rows)) if rows else set()

    def restore(self, records: Sequence[ExperimentRecord]) -> list[bool]:
        """As ``Registry.restore``."""
        rows = {record.experiment.experiment_id: experiment_row(record.experiment) for record in records}

        def put(connection: Connection) -> list[bool]:
            missing = _insert_missing(connection, rows)
            fresh = [record for record in records if record.experiment.experiment_id in missing]
            changes = [change for record in fresh for change in record.changes]
            if changes:
                insert_new(connection, changes)
            jobs = [job for record in fresh for job in record.jobs]
            if jobs:
                save_jobs(connection, jobs)
            return [record.experiment.experiment_id in missing for record in records]

        return self._database.write(put) if records else []

    def experiment(self, experiment_id: str) -> Experiment:
        """As ``Registry.experiment``; an ambiguous beginning is refused with the ids that it may mean."""

        def find(connection: Connection) -> Sequence[Row[Any]]:
            exact = connection.execute(_BY_ID, {"of_experiment": experiment_id}).all()
            if exact or not experiment_id:
                return exact
            # The last code point of Unicode: every id that begins so compares as smaller.
            limits = {"first": experiment_id, "last": experiment_id + "\U0010ffff"}
            return connection.execute(_BY_BEGINNING, limits).all()

        found = self._database.read(find)
        if len(found) == 1:
            return experiment_of(found[0])
        if not found:
            raise _unknown(experiment_id)
        candidates = [row.experiment_id for row in found[:_SHOWN_CANDIDATES]]
        more = ", ..." if len(found) > _SHOWN_CANDIDATES else ""
        raise NotFoundError(
            f"'{experiment_id}' is the beginning of several experiment ids: {', '.join(candidates)}{more}.",
            remedy="Give more of the id.",
        )

    def several(self, experiment_ids: Sequence[str]) -> dict[str, Experiment]:
        """As ``Registry.several``."""

        def find(connection: Connection) -> list[Row[Any]]:
            return [
                row for ids in chunks(experiment_ids) for row in connection.execute(_BY_IDS, {"experiment_ids": ids})
            ]

        return {row.experiment_id: experiment_of(row) for row in self._database.read(find)} if experiment_ids else {}

    def standings(self, experiment_ids: Sequence[str]) -> dict[str, Standing]:
        """As ``Registry.standings``."""

        def find(connection: Connection) -> list[Any]:
            return [
                row for ids in chunks(experiment_ids) for row in connection.execute(_STANDINGS, {"experiment_ids": ids})
            ]

        return {row.experiment_id: standing_of(row) for row in self._database.read(find)} if experiment_ids else {}

    def experiments(self, which: ExperimentFilter, *, limit: int = 50, offset: int = 0) -> list[Experiment]:
        """As ``Registry.experiments``."""
        statement = (
            _matching(select(tables.experiments), which)
            .order_by(tables.experiments.c.created_at_us.desc(), tables.experiments.c.number.desc())
            .limit(limit)
            .offset(offset)
        )
        return [
            experiment_of(row) for row in self._database.read(lambda connection: connection.execute(statement).all())
        ]

    def count(self, which: ExperimentFilter) -> int:
        """As ``Registry.count``."""
        statement = _matching(select(func.count()).select_from(tables.experiments), which)
        return int(self._database.read(lambda connection: connection.execute(statement).scalar_one()))

    def start_process(self, experiment_id: str, process_id: str) -> None:
        """As ``Registry.start_process``; the present process simply goes on. Raises ``NotFoundError``."""

        def start(connection: Connection) -> None:
            _require(connection, experiment_id)
            connection.execute(_START_PROCESS, {"of_experiment": experiment_id, "new_process": process_id})

        self._database.write(start)

    def place(self, experiment_id: str, compute_resource: str) -> str:
        """As ``Registry.place``."""

        def choose(connection: Connection) -> str:
            _require(connection, experiment_id)
            connection.execute(_PLACE, {"of_experiment": experiment_id, "chosen": compute_resource})
            return str(connection.execute(_BY_ID, {"of_experiment": experiment_id}).one().compute_resource)

        return self._database.write(choose)

    def set_held(self, experiment_id: str, held: bool) -> None:
        """As ``Registry.set_held``. Raises ``NotFoundError``."""

        def hold(connection: Connection) -> None:
            _require(connection, experiment_id)
            connection.execute(_SET_HELD, {"of_experiment": experiment_id, "is_held": held})

        self._database.write(hold)

    def statistics(self) -> Mapping[str, Any]:
        """As ``Registry.statistics``: every state, also those without experiments, in the order of their numbers."""
        found = self._database.read(lambda connection: connection.execute(_STATISTICS).all())
        counts = {row.state: row.number for row in found}
        return {str(state): counts.get(str(state), 0) for state in ExperimentState}

    # -- audit trail -------------------------------------------------------------
    def record(self, changes: Sequence[StateChange], *, durable: bool = True) -> list[bool]:
        """As ``Registry.record``; a late change stands in the audit trail too."""
        return self._write(durable)(lambda connection: record(connection, changes)) if changes else []

    def unrecorded(self, changes: Sequence[StateChange]) -> list[StateChange]:
        """As ``Registry.unrecorded``."""
        keys = [change_key(change) for change in changes]
        found = self._database.read(lambda connection: stored(connection, keys)) if keys else set()
        return [change for change, key in zip(changes, keys, strict=True) if key not in found]

    def audit_trail(self, experiment_id: str) -> list[StateChange]:
        """As ``Registry.audit_trail``."""
        rows = self._database.read(
            lambda connection: connection.execute(_AUDIT_TRAIL, {"of_experiment": experiment_id}).all()
        )
        return [change_of(row) for row in rows]

    # -- jobs --------------------------------------------------------------------
    def save_jobs(self, records: Sequence[JobRecord], *, durable: bool = True) -> None:
        """As ``Registry.save_jobs``; what may not follow the stored state is late and ignored."""
        if records:
            self._write(durable)(lambda connection: save_jobs(connection, records))

    def jobs(self, experiment_id: str) -> list[JobRecord]:
        """As ``Registry.jobs``."""
        rows = self._database.read(
            lambda connection: connection.execute(_JOBS_OF_EXPERIMENT, {"of_experiment": experiment_id}).all()
        )
        return [job_of(row) for row in rows]

    def close(self) -> None:
        """As ``Registry.close``."""
        if not self._closed:
            self._closed = True
            self._database.close()

    def _write(self, durable: bool) -> Callable[[Callable[[Connection], T]], T]:
        return self._database.write if durable else self._database.write_early


def _insert_missing(connection: Connection, rows: Mapping[str, dict[str, Any]]) -> set[str]:
    """Insert the experiments that are not there, and say which these are."""
    if len(rows) == 1:
        # It is there only when somebody launches again what was cut off. Of several, SQLite would keep those before.
        with suppress(IntegrityError):
            connection.execute(insert(tables.experiments), *rows.values())
            return set(rows)
    known: set[str] = set()
    for ids in chunks(rows):
        known.update(connection.execute(_KNOWN_IDS, {"experiment_ids": ids}).scalars())
    missing = {experiment_id: row for experiment_id, row in rows.items() if experiment_id not in known}
    if missing:
        connection.execute(insert(tables.experiments), list(missing.values()))
    return set(missing)


def _require(connection: Connection, experiment_id: str) -> None:
    if connection.execute(_BY_ID, {"of_experiment": experiment_id}).first() is None:
        raise _unknown(experiment_id)


def _unknown(experiment_id: str) -> NotFoundError:
    return NotFoundError(
        f"There is no experiment '{experiment_id}'.",
        missing=ThingKind.EXPERIMENT,
        remedy="'airavata-workload list' shows the experiments.",
    )


def _matching(statement: Select[Any], which: ExperimentFilter) -> Select[Any]:
    equal: dict[ColumnElement[Any], Any] = {
        tables.experiments.c.state: None if which.state is None else str(which.state),
        tables.experiments.c.application_type: which.application_type,
        tables.experiments.c.compute_resource: which.compute_resource,
        tables.experiments.c.user_name: which.user,
        tables.experiments.c.gateway: which.gateway,
        tables.experiments.c.held: which.held,
    }
    statement = statement.where(*(column == value for column, value in equal.items() if value is not None))
    if which.name_contains is not None:
        # autoescape: % and _ in what a person types stand for themselves.
        statement = statement.where(tables.experiments.c.name.icontains(which.name_contains, autoescape=True))
    return statement


def open_registry(context: BackingContext) -> Registry:
    """Entry point ``sql`` of ``registries``: in the database that the option ``url`` names.

    Options: ``url``; ``pool_size``, the most connections with which this
    process writes, and as many with which it reads; ``upgrade``, whether
    opening makes and migrates the tables.

    By default it does, so that there is no step which an installation could
    forget. Of services that start together one migrates, and the others wait
    for it; those that run already go on, because a migration only adds what
    older versions need not know. ``upgrade = false`` is for an account that
    may not change tables: then ``airavata-workload db upgrade`` is run by
    another one, and opening a database that is behind is refused.

    Raises ``SettingsError`` for a URL that cannot be used and for a database
    of a newer revision, ``AuthenticationError``, ``DeniedError`` and
    ``StoreUnavailableError``.
    """
    options = context.settled_options(**_OPTIONS)
    if options["pool_size"] < 1:
        raise SettingsError("the registry needs at least one connection.", key="registry.pool_size")
    url = _url(options)
    schema = ServerSchema(url)
    state = schema.state()
    if state.verdict is not SchemaVerdict.CURRENT:
        if not options["upgrade"]:
            raise SettingsError(
                f"{state.where}: the tables are {state.verdict}, and opening may not change them.",
                key="registry.upgrade",
                remedy="Run 'airavata-workload db upgrade'.",
            )
        schema.upgrade()
    return SqlRegistry(ServerDatabase(url, pool_size=options["pool_size"]))


def open_schema(context: BackingContext) -> StoreSchema:
    """Entry point ``sql`` of ``store_schemas``: takes the same options. Raises ``SettingsError``."""
    return ServerSchema(_url(context.settled_options(**_OPTIONS)))


def _url(options: Mapping[str, Any]) -> URL:
    if not options["url"]:
        raise SettingsError(
            "the registry 'sql' needs the option 'url'.",
            key="registry.url",
            remedy='For example url = "mysql+pymysql://USER:PASSWORD@HOST/DATABASE" under [options.registry].',
        )
    return server_url.parsed(options["url"])
