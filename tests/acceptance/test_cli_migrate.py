"""``migrate``: a stopped installation's experiments go on in another one, and each job runs once."""

from __future__ import annotations

import signal
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

HALF_DONE = ("EXECUTING", "COMPLETED", "CREATED")


@pytest.fixture
def there(command_line: Any, tmp_path: Path) -> Iterator[Any]:
    """The command in another, empty home."""
    made = type(command_line)(tmp_path / "there")
    made.home.mkdir(mode=0o700)
    yield made
    made.close()


def waiting_at(gate: Any, command_line: Any, write_experiment: Any, runs: Path) -> str:
    """An experiment of a stopped engine whose job, which notes that it runs, stands at the gate."""
    command = ["sh", "-c", 'echo ran >> "$2"; echo arrived; read -r word < "$1"; echo "$word"', "sh"]
    file = write_experiment("traveller", [*command, str(gate.fifo), str(runs)])
    serving = command_line.serve()
    experiment_id: str = command_line("submit", file).stdout.strip()
    watching = command_line.start("watch", experiment_id, "--output", "jsonl")
    watching.line_with('"ACTIVE"', watching.process.stdout)
    watching.end(signal.SIGINT)
    assert serving.end(signal.SIGTERM) == 0
    return experiment_id


@pytest.fixture
def traveller(command_line: Any, gate: Any, write_experiment: Any, tmp_path: Path) -> str:
    """The id of such an experiment."""
    return waiting_at(gate, command_line, write_experiment, tmp_path / "runs")


def test_an_experiment_whose_job_runs_ends_in_the_other_installation(
    command_line: Any, there: Any, gate: Any, traveller: str, tmp_path: Path, write_experiment: Any
) -> None:
    ended = command_line("run", write_experiment("done before", ["echo", "old"])).stdout
    assert "done before" in ended
    waiting = command_line("submit", write_experiment("not launched", ["echo", "late"])).stdout.strip()
    command_line("credentials", "add", "door", "--password", "--stdin", "--user", "ada", stdin="s3cret\n")
    before = command_line.json("show", traveller)
    trail = command_line.json("logs", traveller)

    planned = command_line.json("migrate", "--to", there.home, "--dry-run")
    assert (planned["moved"], planned["experiments"], planned["unfinished"], planned["jobs"]) == (False, 3, 1, 1)
    assert (planned["credentials"], planned["messages"]) == (1, 1)
    assert there.json("list") == []
    assert command_line.json("migrate", "--to", there.home) == {**planned, "moved": True}

    after = there.json("show", traveller)
    assert after == before
    assert {task["state"] for task in after["tasks"]} == set(HALF_DONE)
    assert there.json("logs", traveller) == trail
    assert [each["token"] for each in there.json("credentials", "list")] == ["door"]
    serving = there.serve()
    gate.open()
    for experiment_id, said in ((traveller, "arrived\ngo\n"), (waiting, "late\n")):
        there("watch", experiment_id)
        assert there("logs", experiment_id, "--stdout").stdout == said
    assert serving.end(signal.SIGTERM) == 0
    assert (tmp_path / "runs").read_text() == "ran\n"
    assert len(there.json("show", traveller)["jobs"]) == 1
    assert {each["state"] for each in there.json("list")} == {"COMPLETED"}


def test_the_old_installation_refuses_to_run_and_says_where_its_experiments_are(
    command_line: Any, there: Any, gate: Any, traveller: str, write_experiment: Any
) -> None:
    command_line("migrate", "--to", there.home)
    file = write_experiment("late", ["true"])
    for arguments in (("serve",), ("service", "worker"), ("run", file), ("submit", file), ("recover",)):
        assert str(there.home) in command_line.error(*arguments, code=2)["message"]
    assert command_line.json("show", traveller)["experiment_id"] == traveller
    assert "was done before" in " ".join(command_line("migrate", "--to", there.home).stderr.split())
    # Even without the file, nothing here can run again what runs there now.
    (command_line.home / "moved.json").unlink()
    assert command_line.json("recover", "--list") == []
    assert command_line.json("recover") == []
    there("cancel", traveller)


def test_an_installation_that_runs_is_not_moved(command_line: Any, there: Any) -> None:
    serving = command_line.serve()
    error = command_line.error("migrate", "--to", there.home, code=2)
    assert f"process {serving.process.pid}" in error["message"]
    assert not (command_line.home / "moved.json").exists()
    assert serving.end(signal.SIGTERM) == 0
    command_line("migrate", "--to", there.home)


def test_nothing_starts_while_a_move_is_not_done(command_line: Any, there: Any) -> None:
    command_line("migrate", "--to", there.home)
    file = command_line.home / "moved.json"
    file.write_text(file.read_text().replace('"stage": "done"', '"stage": "copying"'))
    assert "is being moved" in command_line.error("serve", code=2)["message"]


def test_other_experiments_of_the_same_ids_are_not_overwritten(
    command_line: Any, there: Any, write_experiment: Any
) -> None:
    command_line("run", write_experiment("mine", ["true"]))
    command_line("migrate", "--to", there.home)
    (command_line.home / "moved.json").unlink()
    with sqlite3.connect(there.home / "workload.db") as database:
        database.execute("UPDATE experiments SET request = replace(request, 'true', 'false')")
    (experiment,) = command_line.json("list")
    error = command_line.error("migrate", "--to", there.home, code=2)
    assert experiment["experiment_id"] in error["message"]
    assert not (command_line.home / "moved.json").exists()


def test_another_credential_of_the_same_name_is_not_overwritten(command_line: Any, there: Any) -> None:
    for each, password in ((command_line, "one"), (there, "two")):
        each("credentials", "add", "door", "--password", "--stdin", "--user", "ada", stdin=f"{password}\n")
    error = command_line.error("migrate", "--to", there.home, code=2)
    assert "'door'" in error["message"]


@pytest.mark.parametrize("place", ["same", "nowhere"])
def test_a_target_that_cannot_be_one_is_refused(command_line: Any, place: str, tmp_path: Path) -> None:
    command_line("list")
    command_line.error("migrate", "--to", command_line.home if place == "same" else tmp_path / place, code=2)
    assert not (command_line.home / "moved.json").exists()


def test_moving_back_into_a_moved_installation_is_refused(command_line: Any, there: Any) -> None:
    command_line("migrate", "--to", there.home)
    assert str(there.home) in there.error("migrate", "--to", command_line.home, code=2)["message"]
