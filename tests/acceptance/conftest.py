"""The real command in a home of its own, and experiments whose jobs wait until a test lets them go."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import pytest

PROGRAM = Path(sys.executable).with_name("airavata-workload")
PATIENCE_S = 60


class Running:
    """A command that was started and not waited for."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process

    def line_with(self, words: str, stream: IO[str] | None = None) -> str:
        """The next line of standard error (or of the stream) that holds the words."""
        for line in stream or self.process.stderr or ():
            if words in line:
                return line
        raise AssertionError(f"the command ended with {self.process.wait(PATIENCE_S)} and never said {words!r}")

    def end(self, number: signal.Signals) -> int:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        return self.wait()

    def wait(self) -> int:
        """The exit code, once the command has ended; what is left of its output is read meanwhile."""
        self.process.communicate(timeout=PATIENCE_S)
        return self.process.returncode


class CommandLine:
    """``airavata-workload`` with a home of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.environment = {
            **os.environ,
            "AIRAVATA_WORKLOAD_HOME": str(home),
            # Several engines run on this machine at once; the Thrift services have fixed ports.
            "AIRAVATA_WORKLOAD_THRIFT__ENABLED": "false",
            "COLUMNS": "100",
            "PYTHONIOENCODING": "utf-8",
        }
        self._started: list[subprocess.Popen[str]] = []

    def __call__(
        self, *arguments: str | Path, code: int = 0, stdin: str = "", **environment: str
    ) -> subprocess.CompletedProcess[str]:
        done = subprocess.run(
            [PROGRAM, *map(str, arguments)],
            env={**self.environment, **environment},
            input=stdin,
            capture_output=True,
            text=True,
            timeout=PATIENCE_S,
        )
        assert done.returncode == code, f"exit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        return done

    def json(self, *arguments: str | Path, code: int = 0) -> Any:
        """What the command prints as JSON."""
        return json.loads(self(*arguments, "--output", "json", code=code).stdout)

    def error(self, *arguments: str | Path, code: int) -> dict[str, Any]:
        """The error that the command tells as JSON."""
        done = self(*arguments, "--output", "json", code=code)
        error: dict[str, Any] = json.loads(done.stderr.splitlines()[-1])["error"]
        assert error["exit_code"] == code
        return error

    def start(self, *arguments: str | Path, **environment: str) -> Running:
        """The command, running; it is killed at the end of the test if it still does."""
        process = subprocess.Popen(
            [PROGRAM, *map(str, arguments)],
            env={**self.environment, **environment},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            bufsize=1,
        )
        self._started.append(process)
        return Running(process)

    def serve(self) -> Running:
        """An engine that runs."""
        running = self.start("serve")
        running.line_with("the engine runs")
        return running

    def close(self) -> None:
        """Kill what is left."""
        for process in self._started:
            if process.poll() is None:
                process.kill()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.communicate(timeout=PATIENCE_S)


class Gate:
    """Jobs stand before it until it opens: they read from a FIFO."""

    def __init__(self, fifo: Path) -> None:
        os.mkfifo(fifo)
        self.fifo = fifo

    @property
    def command(self) -> list[str]:
        """A command that prints 'arrived', waits, and prints what the test said."""
        return ["sh", "-c", 'echo arrived; read -r word < "$1"; echo "$word"', "sh", str(self.fifo)]

    def open(self, word: str = "go") -> None:
        """Wait until a job stands there, and let it go."""
        with self.fifo.open("w", encoding="utf-8") as fifo:
            fifo.write(f"{word}\n")


@pytest.fixture
def command_line(tmp_path: Path) -> Iterator[CommandLine]:
    """The command, in an empty home."""
    made = CommandLine(tmp_path / "home")
    yield made
    made.close()


@pytest.fixture(scope="module")
def shared_command_line(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CommandLine]:
    """The command, in a home that the tests of a module share."""
    made = CommandLine(tmp_path_factory.mktemp("shared") / "home")
    yield made
    made.close()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """A gate for jobs."""
    return Gate(tmp_path / "gate")


@pytest.fixture
def write_experiment(tmp_path: Path) -> Any:
    """Writes an experiment file for this machine: commands, and whatever else the test wants in it."""

    def write(name: str, *commands: list[str], more: str = "", application_type: str = "local") -> Path:
        path = tmp_path / f"{name.replace('/', '_')}.toml"
        path.write_text(
            "[experiment]\n"
            f"name = {json.dumps(name, ensure_ascii=False)}\n"
            f'application_type = "{application_type}"\n'
            'compute_resource = "local"\n\n'
            "[application]\n"
            f"commands = {json.dumps([list(command) for command in commands], ensure_ascii=False)}\n\n{more}",
            encoding="utf-8",
        )
        return path

    return write
