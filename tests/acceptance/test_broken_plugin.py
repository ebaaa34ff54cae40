"""A distribution whose plugin cannot be loaded: it is named, with the reason, and harms nobody else."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

BROKEN = Path(__file__).parents[1] / "third_party_broken"
UV = Path(sys.executable).with_name("uv")


def run(*command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(word) for word in command], env={**os.environ, **environment}, capture_output=True, text=True, timeout=100
    )


@pytest.fixture(scope="module")
def beside(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """An environment in which the broken distribution is installed beside ours."""
    source = tmp_path_factory.mktemp("broken") / "source"
    shutil.copytree(BROKEN, source)  # since building writes into the source
    site = tmp_path_factory.mktemp("site")
    install = [UV, "pip", "install", "--quiet", "--offline", "--no-deps", "--no-build-isolation"]
    done = run(*install, "--python", sys.executable, "--target", site, source)
    assert done.returncode == 0, done.stderr
    return {"PYTHONPATH": str(site), "AIRAVATA_WORKLOAD_HOME": str(tmp_path_factory.mktemp("home"))}


def test_plugins_list_names_the_distribution_and_the_reason(beside: dict[str, str]) -> None:
    done = run(Path(sys.executable).with_name("airavata-workload"), "plugins", "list", "--output", "json", **beside)
    assert done.returncode == 0, done.stderr
    plugins = {plugin["name"]: plugin for plugin in json.loads(done.stdout)}
    broken = plugins["needs-a-library"]
    assert broken["distribution"] == "airavata-workload-broken"
    assert broken["version"] == "0.0.1"
    assert "a_library_that_nobody_has" in broken["error"]
    assert not plugins["command"]["error"], "the others go on working"


def test_whoever_asks_for_it_is_told_what_to_do(beside: dict[str, str]) -> None:
    program = """
from airavata_workload.domain.errors import PluginLoadError
from airavata_workload.plugins import catalogue
try:
    catalogue("tasks").load("needs-a-library")
except PluginLoadError as error:
    print(error)
print(catalogue("tasks").load("command").kind)
"""
    done = run(sys.executable, "-c", program, **beside)
    assert done.returncode == 0, done.stderr
    message, kind = done.stdout.splitlines()
    assert "airavata-workload-broken 0.0.1" in message
    assert "a_library_that_nobody_has" in message
    assert "uninstall" in message
    assert kind == "command"
