"""Our own task plugins in the suite that third parties run over theirs."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from typing import Any

from airavata_plugins.archive import Archive
from airavata_plugins.command import Command
from airavata_plugins.env_cleanup import EnvCleanup
from airavata_plugins.env_setup import EnvSetup
from airavata_plugins.input_staging import InputStaging
from airavata_plugins.job_submission import JobSubmission
from airavata_plugins.output_staging import OutputStaging
from airavata_workload.testing.task_plugin_suite import Ground, TaskPluginSuite, as_json


class TestEnvSetup(TaskPluginSuite):
    plugin_class = EnvSetup

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        return {"directory": str(ground.here_scratch / "process"), "subdirectories": ["data", "data/raw"]}


class TestInputStaging(TaskPluginSuite):
    """An input of each origin: the engine's machine, the task's resource and another resource."""

    plugin_class = InputStaging

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        local = ground.directory / "atoms.xyz"
        resident = ground.here_scratch / "library.dat"
        remote = ground.there_scratch / "grid.dat"
        for path in (local, resident, remote):
            path.write_text(f"contents of {path.name}\n")
        files = [
            {"input": "atoms", "place": str(local)},
            {"input": "library", "place": f"here:{resident}"},
            {"input": "grid", "place": f"there:{remote}", "name": "the grid.dat"},
            {"input": "restart", "place": "/there/is/no/such/file", "required": False},
        ]
        return {"files": files, "directory": str(ground.here_scratch / "process")}


class TestOutputStagingToTheEngine(TaskPluginSuite):
    plugin_class = OutputStaging

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        return staged_outputs(ground, str(ground.directory / "outputs"))


class TestOutputStagingToTheTasksResource(TaskPluginSuite):
    plugin_class = OutputStaging

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        return staged_outputs(ground, f"here:{ground.here_scratch / 'kept'}")


class TestOutputStagingToAnotherResource(TaskPluginSuite):
    plugin_class = OutputStaging

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        return staged_outputs(ground, f"there:{ground.there_scratch / 'kept'}")


def staged_outputs(ground: Ground, destination: str) -> dict[str, Any]:
    process = ground.here_scratch / "process"
    process.mkdir(parents=True)
    (process / "app.stdout").write_text("done\n")
    (process / "energy.csv").write_text("1,2\n")
    (process / "drift.csv").write_text("3,4\n")
    outputs = [
        {"name": "log", "path": "app.stdout", "type": "STDOUT"},
        {"name": "tables", "path": "*.csv"},
        {"name": "errors", "path": "app.stderr", "type": "STDERR", "required": False},
    ]
    return {"outputs": outputs, "directory": str(process), "destination": destination}


class TestArchive(TaskPluginSuite):
    plugin_class = Archive

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        process = ground.here_scratch / "process"
        (process / "data").mkdir(parents=True)
        (process / "data" / "one.txt").write_text("one\n")
        (process / ".hidden").write_text("not to be kept\n")
        return {"directory": str(process), "destination": str(ground.directory / "outputs")}

    def comparable(self, outcome: Any) -> Any:
        # A tar file holds the times at which its files were made, which differ from test to test.
        return {**outcome.outputs, "sha256": None}


class TestEnvCleanup(TaskPluginSuite):
    plugin_class = EnvCleanup

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        process = ground.here_scratch / "process"
        (process / "data").mkdir(parents=True)
        (process / "data" / "one.txt").write_text("one\n")
        return {"directory": str(process)}


class TestCommand(TaskPluginSuite):
    plugin_class = Command

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        program = "import sys; print(len(sys.argv), sys.argv[1])"
        return {
            "command": [sys.executable, "-c", program, "a word with $(blanks)"],
            "directory": str(ground.here_scratch),
        }


class TestJobSubmission(TaskPluginSuite):
    plugin_class = JobSubmission

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        process = ground.here_scratch / "process"
        process.mkdir()
        return {"directory": str(process), "commands": [["true"]], "stdout": "app.stdout", "stderr": "app.stderr"}

    def comparable(self, outcome: Any) -> Any:
        # The id is the batch system's own, and how the job was found is told in the reason.
        return without(as_json(outcome), {"job_id", "submitted_at_us", "reason"})


def without(value: Any, names: set[str]) -> Any:
    if isinstance(value, dict):
        return {name: without(item, names) for name, item in value.items() if name not in names}
    return value
