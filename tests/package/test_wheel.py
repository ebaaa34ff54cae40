"""The wheel and the source distribution, built from a copy of the tree and installed outside of it."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
UV = Path(sys.executable).with_name("uv")
PYTHON = Path(getattr(sys, "_base_executable", sys.executable))


def run(*command: str | Path, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        list(command), cwd=cwd, env={**os.environ, **environment}, capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done


@pytest.fixture(scope="session")
def distributions(tmp_path_factory: pytest.TempPathFactory, repository_files: list[Path]) -> Path:
    """A folder with the source distribution, and the wheel that was built from it alone."""
    tree = tmp_path_factory.mktemp("tree")
    for path in repository_files:
        (tree / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / path, tree / path)
    target = tmp_path_factory.mktemp("dist")
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", target, tree, cwd=target)
    return target


@pytest.fixture(scope="session")
def wheel(distributions: Path) -> Path:
    return next(distributions.glob("*.whl"))


@pytest.fixture(scope="session")
def installed(tmp_path_factory: pytest.TempPathFactory, wheel: Path) -> Path:
    """The folder of programs of a clean environment that holds the wheel and the locked versions, no more."""
    environment = tmp_path_factory.mktemp("installed") / "environment"
    run(UV, "venv", "--quiet", "--python", PYTHON, environment, cwd=environment.parent)
    install = [UV, "pip", "install", "--quiet", "--python", environment / "bin" / "python"]
    run(*install, "--require-hashes", "--requirement", ROOT / "requirements" / "runtime.txt", cwd=environment.parent)
    run(*install, "--offline", "--no-deps", wheel, cwd=environment.parent)
    return environment / "bin"


@pytest.fixture
def person(tmp_path: Path, installed: Path) -> dict[str, str]:
    """The environment of somebody who has only installed the wheel."""
    home = tmp_path / "home of a person"
    home.mkdir()
    return {"PATH": f"{installed}:/usr/bin:/bin", "HOME": str(home), "LANG": "C.UTF-8"}


def program(person: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs it in the person's home, without anything of the surrounding environment."""
    return subprocess.run(
        [shutil.which("airavata-workload", path=person["PATH"]) or "airavata-workload", *arguments],
        cwd=person["HOME"],
        env=person,
        capture_output=True,
        text=True,
        timeout=110,
    )


def test_the_wheel_holds_every_configuration_file_and_no_other(wheel: Path, repository_files: list[Path]) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
    held = {
        name.removeprefix("airavata_workload_config/") for name in names if name.startswith("airavata_workload_config/")
    }
    tree = {str(path.relative_to("config")) for path in repository_files if path.parts[0] == "config"}
    assert held == tree
    assert {"airavata_workload", "airavata_adapters", "airavata_plugins"} <= {name.split("/")[0] for name in names}
    assert not [name for name in names if "__pycache__" in name or name.startswith("tests/")]


def test_the_wheel_tells_type_checkers_that_it_is_typed(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        typed = {name for name in archive.namelist() if name.endswith("/py.typed")}
    assert typed == {f"{name}/py.typed" for name in ("airavata_workload", "airavata_adapters", "airavata_plugins")}


def test_the_source_distribution_holds_the_whole_project(distributions: Path, repository_files: list[Path]) -> None:
    with tarfile.open(next(distributions.glob("*.tar.gz"))) as archive:
        held = {member.name.partition("/")[2] for member in archive.getmembers() if member.isfile()}
    not_needed = {".gitignore", ".pre-commit-config.yaml"}
    assert {str(path) for path in repository_files} - held - not_needed == set()


def test_the_demo_runs_from_the_wheel(person: dict[str, str]) -> None:
    done = program(person, "demo")
    assert done.returncode == 0, done.stdout + done.stderr
    plots = [path for path in Path(person["HOME"]).rglob("*.svg") if "<svg" in path.read_text(encoding="utf-8")]
    assert plots, f"no plot under the home; it said:\n{done.stdout}"


def test_every_plugin_loads_from_the_wheel(person: dict[str, str]) -> None:
    done = program(person, "plugins", "list", "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    plugins = json.loads(done.stdout)
    assert plugins
    assert [plugin for plugin in plugins if plugin.get("error")] == []


def test_the_shipped_dags_are_found_from_the_wheel(person: dict[str, str], repository_files: list[Path]) -> None:
    done = program(person, "dags", "list", "--output", "json")
    assert done.returncode == 0, done.stdout + done.stderr
    shipped = [path for path in repository_files if path.parts[:2] == ("config", "dags")]
    assert len(json.loads(done.stdout)) == len(shipped) > 0
