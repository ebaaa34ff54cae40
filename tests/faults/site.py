"""A home and a directory of experiment files, driven as a user does, and looked at afterwards through the ports."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from airavata_workload.api.workload import Workload
from airavata_workload.bootstrap import Installation
from airavata_workload.cli.main import run as command_line
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.states import TaskState
from airavata_workload.domain.task import Task
from airavata_workload.plugins import catalogue
from airavata_workload.ports.backing import BackingContext
from airavata_workload.ports.task_queue import TaskQueue
from airavata_workload.settings import load_settings

PROGRAM = Path(sys.executable).with_name("airavata-workload")
TIME_OUT_S = 60.0
_LOADS_PLUGINS = ("run", "retry", "recover", "dags")
_WITHOUT_RIGHTS = "-dac_override,-dac_read_search"
"""Source: capabilities(7): with neither of the two, file modes count for root as for everybody."""


@dataclass(frozen=True)
class Ran:
    """One call of the command line, and the experiment that it was about as ``show`` describes it."""

    exit_code: int
    stdout: str
    stderr: str
    shown: Mapping[str, Any]

    @property
    def state(self) -> str:
        return str(self.shown["state"])

    def task(self, name: str) -> Mapping[str, Any]:
        return next(task for task in self.shown["tasks"] if task["name"] == name)

    def states(self) -> dict[str, str]:
        return {task["name"]: task["state"] for task in self.shown["tasks"]}


class Site:
    """A home directory, and ``directory`` beside it for experiment files and their inputs."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.home = directory / "home"
        self.environment: dict[str, str] = {}
        self.prefix: list[str] = []
        (self.home / "clusters").mkdir(parents=True)
        # A host that does not answer is asked again soon: the delays have tests of their own.
        self.configure(host_failure_first_delay_s=0.2, host_failure_max_delay_s=0.5, drain_time_s=2.0)

    # -- what an operator sets up ------------------------------------------------------
    def configure(self, **settings: Any) -> None:
        with (self.home / "config.toml").open("a") as file:
            file.writelines(f"{key} = {_toml(value)}\n" for key, value in settings.items())

    def cluster(self, name: str, **keys: Any) -> None:
        """Write a cluster file; what is not given is as for this machine with ``fork``."""
        given = {
            "remote_shell": "local",
            "file_transfer": "local",
            "batch_system": "fork",
            "scratch_directory": str(self.home / "scratch"),
            **keys,
        }
        text = "".join(f"{key} = {_toml(value)}\n" for key, value in given.items())
        (self.home / "clusters" / f"{name}.toml").write_text(text)

    def plugin(self, name: str, source: str, *points: str) -> Path:
        """Install a distribution with one module; ``points`` are lines such as ``tasks: kind = Class``."""
        folder = self.directory / f"{name}-installed"
        info = folder / f"{name}-1.0.dist-info"
        info.mkdir(parents=True)
        (folder / f"{name}.py").write_text(source)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        lines = []
        for point in points:
            namespace, _, rest = point.partition(": ")
            kind, _, attribute = rest.partition(" = ")
            lines.append(f"[airavata_workload.{namespace}]\n{kind} = {name}:{attribute}\n")
        (info / "entry_points.txt").write_text("".join(lines))
        known = self.environment.get("PYTHONPATH", "")
        self.environment["PYTHONPATH"] = f"{folder}{os.pathsep}{known}" if known else str(folder)
        return folder

    def without_root_rights(self) -> None:
        """From now on file modes count for the command line even if root runs the tests."""
        if os.geteuid() == 0:
            self.prefix = ["setpriv", f"--bounding-set={_WITHOUT_RIGHTS}", f"--inh-caps={_WITHOUT_RIGHTS}"]

    # -- what a user does ----------------------------------------------------------------
    def file(self, name: str, content: str | bytes = "") -> Path:
        path = self.directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def experiment(
        self,
        commands: Sequence[Sequence[str]] = (("true",),),
        *,
        file: str = "experiment.toml",
        application: Mapping[str, Any] | None = None,
        inputs: Mapping[str, Any] | None = None,
        outputs: Mapping[str, Any] | None = None,
        resources: Mapping[str, Any] | None = None,
        **experiment: Any,
    ) -> Path:
        """Write an experiment file."""
        tables = {
            "experiment": {
                "name": "trial",
                "application_type": "hpc-batch",
                "compute_resource": "local",
                "output_directory": str(self.directory / "outputs"),
                **experiment,
            },
            "application": {"name": "app", "commands": [list(words) for words in commands], **(application or {})},
            "inputs": inputs or {},
            "outputs": outputs or {},
            "resources": resources or {},
        }
        text = ""
        for name, table in tables.items():
            text += f"[{name}]\n" + "".join(f"{_toml(key)} = {_toml(value)}\n" for key, value in table.items())
        return self.file(file, text)

    def cli(
        self, *arguments: str | Path, own_process: bool = False, timeout_s: float = TIME_OUT_S
    ) -> subprocess.CompletedProcess[str]:
        """Run airavata-workload: in this process, which saves a second of imports, unless something needs another."""
        plugins_matter = bool(self.environment) and arguments[0] in _LOADS_PLUGINS
        if not (own_process or self.prefix or plugins_matter):
            return self._called(list(map(str, arguments)))
        return subprocess.run(
            [*self.prefix, str(PROGRAM), *map(str, arguments)],
            env=self._environment(),
            capture_output=True,
            text=True,
            timeout=timeout_s,
            cwd=self.directory,
        )

    def _called(self, arguments: list[str]) -> subprocess.CompletedProcess[str]:
        streams = [io.TextIOWrapper(io.BytesIO(), encoding="utf-8") for _ in range(2)]
        mask = os.umask(0)
        os.umask(mask)
        before = dict(os.environ)
        os.environ.update(self._environment())
        try:
            with redirect_stdout(streams[0]), redirect_stderr(streams[1]):
                code = command_line(arguments)
        finally:
            os.umask(mask)
            os.environ.clear()
            os.environ.update(before)
            structlog.reset_defaults()
        texts = []
        for stream in streams:
            stream.flush()
            texts.append(stream.buffer.getvalue().decode())  # type: ignore[attr-defined]
        return subprocess.CompletedProcess(arguments, code, *texts)

    def run(self, path: Path) -> Ran:
        """``run FILE`` to the experiment's end."""
        return self._described(self.cli("run", path, "--output", "json"))

    def retry(self, ran: Ran) -> Ran:
        """``retry`` to the experiment's end."""
        return self._described(self.cli("retry", ran.shown["experiment_id"], "--output", "json"))

    def recover(self) -> Ran:
        """``recover`` to the experiment's end."""
        return self._described(self.cli("recover", "--output", "json"))

    def show(self, experiment_id: str) -> Mapping[str, Any]:
        done = self.cli("show", experiment_id, "--output", "json")
        assert done.returncode == 0, done.stderr
        shown: Mapping[str, Any] = json.loads(done.stdout)
        return shown

    def listed(self) -> list[Mapping[str, Any]]:
        done = self.cli("list", "--output", "json")
        assert done.returncode == 0, done.stderr
        found: list[Mapping[str, Any]] = json.loads(done.stdout)
        return found

    def _described(self, done: subprocess.CompletedProcess[str]) -> Ran:
        shown = json.loads(done.stdout) if done.stdout.strip() else {}
        if isinstance(shown, list):
            (shown,) = shown
        return Ran(done.returncode, done.stdout, done.stderr, shown)

    def _environment(self) -> dict[str, str]:
        ours = {"AIRAVATA_WORKLOAD_HOME": str(self.home), "AIRAVATA_WORKLOAD_THRIFT__ENABLED": "false"}
        return {**os.environ, **ours, **self.environment}

    # -- an engine that serves ---------------------------------------------------------------
    @contextmanager
    def serving(self) -> Iterator[Workload]:
        """An engine on the common queues, in this process, so that what happens can be awaited."""
        with Installation(load_settings(home=self.home), service="test") as installation:
            installation.load_missing_dags()
            engine = installation.engine(adopt_orphans=True)
            engine.start()
            try:
                yield installation.workload()
            finally:
                assert engine.stop(20.0), "the engine drains"

    @contextmanager
    def serve(self) -> Iterator[subprocess.Popen[str]]:
        """``serve`` as a process of its own; killed at the end unless it has ended."""
        server = subprocess.Popen(
            [*self.prefix, str(PROGRAM), "serve"], env=self._environment(), stderr=subprocess.PIPE, text=True
        )
        try:
            yield server
        finally:
            if server.poll() is None:
                server.kill()
            server.communicate(timeout=TIME_OUT_S)

    # -- what is left ----------------------------------------------------------------------------
    def assert_nothing_left(self, *ran: Ran) -> None:
        """No recovery node, no message in any queue, no open task, no scratch of a worker."""
        with Installation(load_settings(home=self.home), service="look") as installation:
            assert installation.nodes.nodes() == []
            assert installation.graph.unfinished() == []
            sessions = {line["by"] for each in ran for task in each.shown["tasks"] for line in task["history"]}
            for partition in ("", *sorted(sessions)):
                queue = self._queue(installation, partition)
                assert queue.depths() == {}, f"messages of {partition or 'the common queues'}"
                assert queue.dead_letters() == []
                queue.close()
        scratch = self.home / "scratch-of-workers"
        assert not scratch.exists() or list(scratch.iterdir()) == []

    def until_queues_are_empty(self, timeout_s: float = 30.0) -> None:
        """Wait until a running engine has taken every message, those too that an earlier one had taken and not dealt
        with when it ended."""
        with Installation(load_settings(home=self.home), service="look") as installation:
            deadline_s = time.monotonic() + timeout_s
            while depths := installation.queue.depths():
                assert time.monotonic() < deadline_s, depths
                installation.bus.since(installation.bus.latest(), wait_s=0.1)

    @staticmethod
    def _queue(installation: Installation, partition: str) -> TaskQueue:
        context = BackingContext(home=installation.settings.home, session=installation.session, partition=partition)
        queue: TaskQueue = catalogue("task_queues").load(installation.settings.task_queue)(context)
        return queue


def _toml(value: Any) -> str:
    """A value as TOML; a string with whatever characters, escaped as JSON does."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{_toml(str(key))} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    return json.dumps(str(value) if isinstance(value, Path) else value, ensure_ascii=False)


def until(
    workload: Workload, experiment: Experiment, happened: Callable[[list[Task]], bool], timeout_s: float = 30.0
) -> list[Task]:
    """Wait, from event to event, until the experiment's tasks are as ``happened`` wants them."""
    sequence = 0
    deadline_s = time.monotonic() + timeout_s
    while True:
        tasks = workload.tasks(experiment.experiment_id)
        if happened(tasks):
            return tasks
        assert time.monotonic() < deadline_s, [(task.name, task.state, task.waiting_for, task.reason) for task in tasks]
        events = workload.events(sequence, experiment_id=experiment.experiment_id, wait_s=0.3)
        sequence = max([sequence, *(event.sequence for event in events)])


def waits_for(text: str) -> Callable[[list[Task]], bool]:
    """Whether some task that has not ended says that it waits for this."""
    open_states = (TaskState.CREATED, TaskState.EXECUTING)
    return lambda tasks: any(text in task.waiting_for for task in tasks if task.state in open_states)
