"""The SQL registry over a real MariaDB: the suite, what only a server does, and outages of it."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from alembic import op
from services.servers import Servers
from sqlalchemy import URL, Connection, create_engine, event, inspect, make_url, text

from airavata_adapters.registries import server_url, sql, tables
from airavata_adapters.registries.server import ServerDatabase
from airavata_adapters.sqlite import schema
from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.errors import (
    AuthenticationError,
    DeniedError,
    InputError,
    SettingsError,
    StoreUnavailableError,
)
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import ExperimentState, JobState, ProcessState
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.registry import ExperimentFilter, Registry
from airavata_workload.ports.store_schema import SchemaVerdict, StoreSchema
from airavata_workload.testing.registry_suite import OpenRegistry, RegistrySuite
from airavata_workload.testing.samples import AWKWARD, change, experiment, job_record, unique

pytestmark = pytest.mark.server

PATIENCE_S = 60


def context(url: str, **options: object) -> BackingContext:
    return BackingContext(home=Path("/nonexistent"), session="engine-1", options={"url": url, **options})


def opened(url: str, **options: object) -> Registry:
    return sql.open_registry(context(url, **options))


def schema_of(url: str) -> StoreSchema:
    return sql.open_schema(context(url))


def changed(url: str, **parts: Any) -> str:
    """The URL with some parts replaced."""
    return make_url(url).set(**parts).render_as_string(hide_password=False)


@pytest.fixture(scope="module")
def make_database(mariadb_url: str) -> Iterator[Callable[[], str]]:
    """Makes empty databases, and drops them at the end; each call returns the URL of one."""
    engine = create_engine(mariadb_url, isolation_level="AUTOCOMMIT")
    names: list[str] = []

    def make() -> str:
        names.append(unique("registry").replace("-", "_"))
        with engine.connect() as connection:
            # Neither character set nor collation of the server's default may matter.
            connection.execute(text(f"CREATE DATABASE {names[-1]} CHARACTER SET latin1"))
        return changed(mariadb_url, database=names[-1])

    yield make
    with engine.connect() as connection:
        for name in names:
            connection.execute(text(f"DROP DATABASE {name}"))
    engine.dispose()


@pytest.fixture(scope="module")
def database(make_database: Callable[[], str]) -> str:
    """URL of a database that the tests of this module share."""
    return make_database()


@pytest.fixture
def registry(database: str) -> Iterator[Registry]:
    registry = opened(database)
    yield registry
    registry.close()


@pytest.fixture
def stored(registry: Registry) -> Experiment:
    one = experiment()
    registry.create_experiments([one])
    return one


class TestMariadbRegistry(RegistrySuite):
    @pytest.fixture
    def open_registry(self, database: str) -> OpenRegistry:
        return lambda: opened(database)


# -- what is stored ----------------------------------------------------------------------------
def test_characters_of_four_bytes_come_back_everywhere(registry: Registry) -> None:
    portal = unique("Portal \U0001f9ea")
    one = experiment(gateway=portal, name=AWKWARD, user="\U0001f9ec 試験", description=AWKWARD)
    registry.create_experiments([one])
    why = change(one, Subject.TASK, "FAILED", subject_id="TASK \U0001f9ea", reason=AWKWARD, detail={AWKWARD: AWKWARD})
    registry.record([why])
    assert registry.experiments(ExperimentFilter(gateway=portal, name_contains="\U0001f9ea")) == [one]
    assert registry.audit_trail(one.experiment_id) == [why]


@pytest.mark.parametrize(("one", "other"), [("Sample", "sample"), ("strasse", "straße"), ("\u00e9", "e\u0301")])
def test_ids_that_only_a_language_holds_for_equal_are_different(registry: Registry, one: str, other: str) -> None:
    beginning = unique("id")
    pair = [experiment(experiment_id=f"{beginning}{end}") for end in (one, other)]
    registry.create_experiments(pair)
    assert [registry.experiment(each.experiment_id) for each in pair] == pair
    changes = [
        change(pair[0], Subject.TASK, "CREATED", subject_id=f"{beginning}{end}", at_us=1) for end in (one, other)
    ]
    assert registry.record(changes) == [True, True]


def test_instants_keep_their_microseconds(registry: Registry, stored: Experiment) -> None:
    instants = [1_700_000_000_123_456, 1_700_000_000_123_457, 253_402_300_799_999_999]
    registry.record([change(stored, Subject.TASK, "CREATED", subject_id="T", at_us=at_us) for at_us in instants])
    assert [one.at_us for one in registry.audit_trail(stored.experiment_id)] == instants


def test_the_audit_trail_tells_who_when_why_and_at_which_attempt(registry: Registry, stored: Experiment) -> None:
    told = [
        replace(change(stored, subject, state, at_us=at_us), by=f"worker-{at_us}", attempt=at_us, reason=f"why {at_us}")
        for at_us, (subject, state) in enumerate(
            [
                (Subject.EXPERIMENT, "LAUNCHED"),
                (Subject.PROCESS, "STARTED"),
                (Subject.TASK, "EXECUTING"),
                (Subject.JOB, "QUEUED"),
            ],
            start=1,
        )
    ]
    registry.record(told)
    assert registry.audit_trail(stored.experiment_id) == told


def test_a_text_longer_than_64_kib_is_kept_whole(registry: Registry, stored: Experiment) -> None:
    long = "ü\U0001f9ea" * 300_000
    changes = [
        change(stored, Subject.TASK, "FAILED", subject_id=f"T{number}", at_us=number, reason=f"{number}{long}")
        for number in range(3)
    ]
    assert registry.record([changes[0]]) == [True]
    assert registry.record(changes) == [False, True, True]
    assert registry.audit_trail(stored.experiment_id) == changes


def test_what_is_too_long_is_refused_and_not_cut_off(registry: Registry, stored: Experiment) -> None:
    long = change(stored, Subject.TASK, "CREATED", subject_id="x" * 256)
    with pytest.raises(InputError, match="subject_id"):
        registry.record([change(stored, Subject.TASK, "CREATED", subject_id="T"), long])
    assert registry.audit_trail(stored.experiment_id) == []


# -- many at once ------------------------------------------------------------------------------
def test_many_experiments_move_in_one_call(registry: Registry) -> None:
    portal = unique("portal")
    made = [experiment(gateway=portal) for _ in range(250)]
    registry.create_experiments(made)
    changes: list[StateChange] = []
    for number, one in enumerate(made):
        at_us = one.updated_at_us + number
        if number % 2:
            changes.append(change(one, Subject.EXPERIMENT, "LAUNCHED", at_us=at_us, reason=f"{AWKWARD} {number % 3}"))
        if number % 3:
            changes.append(change(one, Subject.PROCESS, "STARTED", at_us=at_us))
    assert all(registry.record(changes))
    for number, one in enumerate(made):
        found = registry.experiment(one.experiment_id)
        moved = replace(one)
        if number % 2:
            moved = replace(moved, state=ExperimentState.LAUNCHED, reason=f"{AWKWARD} {number % 3}")
        if number % 3:
            moved = replace(moved, process_state=ProcessState.STARTED)
        if number % 2 or number % 3:
            moved = replace(moved, updated_at_us=one.updated_at_us + number)
        assert found == replace(moved, user_message=found.user_message)


def test_many_jobs_are_updated_in_one_call(registry: Registry, stored: Experiment) -> None:
    first = [job_record(stored.experiment_id, updated_at_us=number) for number in range(250)]
    registry.save_jobs(first)
    later = [
        replace(one, state=JobState.ACTIVE, exit_code=number if number % 2 else None, native_state=f"R{number % 4}")
        for number, one in enumerate(first)
    ]
    fresh = job_record(stored.experiment_id)
    registry.save_jobs([*later, fresh])
    by_id = {one.job.job_id: one for one in registry.jobs(stored.experiment_id)}
    assert by_id == {one.job.job_id: one for one in [*later, fresh]}


def counted(database: str, work: Callable[[sql.SqlRegistry], object]) -> int:
    """How many statements the work sends, the commit left out."""
    transactions = ServerDatabase(server_url.parsed(database), pool_size=1)
    sent: list[str] = []
    event.listen(transactions._engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
    registry = sql.SqlRegistry(transactions)
    work(registry)
    registry.close()
    return len(sent)


@pytest.mark.parametrize("number", [1, 10, 100])
def test_statements_do_not_grow_with_the_changes(registry: Registry, database: str, number: int) -> None:
    made = [experiment() for _ in range(number)]
    registry.create_experiments(made)
    tasks = [change(one, Subject.TASK, "CREATED", subject_id=unique("T")) for one in made]
    moves = [change(one, Subject.EXPERIMENT, "LAUNCHED") for one in made]
    records = [job_record(one.experiment_id) for one in made]
    assert counted(database, lambda other: other.record(tasks)) == 1
    assert counted(database, lambda other: other.record([*tasks, *moves])) <= 5
    assert counted(database, lambda other: other.save_jobs(records)) == 2
    assert counted(database, lambda other: other.save_jobs(records)) == 2


def test_of_two_processes_that_write_the_same_one_is_told_of_each(
    registry: Registry, database: str, stored: Experiment
) -> None:
    tasks = [change(stored, Subject.TASK, "CREATED", subject_id=f"T{n}", at_us=n % 5) for n in range(210)]
    changes = [change(stored, Subject.EXPERIMENT, "LAUNCHED"), change(stored, Subject.PROCESS, "STARTED"), *tasks]
    # One from the front and one from the back: they meet, and each waits for rows of the other.
    writers = [Writer(database, order) for order in (changes, changes[::-1])]
    for writer in writers:
        writer.go()
    told = [new for writer in writers for new in writer.answers()]
    assert sum(told) == len(changes)
    assert len(registry.audit_trail(stored.experiment_id)) == len(changes)
    found = registry.experiment(stored.experiment_id)
    assert (found.state, found.process_state) == (ExperimentState.LAUNCHED, ProcessState.STARTED)


class Writer:
    """A process of its own that writes changes, seven in a call, once it is told to."""

    SCRIPT = """
import json, sys
from pathlib import Path
from airavata_adapters.registries.sql import open_registry
from airavata_workload.domain.change import StateChange
from airavata_workload.ports.backing import BackingContext
asked = json.loads(sys.stdin.readline())
registry = open_registry(BackingContext(home=Path("/nonexistent"), session="writer", options={"url": asked["url"]}))
changes = [StateChange.from_json(one) for one in asked["changes"]]
print("ready", flush=True)
sys.stdin.readline()
print(json.dumps([new for at in range(0, len(changes), 7) for new in registry.record(changes[at : at + 7])]))
registry.close()
"""

    def __init__(self, url: str, changes: list[StateChange]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", self.SCRIPT], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
        )
        self._say({"url": url, "changes": [one.to_json() for one in changes]})

    def go(self) -> None:
        """Wait until it is ready, and let it go."""
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"
        self._say({})

    def answers(self) -> list[bool]:
        """What ``record`` answered, once it has ended."""
        said, _ = self._process.communicate(timeout=PATIENCE_S)
        assert self._process.returncode == 0
        answers: list[bool] = json.loads(said)
        return answers

    def _say(self, value: Mapping[str, Any]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(f"{json.dumps(value)}\n")


# -- transactions ------------------------------------------------------------------------------
@pytest.fixture
def transactions(database: str, registry: Registry) -> Iterator[ServerDatabase]:
    """The registry's transactions, on two experiments' rows (see ``pair``); the tables are there."""
    made = ServerDatabase(server_url.parsed(database), pool_size=3)
    yield made
    made.close()


@pytest.fixture
def pair(registry: Registry) -> list[str]:
    made = [experiment(), experiment()]
    registry.create_experiments(made)
    return [one.experiment_id for one in made]


def add_one(connection: Connection, experiment_id: str) -> None:
    connection.execute(
        tables.experiments.update()
        .where(tables.experiments.c.experiment_id == experiment_id)
        .values(priority=tables.experiments.c.priority + 1)
    )


def test_what_a_deadlock_has_undone_is_done_again(
    transactions: ServerDatabase, registry: Registry, pair: list[str]
) -> None:
    both_hold_one = threading.Barrier(2)
    attempts: list[str] = []

    def add_to_both(ids: list[str]) -> None:
        def work(connection: Connection) -> None:
            attempts.append(ids[0])
            add_one(connection, ids[0])
            if attempts.count(ids[0]) == 1:
                both_hold_one.wait(PATIENCE_S)
            add_one(connection, ids[1])

        transactions.write(work)

    before = [registry.experiment(one).priority for one in pair]
    with ThreadPoolExecutor(2) as threads:
        list(threads.map(add_to_both, [pair, pair[::-1]]))
    assert len(attempts) == 3, "one of the two was undone"
    found = transactions.read(lambda connection: [priority(connection, one) for one in pair])
    assert found == [one + 2 for one in before]


def priority(connection: Connection, experiment_id: str) -> int:
    column = tables.experiments.c.priority
    return connection.execute(
        tables.experiments.select().with_only_columns(column).where(tables.experiments.c.experiment_id == experiment_id)
    ).scalar_one()


def test_a_lock_that_is_held_for_long_is_an_outage_and_then_over(
    database: str, pair: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_url, "LOCK_TIMEOUT_S", 0)
    impatient = ServerDatabase(server_url.parsed(database), pool_size=1)
    engine = create_engine(database)
    attempts: list[int] = []

    def work(connection: Connection) -> None:
        attempts.append(1)
        add_one(connection, pair[0])

    with engine.begin() as holder:
        add_one(holder, pair[0])
        with pytest.raises(StoreUnavailableError, match="1205"):
            impatient.write(work)
    assert 1 < len(attempts) <= 6, "it is tried again, but not for ever"
    impatient.write(work)
    impatient.close()
    engine.dispose()


def test_every_connection_in_use_is_told_as_such(
    database: str, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server_url, "POOL_TIMEOUT_S", 0.05)
    small = ServerDatabase(server_url.parsed(database), pool_size=1)
    with pytest.raises(StoreUnavailableError, match="pool_size"):
        small.read(lambda _: small.read(lambda _: None))
    small.close()


# -- tables ------------------------------------------------------------------------------------
def described(url: str) -> Mapping[str, Any]:
    engine = create_engine(url)
    look = inspect(engine)
    found = {
        name: (
            [(column["name"], str(column["type"]), column["nullable"]) for column in look.get_columns(name)],
            sorted((str(index["name"]), tuple(index["column_names"])) for index in look.get_indexes(name)),
        )
        for name in look.get_table_names()
        if name != "alembic_version"
    }
    engine.dispose()
    return found


def test_the_migrated_tables_are_the_declared_ones(make_database: Callable[[], str]) -> None:
    migrated, declared = make_database(), make_database()
    schema_of(migrated).upgrade()
    engine = create_engine(declared)
    tables.metadata.create_all(engine)
    engine.dispose()
    assert described(migrated) == described(declared)
    assert set(described(migrated)) == set(tables.metadata.tables)


def test_a_migration_that_was_broken_off_anywhere_goes_on(
    make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = make_database()
    schema_of(whole).upgrade()
    steps = 7  # three tables, four indexes

    class Killed(BaseException):
        pass

    for step in range(1, steps):
        url, done = make_database(), 0

        def broken_off(original: Callable[..., Any], limit: int = step) -> Callable[..., Any]:
            def call(*arguments: Any, **options: Any) -> Any:
                nonlocal done
                if done == limit:
                    raise Killed
                done += 1
                return original(*arguments, **options)

            return call

        with monkeypatch.context() as patched:
            patched.setattr(op, "create_table", broken_off(op.create_table))
            patched.setattr(op, "create_index", broken_off(op.create_index))
            with pytest.raises(Killed):
                schema_of(url).upgrade()
        assert schema_of(url).state().verdict is SchemaVerdict.EMPTY
        assert schema_of(url).upgrade().verdict is SchemaVerdict.CURRENT
        assert described(url) == described(whole)


def test_services_that_start_together_migrate_once(
    make_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = make_database()
    runs: list[str] = []
    upgrade = schema.upgrade

    def noted(connection: Connection, revision: str) -> None:
        runs.append(revision)
        upgrade(connection, revision)

    monkeypatch.setattr(schema, "upgrade", noted)
    together = threading.Barrier(4)

    def start(_number: int) -> int:
        together.wait(PATIENCE_S)
        registry = opened(url)
        registry.create_experiments([experiment()])
        registry.close()
        return 1

    with ThreadPoolExecutor(4) as threads:
        assert sum(threads.map(start, range(4))) == 4
    assert runs == ["registry@head"]
    registry = opened(url)
    assert registry.count(ExperimentFilter()) == 4
    registry.close()


def test_without_leave_to_upgrade_empty_tables_are_refused(make_database: Callable[[], str]) -> None:
    url = make_database()
    with pytest.raises(SettingsError, match="db upgrade"):
        opened(url, upgrade=False)
    assert described(url) == {}
    schema_of(url).upgrade()
    opened(url, upgrade=False).close()


def test_a_newer_database_is_refused(make_database: Callable[[], str]) -> None:
    url = make_database()
    schema_of(url).upgrade()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = 'registry_9999'"))
    engine.dispose()
    assert schema_of(url).state().verdict is SchemaVerdict.NEWER
    for refused in (lambda: opened(url), lambda: schema_of(url).upgrade()):
        with pytest.raises(SettingsError, match=f"registry_9999.*{schema.REGISTRY_REVISION}"):
            refused()


# -- the way to the server ---------------------------------------------------------------------
@pytest.mark.parametrize(
    ("parts", "error", "said"),
    [
        ({"password": "Wrong-0ne"}, AuthenticationError, "1045"),
        ({"username": "nobody", "password": "Wrong-0ne"}, AuthenticationError, "1045"),
        ({"database": "no_such_database"}, SettingsError, "CREATE DATABASE"),
        ({"port": 1}, StoreUnavailableError, "2003"),
        ({"host": "registry.invalid"}, StoreUnavailableError, "2003"),
    ],
)
def test_what_is_wrong_is_named_and_no_password_shown(
    database: str, parts: dict[str, Any], error: type[Exception], said: str
) -> None:
    url = changed(database, **parts)
    with pytest.raises(error, match=said) as refused:
        opened(url)
    assert_no_password(refused.value, make_url(url))


def assert_no_password(error: BaseException, url: URL) -> None:
    """Neither the error nor what caused it shows it."""
    shown = ""
    cause: BaseException | None = error
    while cause is not None:
        shown += f"{cause} {cause!r} {cause.__dict__}"
        cause = cause.__cause__ or cause.__context__
    assert f":{url.password}@" not in shown
    assert len(str(url.password)) <= 3 or str(url.password) not in shown


def test_an_account_that_may_not_write_is_denied(database: str, registry: Registry, mariadb_url: str) -> None:
    engine = create_engine(mariadb_url)
    name, password = unique("reader")[:20], "Read-0nly"
    with engine.begin() as connection:
        schema_name = make_url(database).database
        connection.execute(text(f"CREATE USER '{name}'@'127.0.0.1' IDENTIFIED BY '{password}'"))
        connection.execute(text(f"GRANT SELECT ON {schema_name}.* TO '{name}'@'127.0.0.1'"))
    try:
        url = changed(database, username=name, password=password)
        reader = opened(url)
        reader.statistics()
        with pytest.raises(DeniedError, match="1142") as refused:
            reader.create_experiments([experiment()])
        assert_no_password(refused.value, make_url(url))
        assert "INSERT INTO" not in repr(refused.value.__cause__), "no statement of users' values in the log"
        reader.close()
    finally:
        with engine.begin() as connection:
            connection.execute(text(f"DROP USER '{name}'@'127.0.0.1'"))
        engine.dispose()


def cipher(url: str) -> str:
    transactions = ServerDatabase(server_url.parsed(url), pool_size=1)
    row = transactions.read(lambda connection: connection.execute(text("SHOW STATUS LIKE 'Ssl_cipher'")).one())
    transactions.close()
    return str(row[1])


def test_tls_is_spoken_and_the_server_checked(database: str, mariadb: Mapping[str, str], tmp_path: Path) -> None:
    trusted = make_url(database).update_query_dict({"ssl_ca": mariadb["MARIADB_CA"]})
    assert cipher(trusted.render_as_string(hide_password=False)).startswith("TLS_")
    off = make_url(database).update_query_dict({"ssl_disabled": "true"})
    assert cipher(off.render_as_string(hide_password=False)) == ""
    stranger = trusted.update_query_dict({"ssl_ca": "/etc/ssl/certs/ca-certificates.crt"})
    with pytest.raises(DeniedError, match="ssl_ca"):
        opened(stranger.render_as_string(hide_password=False))
    missing = trusted.update_query_dict({"ssl_ca": str(tmp_path / "missing.pem")})
    with pytest.raises(SettingsError, match="ssl_ca"):
        opened(missing.render_as_string(hide_password=False))


# -- outages -----------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def private_url(private_services: Servers) -> str:
    """URL of a MariaDB that the tests may stop."""
    private_services.start("mariadb")
    return private_services.env("mariadb")["MARIADB_URL"]


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_an_outage_is_told_and_what_follows_works_again(private_services: Servers, private_url: str, end: str) -> None:
    registry = opened(private_url)
    one = experiment()
    registry.create_experiments([one])
    before = change(one, Subject.TASK, "CREATED", subject_id="T")
    registry.record([before])
    getattr(private_services, end)("mariadb")
    during = change(one, Subject.TASK, "EXECUTING", subject_id="T")
    for call in (
        lambda: registry.record([during]),
        lambda: registry.experiment(one.experiment_id),
        registry.statistics,
    ):
        with pytest.raises(StoreUnavailableError) as refused:
            call()
        assert refused.value.transient
        assert_no_password(refused.value, make_url(private_url))
    with pytest.raises(StoreUnavailableError):
        opened(private_url)
    private_services.start("mariadb")
    assert registry.record([before, during]) == [False, True]
    assert registry.audit_trail(one.experiment_id) == [before, during]
    registry.close()


def test_a_connection_lost_within_a_transaction_leaves_nothing_of_it(
    private_services: Servers, private_url: str
) -> None:
    registry = opened(private_url)
    one = experiment()
    registry.create_experiments([one])
    transactions = ServerDatabase(server_url.parsed(private_url), pool_size=1)
    attempts: list[int] = []

    def work(connection: Connection) -> None:
        attempts.append(1)
        add_one(connection, one.experiment_id)
        private_services.kill("mariadb")
        add_one(connection, one.experiment_id)

    with pytest.raises(StoreUnavailableError):
        transactions.write(work)
    assert attempts == [1], "what may have been stored is not done again unseen"
    private_services.start("mariadb")
    assert transactions.read(lambda connection: priority(connection, one.experiment_id)) == int(one.priority)
    transactions.close()
    registry.close()
