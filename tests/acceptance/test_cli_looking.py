"""The commands that look: list, show, logs, graph, dags, clusters, plugins, config, doctor; and credentials."""

from __future__ import annotations

import contextlib
import json
import os
import pwd
import sqlite3
import stat
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ME = pwd.getpwuid(os.getuid()).pw_name


@pytest.fixture(scope="module")
def furnished(shared_command_line: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A home with three experiments that have ended: alpha, beta of somebody else, and gamma, which failed."""
    folder = tmp_path_factory.mktemp("experiments")
    files = []
    for name, command, user in (("alpha", "true", ""), ("beta", "true", "somebody"), ("gamma", "false", "")):
        of_user = f'user = "{user}"\n' if user else ""
        (folder / f"{name}.toml").write_text(
            f'[experiment]\nname = "{name}"\napplication_type = "local"\ncompute_resource = "local"\n{of_user}'
            f'[application]\ncommands = [["{command}"]]\n'
        )
        files.append(folder / f"{name}.toml")
    shared_command_line("run", *files, code=1)
    return shared_command_line


def names(found: list[dict[str, Any]]) -> list[str]:
    return [each["name"] for each in found]


def test_list_shows_ones_own_newest_first(furnished: Any) -> None:
    assert sorted(names(furnished.json("list"))) == ["alpha", "gamma"]
    assert {each["user"] for each in furnished.json("list")} == {os.environ.get("LOGNAME", ME)}
    created = [each["created_at"] for each in furnished.json("list", "--all-users")]
    assert created == sorted(created, reverse=True)


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--all-users"], ["alpha", "beta", "gamma"]),
        (["--user", "somebody"], ["beta"]),
        (["--state", "failed"], ["gamma"]),
        (["--name", "alph"], ["alpha"]),
        (["--type", "local", "--resource", "local"], ["alpha", "gamma"]),
        (["--type", "planets"], []),
        (["--held"], []),
        (["--not-held"], ["alpha", "gamma"]),
    ],
)
def test_list_filters(options: list[str], expected: list[str], furnished: Any) -> None:
    assert sorted(names(furnished.json("list", *options))) == expected


def test_list_in_pages(furnished: Any) -> None:
    everything = names(furnished.json("list", "--all-users"))
    assert names(furnished.json("list", "--all-users", "--limit", "2")) == everything[:2]
    assert names(furnished.json("list", "--all-users", "--limit", "2", "--offset", "2")) == everything[2:]
    assert "These are 1 to 2 of 3; '--offset 2' shows more." in furnished("list", "-a", "--limit", "2").stdout


def test_options_may_stand_before_the_command(furnished: Any, tmp_path: Path) -> None:
    assert json.loads(furnished("--output", "json", "list").stdout) == furnished.json("list")
    assert furnished.json("--home", tmp_path / "another", "list") == []
    assert furnished.json("list", "--home", tmp_path / "another") == []


def test_show_tells_everything(furnished: Any) -> None:
    shown = furnished.json("show", "gamma")
    assert shown["state"] == "FAILED"
    assert {task["name"]: task["state"] for task in shown["tasks"]}["run"] == "FAILED"
    assert shown["jobs"][0]["exit_code"] == 1
    text = furnished("show", "gamma").stdout
    for word in ("Why", "Tasks", "Jobs", "exit code 1", shown["experiment_id"], "local.stdout"):
        assert word in text


@pytest.mark.parametrize("columns", ["80", "120"])
def test_nothing_is_wider_than_the_terminal(columns: str, furnished: Any) -> None:
    for command in (["list", "-a"], ["show", "gamma"], ["logs", "gamma"], ["graph", "gamma"], ["plugins", "list"]):
        lines = furnished(*command, COLUMNS=columns).stdout.splitlines()
        assert max(len(line) for line in lines) <= int(columns), command


def test_logs_of_one_task(furnished: Any) -> None:
    changes = furnished.json("logs", "gamma", "--task", "run")
    assert {(each["subject"], each["name"]) for each in changes if each["subject"] != "job"} == {("task", "run")}
    assert [each["state"] for each in changes][-1] == "FAILED"
    error = furnished.error("logs", "gamma", "--task", "rnu", code=4)
    assert "Did you mean 'run'?" in error["message"]


def test_graph_of_an_experiment_shows_states(furnished: Any) -> None:
    drawn = furnished("graph", "gamma").stdout
    assert "✓ stage-in" in drawn
    assert "✗ run" in drawn
    assert "╰────" in drawn


def test_graph_falls_back_to_ascii(furnished: Any) -> None:
    drawn = furnished("graph", "gamma", PYTHONIOENCODING="ascii").stdout
    assert drawn.isascii()
    assert "x run" in drawn
    assert "+----" in drawn
    assert furnished("list", PYTHONIOENCODING="ascii").stdout.isascii()


def test_graph_of_an_application_type(furnished: Any) -> None:
    assert "integrate" in furnished("graph", "planets").stdout
    assert furnished.json("graph", "planets")["application_type"] == "planets"
    assert "neither an experiment nor an application type" in furnished.error("graph", "nothing", code=4)["message"]


def test_dags_are_listed_shown_checked_and_loaded(command_line: Any, tmp_path: Path) -> None:
    shipped = {dag["application_type"]: dag["version"] for dag in command_line.json("dags", "list")}
    assert {"hpc-batch", "local", "cloud", "planets", "BIOLOGY", "CHEMISTRY", "MATHS", "PHYSICS"} <= set(shipped)
    file = tmp_path / "own.yaml"
    file.write_text('application_type: own\ntasks:\n  only:\n    kind: command\n    parameters: {command: ["true"]}\n')
    assert "own is right: 1 task" in command_line("dags", "check", file).stdout
    assert "own" not in names_of_types(command_line)
    assert command_line.json("dags", "load", file)[0]["version"] == 1
    file.write_text(file.read_text().replace('"true"', '"false"'))
    assert command_line.json("dags", "load", file)[0]["version"] == 2
    assert command_line.json("dags", "show", "own", "--version", "1")["nodes"][0]["parameters"]["command"] == ["true"]
    assert "only" in command_line("dags", "show", "own").stdout
    assert "Did you mean 'planets'?" in command_line.error("dags", "show", "planet", code=4)["message"]


def names_of_types(command_line: Any) -> list[str]:
    return [dag["application_type"] for dag in command_line.json("dags", "list")]


def test_a_wrong_dag_is_refused_with_its_place(command_line: Any, tmp_path: Path) -> None:
    file = tmp_path / "wrong.yaml"
    file.write_text("application_type: wrong\ntasks:\n  only:\n    kind: comand\n    parameters: {command: [x]}\n")
    done = command_line("dags", "load", file, code=2)
    assert f"{file}:4" in done.stderr
    assert "Did you mean 'command'?" in done.stderr
    assert "wrong" not in names_of_types(command_line)


def test_clusters(command_line: Any) -> None:
    folder = command_line.home / "clusters"
    folder.mkdir(parents=True)
    (folder / "far.toml").write_text(
        'host = "far.example.org"\nuser = "me"\nport = 2222\nscratch_directory = "/scratch/{user}"\n'
        '[queues.short]\nmax_wall_time = "00:30:00"\n'
    )
    (folder / "odd.toml").write_text('hots = "x"\nscratch_directory = "/s"\n')
    done = command_line("clusters", "list")
    assert "me@far.example.org:2222" in done.stdout
    assert "Did you mean 'host'?" in done.stderr
    shown = command_line.json("clusters", "show", "far")
    assert shown["scratch_directory"] == "/scratch/me"
    assert shown["queues"][0]["max_wall_time_s"] == 1800
    assert "30:00" in command_line("clusters", "show", "far").stdout
    checked = command_line.json("clusters", "check", "local")
    assert {each["verdict"] for each in checked} == {"ok"}
    assert [each["verdict"] for each in command_line.json("clusters", "check", "odd", code=3)] == ["fail"]
    assert "Did you mean 'far'?" in command_line.error("clusters", "check", "fra", code=4)["message"]


def test_doctor_finds_this_machine_well(command_line: Any) -> None:
    found = {each["subject"]: each for each in command_line.json("doctor")}
    assert {each["verdict"] for each in found.values()} == {"ok"}, found
    wanted = {"python", "home", "settings", "stores", "records", "dags", "plugins", "local: login", "local: jobs"}
    assert wanted <= set(found)
    assert "All is well." in command_line("doctor").stdout


def test_doctor_names_what_is_wrong_and_the_remedy(command_line: Any, tmp_path: Path) -> None:
    folder = command_line.home / "clusters"
    folder.mkdir(parents=True)
    (folder / "down.toml").write_text(
        'host = "127.0.0.1"\nport = 9\nscratch_directory = "/tmp"\nconnect_timeout_s = 5.0\nuse_agent = false\n'
    )
    found = {each["subject"]: each for each in command_line.json("doctor", code=3)}
    assert found["down: login"]["verdict"] == "fail"
    assert found["down: login"]["remedy"]
    assert "down: jobs" not in found, "what needs the login is not tried"
    (command_line.home / "config.toml").write_text("worker_slotz = 3\n")
    found = {each["subject"]: each for each in command_line.json("doctor", code=3)}
    assert "Did you mean 'worker_slots'?" in found["settings"]["said"]


def test_doctor_finds_a_record_store_that_cannot_be_used_and_goes_on(command_line: Any, tmp_path: Path) -> None:
    command_line("db", "upgrade")
    with contextlib.closing(sqlite3.connect(command_line.home / "gateway.db")) as database, database:
        database.execute("UPDATE gateway_alembic_version SET version_num = 'gateway_9999'")
    found = {each["subject"]: each for each in command_line.json("doctor", code=3)}
    assert "gateway_9999" in found["records"]["said"]
    assert [each["verdict"] for each in found.values()].count("fail") == 1
    settings = command_line.home / "config.toml"
    url = "mysql+pymysql://app:S3cret-word@127.0.0.1:1/portals"
    behind = f"sqlite:///{tmp_path / 'behind.db'}"
    for told, options in (("db upgrade", f'url = "{behind}"\nupgrade = false'), ("127.0.0.1:1", f'url = "{url}"')):
        settings.write_text(f'record_store = "sql"\n[options.record_store]\n{options}\n')
        found = {each["subject"]: each for each in command_line.json("doctor", code=3)}
        assert found["stores"]["verdict"] == "ok"
        assert told in found["records"]["said"] + found["records"]["remedy"]
        assert "S3cret-word" not in str(found)


def test_plugins_tell_who_brings_them_and_what_they_take(command_line: Any) -> None:
    tasks = {each["name"]: each for each in command_line.json("plugins", "list", "--namespace", "tasks")}
    assert {each["namespace"] for each in tasks.values()} == {"tasks"}
    command = tasks["command"]
    assert command["distribution"] == "airavata-workload"
    parameters = {each["name"]: each for each in command["parameters"]}
    assert parameters["command"]["type"] == "list[str]"
    assert parameters["command"]["required"] is True
    assert parameters["timeout_s"]["default"] == 3600.0
    assert "Did you mean 'tasks'?" in command_line.error("plugins", "list", "-n", "task", code=4)["message"]


def test_config_tells_from_where_each_setting_comes(command_line: Any) -> None:
    command_line.home.mkdir()
    (command_line.home / "config.toml").write_text('worker_slots = 3\n[options.registry]\npassword = "hush"\n')
    done = command_line("config", "show", "--output", "json", AIRAVATA_WORKLOAD_DRAIN_TIME_S="7")
    found = {each["name"]: each for each in json.loads(done.stdout)}
    assert (found["worker_slots"]["value"], found["worker_slots"]["source"]) == (3, "file")
    assert (found["drain_time_s"]["value"], found["drain_time_s"]["source"]) == (7.0, "environment")
    assert found["log_level"]["source"] == "default"
    assert "hush" not in done.stdout
    assert command_line("config", "path").stdout.strip() == str(command_line.home / "config.toml")


@pytest.fixture
def make_key(tmp_path: Path) -> Callable[[str], Path]:
    """Makes an OpenSSH key with that passphrase."""

    def make(passphrase: str) -> Path:
        path = tmp_path / f"key{len(passphrase)}"
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", passphrase, "-f", path], check=True, timeout=60)
        return path

    return make


def test_credentials_are_kept_and_never_shown(command_line: Any, make_key: Callable[[str], Path]) -> None:
    key = make_key("")
    command_line("credentials", "add", "plain", "--key", key, "--description", "for tests")
    protected = make_key("open sesame")
    command_line("credentials", "add", "protected", "--key", protected, "--stdin", stdin="open sesame\n")
    command_line("credentials", "add", "word", "--password", "--stdin", "--user", "me", stdin="hush hush\n")
    found = command_line.json("credentials", "list")
    assert [each["token"] for each in found] == ["plain", "protected", "word"]
    public = key.with_suffix(".pub").read_text().split()
    assert found[0]["public_key"].split()[:2] == public[:2]
    for file in command_line.home.rglob("*"):
        if file.is_file():
            assert not stat.S_IMODE(file.stat().st_mode) & 0o077, f"{file} can be read by others"
            content = file.read_bytes()
            assert b"hush hush" not in content
            assert b"open sesame" not in content
            assert b"PRIVATE KEY" not in content
    command_line("credentials", "remove", "word")
    assert "word" not in [each["token"] for each in command_line.json("credentials", "list")]
    command_line("credentials", "remove", "word", code=4)


def test_credentials_are_refused_when_they_cannot_be_right(
    command_line: Any, make_key: Callable[[str], Path], tmp_path: Path
) -> None:
    protected = make_key("open sesame")
    refused = command_line("credentials", "add", "k", "--key", protected, "--stdin", stdin="wrong\n", code=5)
    assert "passphrase does not open" in refused.stderr
    assert "--stdin" in command_line("credentials", "add", "k", "--key", protected, code=2).stderr
    public = command_line("credentials", "add", "k", "--key", protected.with_suffix(".pub"), code=2)
    assert "looks like a public key" in public.stderr
    assert "cannot be read" in command_line("credentials", "add", "k", "--key", tmp_path / "none", code=2).stderr
    assert "either --key" in command_line("credentials", "add", "k", code=2).stderr
    key = make_key("")
    command_line("credentials", "add", "k", "--key", key)
    assert "--replace" in command_line("credentials", "add", "k", "--key", key, code=2).stderr
    command_line("credentials", "add", "k", "--key", key, "--replace")
