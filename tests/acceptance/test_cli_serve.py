"""``serve`` with all that speaks to it: submit, watch, cancel, hold, release, retry, clone."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture
def served(shared_command_line: Any) -> Iterator[Any]:
    """The command, with an engine that runs for this test."""
    engine = shared_command_line.serve()
    yield shared_command_line
    assert engine.end(signal.SIGTERM) == 0


def states_until(running: Any, subject: str, state: str) -> list[dict[str, Any]]:
    """Events that ``watch --output jsonl`` prints, up to the one in which the subject takes the state."""
    events = []
    for line in running.process.stdout:
        events.append(json.loads(line))
        body = events[-1]["body"]
        if (body.get("subject"), body.get("state")) == (subject, state):
            return events
    raise AssertionError(f"no {subject} became {state}: {events}")


def test_submit_watch_and_the_outputs(served: Any, write_experiment: Any) -> None:
    experiment_id = served("submit", write_experiment("submitted", ["echo", "from afar"])).stdout.strip()
    done = served("watch", experiment_id)
    assert "submitted  ✓ completed" in done.stdout
    assert served("logs", experiment_id, "--stdout").stdout == "from afar\n"


def test_submit_waits_if_told_so(served: Any, write_experiment: Any) -> None:
    files = [write_experiment("good", ["true"]), write_experiment("bad", ["sh", "-c", "exit 9"])]
    found = served.json("submit", "--wait", *files, code=1)
    assert [each["state"] for each in found] == ["COMPLETED", "FAILED"]


def test_submit_without_an_engine_says_so_and_loses_nothing(command_line: Any, write_experiment: Any) -> None:
    done = command_line("submit", write_experiment("early", ["echo", "bird"]))
    assert "no engine is running" in done.stderr
    assert "airavata-workload serve" in done.stderr
    engine = command_line.serve()
    assert "early  ✓ completed" in command_line("watch", done.stdout.strip()).stdout
    assert engine.end(signal.SIGINT) == 0


def test_watch_streams_every_event_as_jsonl(served: Any, write_experiment: Any, gate: Any) -> None:
    experiment_id = served("submit", write_experiment("streamed", gate.command)).stdout.strip()
    running = served.start("watch", experiment_id, "--output", "jsonl")
    first = states_until(running, "job", "ACTIVE")
    gate.open()
    rest = states_until(running, "experiment", "COMPLETED")
    assert running.wait() == 0
    sequences = [event["sequence"] for event in first + rest]
    assert sequences == sorted(set(sequences))
    assert first[0]["body"]["state"] == "LAUNCHED", "the past comes first"
    again = served("watch", experiment_id, "--output", "jsonl", "--since", str(sequences[-2])).stdout.splitlines()
    assert [json.loads(line)["sequence"] for line in again] == sequences[-1:]


def test_output_of_a_running_job_is_read_on_its_cluster(served: Any, write_experiment: Any, gate: Any) -> None:
    experiment_id = served("submit", write_experiment("talking", gate.command)).stdout.strip()
    states_until(served.start("watch", experiment_id, "--output", "jsonl"), "job", "ACTIVE")
    writer = os.open(gate.fifo, os.O_WRONLY)  # returns when the job has printed and reads
    found = served.json("logs", experiment_id, "--stdout")
    assert (found["text"], found["place"].split(":")[0]) == ("arrived\n", "local")
    os.write(writer, b"go\n")
    os.close(writer)
    served("watch", experiment_id)


def test_cancel_stops_the_job(served: Any, write_experiment: Any, gate: Any) -> None:
    experiment_id = served("submit", write_experiment("unwanted", gate.command)).stdout.strip()
    running = served.start("watch", experiment_id, "--output", "jsonl")
    states_until(running, "job", "ACTIVE")
    assert served.json("cancel", experiment_id)[0]["state"] in ("CANCELING", "CANCELED")
    states_until(running, "experiment", "CANCELED")
    assert running.wait() == 1
    assert [job["state"] for job in served.json("show", experiment_id)["jobs"]] == ["CANCELED"]
    assert "has ended (CANCELED)" in served.error("cancel", experiment_id, code=2)["message"]


def test_hold_keeps_back_and_release_lets_go(served: Any, write_experiment: Any, gate: Any) -> None:
    experiment_id = served("submit", write_experiment("held", gate.command)).stdout.strip()
    running = served.start("watch", experiment_id, "--output", "jsonl")
    states_until(running, "job", "ACTIVE")
    assert served.json("hold", experiment_id)[0]["held"] is True
    gate.open()
    states_until(running, "job", "COMPLETE")
    assert [each["name"] for each in served.json("list", "--held")] == ["held"]
    shown = served("show", experiment_id).stdout
    assert "executing (held)" in shown
    assert served.json("release", experiment_id)[0]["held"] is False
    states_until(running, "experiment", "COMPLETED")
    assert running.wait() == 0
    served("hold", experiment_id, code=2)


def test_what_works_with_one_experiment_does_not_depend_on_the_others(
    served: Any, write_experiment: Any, gate: Any
) -> None:
    experiment_id = served("submit", write_experiment("among others", gate.command)).stdout.strip()
    states_until(served.start("watch", experiment_id, "--output", "jsonl"), "job", "ACTIVE")
    done = served("cancel", "no-such-experiment", experiment_id, code=4)
    assert "There is no experiment 'no-such-experiment'" in done.stderr
    assert "among_others" in done.stdout


def test_retry_is_taken_by_the_engine(served: Any, write_experiment: Any, tmp_path: Path) -> None:
    marker = tmp_path / "mended"
    experiment_id = served("submit", write_experiment("again", ["test", "-e", str(marker)])).stdout.strip()
    served("watch", experiment_id, code=1)
    marker.touch()
    assert "watch again_" in served("retry", experiment_id).stderr
    assert "again  ✓ completed" in served("watch", experiment_id).stdout


def test_clone_is_a_new_experiment(served: Any, write_experiment: Any) -> None:
    first = served("submit", "--wait", write_experiment("original", ["echo", "twice"]), "-o", "json").stdout
    original = json.loads(first)[0]["experiment_id"]
    clone = served("clone", original, "--name", "copy of it").stdout.strip()
    assert served.json("show", clone)["cloned_from"] == original
    assert served.json("show", clone)["state"] == "CREATED"
    assert served("submit", clone).stdout.strip() == clone
    served("watch", clone)
    assert served("logs", clone, "--stdout").stdout == "twice\n"
    assert "submitted before" in served.error("submit", clone, code=2)["message"]
    submitted = served.json("clone", original, "--submit")
    assert served.json("watch", submitted["experiment_id"])["state"] == "COMPLETED"


def test_serve_takes_up_what_a_killed_serve_left(command_line: Any, write_experiment: Any, gate: Any) -> None:
    engine = command_line.serve()
    experiment_id = command_line("submit", write_experiment("left", gate.command)).stdout.strip()
    running = command_line.start("watch", experiment_id, "--output", "jsonl")
    states_until(running, "job", "ACTIVE")
    engine.end(signal.SIGKILL)
    next_engine = command_line.serve()
    gate.open()
    states_until(running, "experiment", "COMPLETED")
    assert len(command_line.json("show", experiment_id)["jobs"]) == 1
    assert next_engine.end(signal.SIGTERM) == 0
