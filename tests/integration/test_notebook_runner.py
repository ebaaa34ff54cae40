"""A notebook with the Python SDK 2.2.7 against a bare ``serve``: all that is set is that this machine may run jobs."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from portal_site import CLIENTS, PATIENCE_S, PROGRAM, Running
from services.servers import Servers

pytestmark = pytest.mark.server

_LISTENERS = ("api", "api_tls", "orchestrator", "credential_store", "profile", "registry", "sharing")
SHOUT = """#!/bin/sh
# As long as the SDK may take to look for the job twice.
sleep 5
tr a-z A-Z < "$1" > shouted.txt
"""


class Notebooks:
    """A home, the server that runs in it, and what a notebook's program is told."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "workload"
        self.environment = {**os.environ, "HOME": str(folder), "AIRAVATA_WORKLOAD_HOME": str(self.home)}
        self.home.mkdir()
        settings = ['log_format = "json"', "local_resources = true", "storage.port = 0", "http.port = 0"]
        settings += [f"thrift.listeners.{name}.port = 0" for name in _LISTENERS]
        (self.home / "config.toml").write_text("\n".join(settings) + "\n", "utf-8")

    def token(self, user: str, role: str) -> str:
        """As an operator makes it."""
        words = ["token", "create", "--user", user, "--gateway", "default", "--role", role]
        done = subprocess.run(
            [PROGRAM, *words], env=self.environment, capture_output=True, text=True, timeout=PATIENCE_S
        )
        assert done.returncode == 0, done.stderr
        return done.stdout.strip()

    def told(self, listeners: dict[str, str]) -> dict[str, Any]:
        """Everything that the program of the notebook reads."""
        program, text, results = self.folder / "shout", self.folder / "text.txt", self.folder / "results"
        program.write_text(SHOUT, "utf-8")
        program.chmod(0o700)
        text.write_text("pear\n", "utf-8")
        results.mkdir()
        return {
            "gateway": "default",
            "listeners": listeners,
            "tokens": {"root": self.token("root", "admin"), "ada": self.token("ada", "user")},
            "storage_host": "localhost",
            "storage_root": str(self.home / "storage" / "default"),
            "scratch": str(self.folder / "scratch"),
            "program": str(program),
            "text": str(text),
            "results": str(results),
        }


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """What the notebook saw, by event, and the storage as it was left."""
    notebooks = Notebooks(tmp_path_factory.mktemp("notebooks"))
    python = Servers().env("sdks")["PYTHON_SDK_2_2_7"]
    assert Path(python).exists(), f"{python} is not there; run: tests/services/services.sh install sdks"
    server = Running([PROGRAM, "serve"], notebooks.environment)
    try:
        started = next((each for each in server.said("stderr") if each["event"] == "the engine runs"), None)
        assert started is not None, server.errors()
        told = notebooks.told(started["listeners"])
        client = Running(
            [python, CLIENTS / "runner_2_2_7.py"], {"PATH": os.environ["PATH"], "HOME": str(notebooks.folder)}
        )
        try:
            client.tell(json.dumps(told))
            events = {said.pop("event"): said for said in client.said()}
            assert client.process.wait(PATIENCE_S) == 0, f"{client.errors()}\n{server.errors()}"
        finally:
            client.close()
        yield {**events, "told": told}
        server.process.send_signal(signal.SIGTERM)
        assert server.process.wait(PATIENCE_S) == 0, server.errors()
    finally:
        server.close()


def test_runtimes_are_found_by_the_beginning_of_the_hosts_id(seen: dict[str, Any]) -> None:
    (runtime,) = seen["runtimes"]["found"]
    assert (runtime["cluster"], runtime["queue_name"], runtime["group"]) == ("desk.example.org", "anytime", "Default")


def test_an_experiment_runs_to_its_end_and_its_files_are_in_the_users_storage(seen: dict[str, Any]) -> None:
    assert seen["launched"]["host"] == "localhost"
    assert seen["ended"]["status"] in ("COMPLETE", "COMPLETED")
    assert seen["ended"]["shouted"] == "PEAR\n"
    assert {"text.txt", "shouted.txt"} <= set(seen["ended"]["files"])
    directory = Path(seen["told"]["storage_root"], "ada", seen["launched"]["directory"].lstrip("/"))
    assert (directory / "shouted.txt").read_text("utf-8") == "PEAR\n"


def test_files_go_both_ways_though_there_are_no_agents(seen: dict[str, Any]) -> None:
    assert "more.txt" in seen["uploaded"]["files"]
    assert seen["results"]["files"] == {"text.txt": "pear\n", "shouted.txt": "PEAR\n", "more.txt": "more"}
    assert seen["results"]["executed"] == "", "and a command for an agent is refused"


def test_plans_are_kept(seen: dict[str, Any]) -> None:
    assert seen["results"]["plan"] == [seen["launched"]["experiment"]]
    assert seen["results"]["plans"] == [True]
