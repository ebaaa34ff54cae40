"""What people get wrong: one clear line, what to do next, the right exit code, never a traceback."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["lst"], 2, "Did you mean 'list'?"),
        (["list", "--stat", "FAILED"], 2, "--state"),
        (["list", "--state", "DONE"], 2, "DONE"),
        (["list", "--limit", "0"], 2, "--limit"),
        (["run"], 2, "FILE"),
        (["run", "nothing.toml"], 2, "nothing.toml"),
        (["submit", "nothing"], 2, "neither a file nor"),
        (["show", "nothing"], 4, "There is no experiment 'nothing'"),
        (["watch", "nothing"], 4, "There is no experiment 'nothing'"),
        (["clone", "nothing"], 4, "There is no experiment 'nothing'"),
        (["retry", "nothing"], 4, "There is no experiment 'nothing'"),
        (["dags", "show", "nothing"], 4, "nothing"),
        (["clusters", "show", "nothing"], 4, "There is no cluster 'nothing'"),
        (["credentials", "remove", "nothing"], 4, "nothing"),
    ],
)
def test_wrong_use(arguments: list[str], code: int, words: str, shared_command_line: Any) -> None:
    done = shared_command_line(*arguments, code=code)
    assert done.stdout == ""
    assert done.stderr.startswith("error: ")
    assert words in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "words"), [(["lst"], 2, "Did you mean 'list'?"), (["show", "nothing"], 4, "'nothing'")]
)
def test_errors_are_json_when_json_is_wanted(
    arguments: list[str], code: int, words: str, shared_command_line: Any
) -> None:
    error = json.loads(shared_command_line(*arguments, "--output", "json", code=code).stderr.splitlines()[-1])["error"]
    assert words in error["message"] + str(error["remedy"])
    assert error["exit_code"] == code


def test_a_misspelt_key_names_line_and_nearest_word(command_line: Any, write_experiment: Any) -> None:
    file = write_experiment("misspelt", ["true"])
    file.write_text(file.read_text().replace("compute_resource", "compute_resorce"))
    done = command_line("run", file, code=2)
    assert f"{file}:4" in done.stderr
    assert "Did you mean 'compute_resource'?" in done.stderr


def test_a_misspelt_application_type_is_refused_before_anything_is_stored(
    command_line: Any, write_experiment: Any
) -> None:
    error = command_line.error("run", write_experiment("x", ["true"], application_type="locl"), code=4)
    assert "Did you mean 'local'?" in error["message"]
    assert command_line.json("list") == []


def test_an_unknown_cluster_fails_the_experiment_with_the_reason(command_line: Any, write_experiment: Any) -> None:
    file = write_experiment("x", ["true"])
    file.write_text(file.read_text().replace('compute_resource = "local"', 'compute_resource = "locall"'))
    done = command_line("run", file, code=1)
    assert "Did you mean 'local'?" in done.stdout


def test_misspelt_settings_are_an_error(command_line: Any) -> None:
    command_line.home.mkdir()
    (command_line.home / "config.toml").write_text("worker_slotz = 3\n")
    done = command_line("list", code=2)
    assert "config.toml:1" in done.stderr
    assert "Did you mean 'worker_slots'?" in done.stderr
    assert "Did you mean" in command_line("list", code=2, AIRAVATA_WORKLOAD_LOG_LEVL="debug").stderr


def test_a_home_that_cannot_be_written_is_denied(command_line: Any, tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("a file, and no directory")
    done = command_line("list", "--home", file, code=2)
    assert str(file) in done.stderr
    denied = command_line("list", code=5, AIRAVATA_WORKLOAD_HOME=str(file))
    assert f"{file} cannot be used" in denied.stderr
    assert "--home" in denied.stderr
    if os.getuid() != 0:  # root may write anywhere
        closed = tmp_path / "closed"
        closed.mkdir(mode=0o500)
        command_line("list", "--home", closed / "home", code=5)


def test_an_ambiguous_id_is_refused(command_line: Any, write_experiment: Any) -> None:
    file = write_experiment("twin", ["true"])
    command_line("run", file, file)
    done = command_line("show", "twin", code=4)
    assert "twin_" in done.stderr


def test_verbose_shows_the_traceback(command_line: Any) -> None:
    done = command_line("--verbose", "show", "nothing", code=4)
    assert "Traceback" in done.stderr
    assert done.stderr.splitlines()[-2].startswith("error: ")


def test_help_and_version(shared_command_line: Any) -> None:
    text = shared_command_line("--help").stdout
    assert "Exit codes" in text
    assert shared_command_line("-h").stdout == text
    assert shared_command_line("--version").stdout.startswith("airavata-workload ")
    for command in (["run", "--help"], ["dags", "--help"], ["dags", "load", "--help"]):
        assert "Options of every command" in shared_command_line(*command).stdout


def test_shell_completion_offers_commands_and_ids(command_line: Any, write_experiment: Any) -> None:
    experiment = command_line.json("run", write_experiment("completed", ["true"]))[0]

    def offered(words: str) -> str:
        done = command_line(
            _AIRAVATA_WORKLOAD_COMPLETE="complete_bash", COMP_WORDS=words, COMP_CWORD=str(len(words.split(" ")) - 1)
        )
        return str(done.stdout)

    assert "recover" in offered("airavata-workload rec")
    assert experiment["experiment_id"] in offered("airavata-workload show comp")
    assert "planets" in offered("airavata-workload dags show pla")
    assert "airavata-workload" in command_line("--show-completion", SHELL="/bin/bash").stdout


def test_a_reader_that_goes_away_is_no_error(shared_command_line: Any) -> None:
    program = Path(sys.executable).with_name("airavata-workload")
    done = subprocess.run(
        ["bash", "-o", "pipefail", "-c", f"'{program}' plugins list | head -1"],
        env=shared_command_line.environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
