"""The SQL registry over a real MariaDB: the suite, what is stored, and many writers at once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from services.mariadb_registry import opened
from sqlalchemy import event

from airavata_adapters.registries import server_url, sql
from airavata_adapters.registries.server import ServerDatabase
from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.errors import (
    InputError,
)
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import ExperimentState, JobState, ProcessState
from airavata_workload.ports.registry import ExperimentFilter, Registry
from airavata_workload.testing.registry_suite import OpenRegistry, RegistrySuite
from airavata_workload.testing.samples import AWKWARD, change, experiment, job_record, unique

pytestmark = pytest.mark.server

PATIENCE_S = 60


@pytest.fixture
def registry(mariadb_database: str) -> Iterator[Registry]:
    registry = opened(mariadb_database)
    yield registry
    registry.close()


@pytest.fixture
def stored(registry: Registry) -> Experiment:
    one = experiment()
    registry.create_experiments([one])
    return one


class TestMariadbRegistry(RegistrySuite):
    @pytest.fixture
    def open_registry(self, mariadb_database: str) -> OpenRegistry:
        return lambda: opened(mariadb_database)


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


def counted(mariadb_database: str, work: Callable[[sql.SqlRegistry], object]) -> int:
    """How many statements the work sends, the commit left out."""
    transactions = ServerDatabase(server_url.parsed(mariadb_database), pool_size=1)
    sent: list[str] = []
    event.listen(transactions._engine, "before_cursor_execute", lambda *arguments: sent.append(arguments[2]))
    registry = sql.SqlRegistry(transactions)
    work(registry)
    registry.close()
    return len(sent)


@pytest.mark.parametrize("number", [1, 10, 100])
def test_statements_do_not_grow_with_the_changes(registry: Registry, mariadb_database: str, number: int) -> None:
    made = [experiment() for _ in range(number)]
    registry.create_experiments(made)
    tasks = [change(one, Subject.TASK, "CREATED", subject_id=unique("T")) for one in made]
    moves = [change(one, Subject.EXPERIMENT, "LAUNCHED") for one in made]
    records = [job_record(one.experiment_id) for one in made]
    assert counted(mariadb_database, lambda other: other.record(tasks)) == 1
    assert counted(mariadb_database, lambda other: other.record([*tasks, *moves])) <= 5
    assert counted(mariadb_database, lambda other: other.save_jobs(records)) == 2
    assert counted(mariadb_database, lambda other: other.save_jobs(records)) == 2


def test_of_two_processes_that_write_the_same_one_is_told_of_each(
    registry: Registry, mariadb_database: str, stored: Experiment
) -> None:
    tasks = [change(stored, Subject.TASK, "CREATED", subject_id=f"T{n}", at_us=n % 5) for n in range(210)]
    changes = [change(stored, Subject.EXPERIMENT, "LAUNCHED"), change(stored, Subject.PROCESS, "STARTED"), *tasks]
    # One from the front and one from the back: they meet, and each waits for rows of the other.
    writers = [Writer(mariadb_database, order) for order in (changes, changes[::-1])]
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
