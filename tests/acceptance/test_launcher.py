"""``./workload`` in a miniature clone: the launcher is the real one, what it installs is tiny and needs no network.

The miniature has locked wheels of its own (one library, one ``tox``), hashes included, and a build back end that
hands out a prepared wheel of ``airavata-workload``. Both programs only print how they were called. The first clone
runs the real ``python -m venv``; the others copy an environment made once, since bootstrapping pip takes seconds.
"""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

LAUNCHER = Path(__file__).parents[2] / "workload"
PYTHON = Path(getattr(sys, "_base_executable", sys.executable))
TOOLS = ("sh", "cat", "cp", "dirname", "mkdir", "mv", "readlink", "rm", "tail")
REPORT = (
    "import json, os, sys\nprint(json.dumps([sys.argv[1:], os.getcwd()]))\nsys.exit(int(os.environ.get('CODE', '0')))"
)
BACK_END = """
import shutil

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "airavata_workload-1.0-py3-none-any.whl"
    shutil.copy(name, wheel_directory)
    return name
"""


def write_wheel(folder: Path, name: str, script: str = "") -> str:
    """A wheel of one module, which the console script runs. Returns the line that locks it."""
    distribution, module = f"{name}-1.0.dist-info", name.replace("-", "_")
    members = {
        f"{module}.py": f"def main():\n    {REPORT.replace(chr(10), chr(10) + '    ')}\n",
        f"{distribution}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{distribution}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{distribution}/entry_points.txt": f"[console_scripts]\n{script} = {module}:main\n" if script else "",
    }
    members[f"{distribution}/RECORD"] = "".join(f"{member},,\n" for member in [*members, f"{distribution}/RECORD"])
    wheel = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for member, text in members.items():
            archive.writestr(member, text)
    return f"{name}==1.0 --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@dataclass(frozen=True)
class Clone:
    """A miniature clone and the surroundings that its launcher runs in."""

    root: Path
    environment: Mapping[str, str]

    def start(self, *arguments: str, cwd: Path | None = None, **more: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [str(self.root / "workload"), *arguments],
            cwd=cwd or self.root,
            env={**self.environment, **more},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, *arguments: str, cwd: Path | None = None, **more: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments, cwd=cwd, **more)
        out, err = process.communicate(timeout=100)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)

    def relock(self) -> None:
        """Gives the library another build, and so the lock file another hash."""
        wheels = self.root.parent / "wheels"
        lock = write_wheel(wheels, "library", f"library{len(list((self.root / 'requirements').iterdir()))}")
        (self.root / "requirements" / "runtime.txt").write_text(lock)


def program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def python_that(path: Path, *, version: str = "3.12.4", old: bool = False, venv: bool = True) -> None:
    """A stand-in for an unfit Python, which cannot be had here: it answers the launcher's questions, no more."""
    program(
        path,
        f"""case "$2" in
*python_version*) echo {version} ;;
*version_info*) exit {int(old)} ;;
*ensurepip*) exit {int(not venv)} ;;
*) echo "asked for more: $*" >&2; exit 9 ;;
esac""",
    )


def python_with_prepared_venv(path: Path, prepared: Path) -> None:
    copy = f'"-m venv") exec cp -a {shlex.quote(str(prepared))}/. "$3" ;;'
    program(path, f'case "$1 $2" in {copy} esac\nexec {shlex.quote(str(PYTHON))} "$@"')


def make_clone(folder: Path) -> Clone:
    root, wheels, tools = folder / "a clone", folder / "wheels", folder / "bin"
    for path in (root / "requirements", wheels, tools):
        path.mkdir(parents=True)
    shutil.copy(LAUNCHER, root)
    (root / "requirements" / "runtime.txt").write_text(write_wheel(wheels, "library"))
    (root / "requirements" / "tox.txt").write_text(write_wheel(wheels, "tox", "tox"))
    write_wheel(wheels, "airavata_workload", "airavata-workload")
    shutil.move(wheels / "airavata_workload-1.0-py3-none-any.whl", root)
    (root / "setup.cfg").write_text("[metadata]\n")
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "back_end"\nbackend-path = ["."]\n'
    )
    (root / "back_end.py").write_text(BACK_END)
    for tool in TOOLS:
        (tools / tool).symlink_to(str(shutil.which(tool)))
    program(tools / "python3", f'exec {shlex.quote(str(PYTHON))} "$@"')
    environment = {"PATH": str(tools), "HOME": str(folder), "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": wheels.as_uri()}
    return Clone(root=root, environment=environment)


@pytest.fixture(scope="module")
def prepared_venv(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("prepared") / "venv"
    subprocess.run([PYTHON, "-m", "venv", folder], check=True, timeout=100)
    return folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, prepared_venv: Path) -> Clone:
    """A clone after its first run. Tests that change it leave it in working order."""
    clone = make_clone(tmp_path_factory.mktemp("installed"))
    first = clone.run()
    assert first.returncode == 0, first.stderr
    assert first.stderr.splitlines() == [
        f"workload: making .venv with Python {'.'.join(map(str, sys.version_info[:3]))} (once; it takes half a minute)",
        "workload: installing the locked packages",
        "workload: installing airavata-workload",
    ]
    python_with_prepared_venv(clone.root.parent / "bin" / "python3", prepared_venv)
    return clone


@pytest.fixture
def clone(tmp_path: Path, prepared_venv: Path) -> Clone:
    clone = make_clone(tmp_path)
    python_with_prepared_venv(tmp_path / "bin" / "python3", prepared_venv)
    return clone


def test_arguments_folder_and_exit_code_are_those_of_the_program(installed: Clone, tmp_path: Path) -> None:
    arguments = ["run", "a file.toml", "", "$(touch x)", "--flag=*"]
    done = installed.run(*arguments, cwd=tmp_path, CODE="5")
    assert (json.loads(done.stdout), done.returncode) == ([arguments, str(tmp_path)], 5)


def test_a_second_start_installs_nothing_and_says_nothing(installed: Clone) -> None:
    stamp = (installed.root / ".venv" / "stamp").stat()
    assert installed.run("list").stderr == ""
    assert (installed.root / ".venv" / "stamp").stat().st_ino == stamp.st_ino


def test_it_works_through_a_link(installed: Clone, tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(installed.root / "workload")
    done = subprocess.run([tmp_path / "link", "x"], env=dict(installed.environment), capture_output=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, b"")


def change_lock(clone: Clone) -> None:
    clone.relock()


def change_metadata(clone: Clone) -> None:
    with (clone.root / "setup.cfg").open("a") as file:
        file.write("version = 2\n")


def lose_stamp(clone: Clone) -> None:
    """As a kill in the middle of the installation leaves it."""
    (clone.root / ".venv" / "stamp").unlink()


def replace_python(clone: Clone) -> None:
    """As an upgrade of the system leaves it: the environment's Python leads nowhere, or to another version."""
    python = clone.root / ".venv" / "bin" / "python"
    python.unlink()
    python.symlink_to("/nonexistent/python3.9")


@pytest.mark.parametrize("change", [change_lock, change_metadata, lose_stamp, replace_python])
def test_the_environment_is_made_anew_after(installed: Clone, change: Callable[[Clone], None]) -> None:
    old_file = installed.root / ".venv" / "left-over"
    old_file.touch()
    change(installed)
    done = installed.run("list")
    assert (done.returncode, "making .venv" in done.stderr) == (0, True), done.stderr
    assert not old_file.exists()
    assert installed.run("list").stderr == ""


def test_a_moved_clone_makes_its_own_environment(installed: Clone, tmp_path: Path) -> None:
    shutil.copytree(installed.root, tmp_path / "moved", symlinks=True)
    moved = Clone(root=tmp_path / "moved", environment=installed.environment)
    done = moved.run("list")
    assert (done.returncode, "making .venv" in done.stderr) == (0, True), done.stderr
    assert f"#!{tmp_path}" in (moved.root / ".venv" / "bin" / "airavata-workload").read_text()


def test_the_chosen_python_is_used_and_kept(installed: Clone, tmp_path: Path, prepared_venv: Path) -> None:
    python_with_prepared_venv(tmp_path / "my python", prepared_venv)
    chosen = str(tmp_path / "my python")
    assert "making .venv" in installed.run("list", PYTHON=chosen).stderr
    assert installed.run("list", PYTHON=chosen).stderr == ""
    assert installed.run("list").stderr == ""


def test_first_runs_at_the_same_time_make_one_environment(clone: Clone) -> None:
    processes = [clone.start("list", str(number)) for number in range(3)]
    results = [process.communicate(timeout=100) for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], results
    assert [json.loads(out)[0] for out, _ in results] == [["list", str(number)] for number in range(3)]
    assert sum("making .venv" in err for _, err in results) == 1


def test_test_runs_tox_from_the_lock_with_the_rest_of_the_arguments(installed: Clone) -> None:
    expected = ["run", "-c", f"{installed.root}/tox.ini", "-e", "py"]
    first = installed.run("test")
    assert (first.returncode, first.stderr) == (0, "workload: installing tox\n")
    assert json.loads(first.stdout)[0] == expected
    second = installed.run("test", "-k", "a or b", CODE="1")
    assert (second.returncode, second.stderr) == (1, "")
    assert json.loads(second.stdout)[0] == [*expected, "--", "-k", "a or b"]


def test_a_wheel_that_is_not_the_locked_one_is_refused_and_mending_it_is_enough(clone: Clone) -> None:
    lock = clone.root / "requirements" / "runtime.txt"
    good = lock.read_text()
    lock.write_text(f"library==1.0 --hash=sha256:{'0' * 64}\n")
    done = clone.run("list")
    assert (done.returncode, done.stdout) == (2, "")
    assert "DO NOT MATCH THE HASHES" in done.stderr
    assert str(clone.root / ".venv" / "install.log") in done.stderr
    lock.write_text(good)
    assert clone.run("list").returncode == 0


def test_an_environment_of_somebody_else_is_left_alone(clone: Clone) -> None:
    (clone.root / ".venv").mkdir()
    (clone.root / ".venv" / "precious").touch()
    done = clone.run("list")
    assert (done.returncode, done.stdout) == (2, "")
    assert "not of this script's making: move it away" in done.stderr
    assert (clone.root / ".venv" / "precious").exists()


def test_without_python_it_says_what_to_install(clone: Clone) -> None:
    (clone.root.parent / "bin" / "python3").unlink()
    done = clone.run("demo")
    assert (done.returncode, done.stdout) == (2, "")
    assert "Found: none" in done.stderr
    for command in ("apt-get install python3 python3-venv", "dnf install python3.12", "brew install python@3.13"):
        assert command in done.stderr
    assert not (clone.root / ".venv").exists()


def test_every_unfit_python_is_named_with_its_fault(clone: Clone) -> None:
    tools = clone.root.parent / "bin"
    python_that(tools / "python3", version="3.9.2", old=True)
    python_that(tools / "python3.12", version="3.12.4", venv=False)
    done = clone.run("demo")
    assert done.returncode == 2
    assert "python3 is Python 3.9.2, which is too old" in done.stderr
    assert "python3.12 is Python 3.12.4 but lacks venv and pip" in done.stderr
    assert "sudo apt-get install python3.12-venv" in done.stderr


def test_an_unfit_python_is_passed_over_for_a_fit_one(clone: Clone) -> None:
    tools = clone.root.parent / "bin"
    os.rename(tools / "python3", tools / "python3.11")
    python_that(tools / "python3", version="3.9.2", old=True)
    program(tools / "python3.13", "echo 'pyenv: python3.13: command not found' >&2; exit 127")
    done = clone.run("list")
    assert done.returncode == 0, done.stderr
    assert "too old" not in done.stderr


def test_an_unfit_chosen_python_is_not_replaced_by_another(clone: Clone, tmp_path: Path) -> None:
    python_that(tmp_path / "mine", version="3.10.1", old=True)
    done = clone.run("demo", PYTHON=str(tmp_path / "mine"))
    assert done.returncode == 2
    assert f"{tmp_path / 'mine'} is Python 3.10.1, which is too old" in done.stderr
