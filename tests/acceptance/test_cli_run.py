"""``run``, ``demo`` and ``recover``: one person on one machine, nothing else running."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest


def test_run_tells_where_the_outputs_are(command_line: Any, write_experiment: Any) -> None:
    done = command_line("run", write_experiment("hello", ["echo", "good morning"]))
    assert "hello  ✓ completed" in done.stdout
    where = next(line for line in done.stdout.splitlines() if line.startswith("Outputs are in ")).removeprefix(
        "Outputs are in "
    )
    assert (Path(where) / "local.stdout").read_text() == "good morning\n"
    assert "\x1b" not in done.stdout + done.stderr, "no colours in a pipe"
    assert all(line == line.rstrip() for line in done.stdout.splitlines())


def test_run_tells_what_failed_and_what_to_do_next(command_line: Any, write_experiment: Any) -> None:
    file = write_experiment("broken", ["sh", "-c", "echo the deck is missing >&2; exit 3"])
    done = command_line("run", file, code=1)
    assert "broken  ✗ failed" in done.stdout
    assert "task run: The application ended with exit code 3" in done.stdout
    experiment = command_line.json("list")[0]
    for command in ("logs", "show", "retry"):
        assert f"airavata-workload {command} broken_{experiment['experiment_id'].split('_')[1][:8]}" in done.stdout
    assert command_line("logs", "broken", "--stderr").stdout == "the deck is missing\n"


def test_run_of_several_gives_one_json_object_each(command_line: Any, write_experiment: Any) -> None:
    files = [write_experiment(name, ["echo", name]) for name in ("one", "two")]
    found = command_line.json("run", *files)
    assert [(each["name"], each["state"]) for each in found] == [("one", "COMPLETED"), ("two", "COMPLETED")]
    assert {output["path"] for output in found[0]["outputs"]} == {"local.stdout", "local.stderr"}
    lines = command_line("run", files[0], "--output", "jsonl").stdout.splitlines()
    assert [json.loads(line)["name"] for line in lines] == ["one"]


def test_run_counts_many_in_sum(command_line: Any, write_experiment: Any) -> None:
    good = write_experiment("good", ["true"])
    bad = write_experiment("bad", ["false"])
    done = command_line("run", good, good, good, bad, good, code=1)
    assert "5 experiments  ✓ 4 completed   ✗ 1 failed" in done.stdout
    assert "bad_" in done.stdout


@pytest.mark.parametrize("name", ['it\'s "$(rm -rf /)"', "Größe Ω 細胞", "line\nbreak \x1b[31m", "-rf", "../up"])
def test_unusual_names_go_through_unharmed(name: str, command_line: Any, write_experiment: Any) -> None:
    file = write_experiment("x", ["printf", "%s", name])
    escaped = json.dumps(name).replace("\\u001b", "\\u001B")
    file.write_text(file.read_text().replace('name = "x"', f"name = {escaped}"), encoding="utf-8")
    found = command_line.json("run", file)[0]
    assert found["name"] == name
    assert command_line("logs", found["experiment_id"], "--stdout").stdout == name
    for command in ("show", "logs", "graph", "list"):
        shown = command_line(command, *([] if command == "list" else [found["experiment_id"]])).stdout
        assert "\x1b" not in shown, "what a user writes never commands the terminal"
    if "\n" in name:
        assert "line\\nbreak \\x1b[31m" in command_line("show", found["experiment_id"]).stdout


def test_ctrl_c_loses_nothing_and_recover_goes_on(command_line: Any, write_experiment: Any, gate: Any) -> None:
    running = command_line.start("run", write_experiment("patient", gate.command))
    running.line_with("● active")
    running.process.send_signal(signal.SIGINT)
    said = running.line_with("not lost")
    assert "patient_" in said
    assert running.wait() == 130
    assert [each["name"] for each in command_line.json("recover", "--list")] == ["patient"]
    recovering = command_line.start("recover", "--output", "json")
    gate.open("recovered")
    output, _ = recovering.process.communicate(timeout=60)
    (found,) = json.loads(output)
    assert (found["state"], recovering.process.returncode) == ("COMPLETED", 0)
    assert len(found["jobs"]) == 1, "the job was adopted, not submitted again"
    assert "arrived\nrecovered\n" in command_line("logs", "patient", "--stdout").stdout
    assert "nothing to recover" in command_line("recover").stdout


def test_kill_and_recover(command_line: Any, write_experiment: Any, gate: Any) -> None:
    running = command_line.start("run", write_experiment("killed", gate.command))
    running.line_with("● active")
    assert running.end(signal.SIGKILL) == -signal.SIGKILL
    recovering = command_line.start("recover")
    gate.open()
    assert recovering.wait() == 0
    shown = command_line.json("show", "killed")
    assert (shown["state"], len(shown["jobs"])) == ("COMPLETED", 1)


def test_a_second_ctrl_c_ends_at_once(command_line: Any, write_experiment: Any, gate: Any) -> None:
    # a command task, unlike a job, keeps the worker busy, so that the first Ctrl-C has something to wait for
    dag = Path(write_experiment("x", ["true"])).with_name("waiting.yaml")
    dag.write_text(
        "application_type: waiting\n"
        "tasks:\n  wait:\n    kind: command\n"
        '    parameters: {command: ["sh", "-c", "read -r word < \\"$1\\"", sh, "${parameters.fifo}"]}\n'
    )
    command_line("dags", "load", dag)
    more = f"[parameters]\nfifo = {json.dumps(str(gate.fifo))}\n"
    running = command_line.start("run", write_experiment("stuck", more=more, application_type="waiting"))
    writer = os.open(gate.fifo, os.O_WRONLY)  # returns when the command reads
    running.process.send_signal(signal.SIGINT)
    running.line_with("again ends at once")
    assert running.end(signal.SIGINT) == 130
    os.close(writer)
    assert [each["name"] for each in command_line.json("recover", "--list")] == ["stuck"]


def test_cancel_works_when_nobody_drives_the_experiment(command_line: Any, write_experiment: Any, gate: Any) -> None:
    running = command_line.start("run", write_experiment("orphan", gate.command))
    running.line_with("● active")
    running.end(signal.SIGKILL)
    (found,) = command_line.json("cancel", "orphan", "--reason", "not needed")
    assert found["state"] == "CANCELED"
    shown = command_line.json("show", "orphan")
    assert [job["state"] for job in shown["jobs"]] == ["CANCELED"]
    assert command_line.json("recover", "--list") == []
    assert any(change["reason"] == "not needed" for change in command_line.json("logs", "orphan"))


def test_retry_runs_only_what_did_not_complete(command_line: Any, write_experiment: Any, tmp_path: Path) -> None:
    marker = tmp_path / "mended"
    command_line("run", write_experiment("mendable", ["test", "-e", str(marker)]), code=1)
    before = {task["name"]: task["task_id"] for task in command_line.json("show", "mendable")["tasks"]}
    marker.touch()
    again = command_line.json("retry", "mendable")
    assert again["state"] == "COMPLETED"
    after = {task["name"]: task["task_id"] for task in again["tasks"]}
    assert after["stage-in"] == before["stage-in"]
    assert after["run"] != before["run"]
    assert "only one that FAILED" in command_line.error("retry", "mendable", code=2)["message"]


def test_the_demo_computes_the_orbits(command_line: Any, tmp_path: Path) -> None:
    done = command_line("demo", tmp_path / "outputs of the demo")
    assert "planets  ✓ completed" in done.stdout
    assert {"trajectory.csv", "orbits.svg", "energy.txt"} <= {path.name for path in tmp_path.glob("outputs*/*")}


def test_a_terminal_sees_the_tasks_drawn_again(command_line: Any, write_experiment: Any, gate: Any) -> None:
    terminal, other_end = pty.openpty()
    process = subprocess.Popen(
        ["airavata-workload", "run", write_experiment("drawn", gate.command)],
        executable=str(Path(sys.executable).with_name("airavata-workload")),
        env={**command_line.environment, "TERM": "xterm-256color", "LINES": "24"},
        stdin=other_end,
        stdout=other_end,
        stderr=other_end,
    )
    os.close(other_end)
    threading.Thread(target=gate.open, daemon=True).start()
    drawn = b""
    while True:
        try:
            piece = os.read(terminal, 65536)
        except OSError:  # Linux: EIO when the last writer has gone
            break
        if not piece:
            break
        drawn += piece
    assert process.wait(60) == 0
    assert b"\x1b[1A" in drawn, "lines are drawn over"
    assert b"\x1b[?25h" in drawn, "the cursor is back"
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", drawn.decode())
    assert "● run" in text
    assert "✓ stage-out" in text
    assert text.rstrip().endswith("local.stdout")


def test_the_lines_of_a_run_come_in_the_order_of_what_happened(command_line: Any, write_experiment: Any) -> None:
    done = command_line("run", write_experiment("in order", ["true"]))
    lines = [line for line in (done.stdout + done.stderr).splitlines() if re.match(r"\d\d:\d\d:\d\d\.", line)]
    assert lines
    assert "process completed" in lines[-1]
    assert not [line for line in lines if "created" in line.split("task")[0]]
