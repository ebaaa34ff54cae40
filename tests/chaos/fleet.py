"""Service processes under a supervisor: what dies is started anew some seconds later, as an operator's would."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

LOOK_S = 0.1
END_WITHIN_S = 60.0
ANSWER_WITHIN_S = 0.5
OK = 200
UNREACHABLE = 3
"""The exit code of the command line for a server that cannot be reached."""


@dataclass
class Death:
    """A process that ended: when (seconds since the epoch), how, whether we wanted it to, whether it had been ready."""

    name: str
    at_s: float
    exit_code: int
    wanted: bool
    was_ready: bool


@dataclass
class Program:
    """What runs under a name such as ``worker-1``. ``launch`` gives its command and environment anew at each start."""

    name: str
    launch: Callable[[], tuple[Sequence[str], Mapping[str, str]]]
    health_port: int | None = None
    process: subprocess.Popen[bytes] | None = None
    doomed: bool = False
    was_ready: bool = False
    starts: int = 0

    @property
    def stage(self) -> str:
        """``worker`` of ``worker-1``."""
        return self.name.rpartition("-")[0] or self.name


@dataclass
class Fleet:
    """All programs, their logs in ``logs``, and the thread that restarts what dies."""

    programs: Sequence[Program]
    logs: Path
    restart_after_s: float
    deaths: list[Death] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.logs.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        self._due_s: dict[str, float] = {}
        self._thread = threading.Thread(target=self._supervise, name="supervisor", daemon=True)

    # -- life -----------------------------------------------------------------------
    def start(self) -> None:
        """Start every program, and the supervisor."""
        for program in self.programs:
            self._start(program)
        self._thread.start()

    def wait_until_ready(self, timeout_s: float) -> None:
        """Wait until every program that has a health port says that it is ready. Raises ``TimeoutError``."""
        end_s = time.monotonic() + timeout_s
        for program in self.programs:
            while program.health_port is not None and not _ready(program.health_port):
                if time.monotonic() > end_s:
                    raise TimeoutError(f"{program.name} is not ready after {timeout_s:.0f} s; see {self.logs}")
                time.sleep(LOOK_S)

    def stop(self) -> dict[str, int]:
        """SIGTERM to all; their exit codes. One that does not end in time is killed, which its exit code shows."""
        self._stopping.set()
        self._thread.join()
        with self._lock:
            running = [program for program in self.programs if program.process is not None]
            for program in running:
                self._signal(program, signal.SIGCONT)
                self._signal(program, signal.SIGTERM)
            end_s = time.monotonic() + END_WITHIN_S
            return {program.name: self._ended(program, end_s) for program in running}

    def kill_all(self) -> None:
        """The last resort: SIGKILL to all."""
        self._stopping.set()
        for program in self.programs:
            self._signal(program, signal.SIGKILL)
            if program.process is not None:
                program.process.wait(END_WITHIN_S)

    # -- faults ----------------------------------------------------------------------
    def names(self, stage: str | None = None) -> list[str]:
        """The names of all programs, or of those of one stage."""
        return [program.name for program in self.programs if stage in (None, program.stage)]

    def running(self, name: str) -> bool:
        """Whether the program has a living process."""
        process = self._program(name).process
        return process is not None and process.poll() is None

    def ready(self, name: str) -> bool:
        """Whether the program's present process has been ready; for one without a health port, whether it runs."""
        program = self._program(name)
        return self.running(name) and (program.was_ready or program.health_port is None)

    def kill(self, name: str) -> None:
        """SIGKILL; the supervisor starts it anew."""
        program = self._program(name)
        program.doomed = True
        self._signal(program, signal.SIGKILL)

    def pause(self, name: str) -> None:
        """SIGSTOP: it does nothing, and nobody is told."""
        program = self._program(name)
        self._signal(program, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """SIGCONT."""
        program = self._program(name)
        self._signal(program, signal.SIGCONT)

    def unwanted_deaths(self) -> list[Death]:
        """Processes that ended without anybody having killed them.

        One that finds no server when it starts may say so and end with the exit code for that: starting it again is
        what the supervisor is for. Once it has been ready it may not.
        """
        return [each for each in self.deaths if not each.wanted and (each.was_ready or each.exit_code != UNREACHABLE)]

    def starts_given_up(self) -> int:
        """How often a service ended because it found no server when it started."""
        return sum(not each.wanted and not each.was_ready and each.exit_code == UNREACHABLE for each in self.deaths)

    # -- how ---------------------------------------------------------------------------
    def _program(self, name: str) -> Program:
        return next(program for program in self.programs if program.name == name)

    def _signal(self, program: Program, number: int) -> None:
        with self._lock:
            if program.process is not None and program.process.poll() is None:
                program.process.send_signal(number)

    def _start(self, program: Program) -> None:
        command, environment = program.launch()
        with (self.logs / f"{program.name}.log").open("ab") as log:
            log.write(f"=== start {program.starts} at {time.time():.3f}\n".encode())
            log.flush()
            program.process = subprocess.Popen(
                command,
                env={**os.environ, **environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )
        program.doomed = program.was_ready = False
        program.starts += 1

    def _supervise(self) -> None:
        while not self._stopping.wait(LOOK_S):
            with self._lock:
                for program in self.programs:
                    self._look_at(program)

    def _look_at(self, program: Program) -> None:
        if not program.was_ready and program.health_port is not None and self.running(program.name):
            program.was_ready = _ready(program.health_port)
        if program.process is not None and (code := program.process.poll()) is not None:
            # A service that a kill point ends also dies of SIGKILL; whatever else ends it is its own doing.
            wanted = program.doomed or code == -signal.SIGKILL
            self.deaths.append(Death(program.name, time.time(), code, wanted, program.was_ready))
            program.process = None
            self._due_s[program.name] = time.monotonic() + self.restart_after_s
        if program.process is None and time.monotonic() >= self._due_s.get(program.name, 0.0):
            self._start(program)

    def _ended(self, program: Program, end_s: float) -> int:
        process = program.process
        if process is None:
            return 0
        try:
            return process.wait(max(0.1, end_s - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            return process.wait()


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/ready", timeout=ANSWER_WITHIN_S) as answer:
            return bool(answer.status == OK)
    except OSError:
        return False
