"""``top``, and experiments that leave it to the engine where they run and when."""

from __future__ import annotations

import signal
import time
from pathlib import Path
from typing import Any

CLUSTER = """
remote_shell = "local"
file_transfer = "local"
batch_system = "fork"
scratch_directory = "{scratch}"
{more}
"""


def describe(command_line: Any, tmp_path: Path, name: str, more: str = "") -> None:
    directory = command_line.home / "clusters"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / f"{name}.toml").write_text(CLUSTER.format(scratch=tmp_path / name, more=more))


def configure(command_line: Any, text: str) -> None:
    command_line.home.mkdir(parents=True, exist_ok=True)
    (command_line.home / "config.toml").write_text(text)


def anywhere(file: Path, more: str = "") -> Path:
    """The experiment without its compute resource."""
    file.write_text(file.read_text().replace('compute_resource = "local"\n', more))
    return file


def until(command_line: Any, holds: Any) -> dict[str, Any]:
    """What ``top`` shows once the condition holds."""
    deadline_s = time.monotonic() + 30
    while not holds(found := command_line.json("top")):
        assert time.monotonic() < deadline_s, found
    return dict(found)


def test_an_experiment_runs_where_what_it_needs_is_offered(
    command_line: Any, write_experiment: Any, tmp_path: Path
) -> None:
    configure(command_line, 'placement = "least-loaded"\n')
    describe(command_line, tmp_path, "with-gpu", 'labels = ["gpu"]')
    describe(command_line, tmp_path, "other")
    file = anywhere(write_experiment("free", ["pwd"]), 'needs = ["gpu"]\n')
    assert "completed" in command_line("run", file).stdout
    shown = command_line.json("show", "free")
    assert (shown["compute_resource"], shown["candidates"], shown["needs"]) == ("with-gpu", [], ["gpu"])
    assert command_line("logs", "free", "--stdout").stdout.startswith(str(tmp_path / "with-gpu"))
    command_line("clone", "free", "--name", "again")
    assert command_line.json("show", "again")["compute_resource"] == "", "it is chosen anew"


def test_where_nothing_fits_the_experiment_fails_and_says_why(
    command_line: Any, write_experiment: Any, tmp_path: Path
) -> None:
    configure(command_line, 'placement = "round-robin"\n')
    describe(command_line, tmp_path, "other", 'application_types = ["hpc-batch"]')
    file = anywhere(write_experiment("unfit", ["pwd"]), 'needs = ["gpu"]\n')
    said = command_line("run", file, code=1).stdout
    assert "local: it does not offer gpu; other: it does not run application type 'local'" in " ".join(said.split())


def test_without_a_placement_that_chooses_it_says_what_to_do(command_line: Any, write_experiment: Any) -> None:
    said = command_line("run", anywhere(write_experiment("nowhere", ["pwd"])), code=1).stdout
    assert "names no compute resource" in " ".join(said.split())


def test_top_shows_services_limits_and_what_tasks_wait_for(
    command_line: Any, write_experiment: Any, gate: Any, tmp_path: Path
) -> None:
    configure(command_line, "max_tasks_per_user = 1\n")
    assert "No service runs" in command_line("top").stdout
    command_line.serve()
    command = gate.command
    # A task that occupies its place while it runs, unlike a job that is parked.
    dags = command_line.home / "dags"
    dags.mkdir(exist_ok=True)
    dag = tmp_path / "occupying.yaml"
    dag.write_text(
        "application_type: occupying\ntasks:\n  only:\n    kind: command\n"
        '    parameters: {command: "${application.commands.0}", directory: "/"}\n'
    )
    command_line("dags", "load", dag)
    for name in ("first", "second"):
        command_line("submit", write_experiment(name, command, application_type="occupying"))
    found = until(command_line, lambda form: form["running"] == 1 and form["waiting"] == 1)
    (service,) = found["services"]
    assert (service["service"], service["leads"], service["slots"]) == ("engine", ["scheduler", "monitor"], 16)
    (reason,) = found["reasons"]
    assert reason["tasks"] == 1
    assert "already runs 1 task" in reason["reason"]
    (resource,) = found["resources"]
    assert (resource["name"], resource["running"], resource["circuit"]["state"]) == ("local", 1, "closed")
    table = command_line("top").stdout
    assert "1 task with workers, 1 waiting" in table
    assert "a task to end, because user" in table
    gate.open()
    # Once nothing waits the first one has ended, so that whoever stands at the gate is the second.
    until(command_line, lambda form: form["waiting"] == 0)
    gate.open()
    until(command_line, lambda form: form["running"] == 0 and form["waiting"] == 0)


def test_top_goes_on_until_it_is_interrupted(command_line: Any) -> None:
    running = command_line.start("top", "--watch", "--interval", "0.1", "--output", "jsonl")
    for _ in range(2):
        assert '"services": []' in running.line_with("services", running.process.stdout)
    assert running.end(signal.SIGINT) == 0
