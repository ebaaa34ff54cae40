"""Our task plugins over a real OpenSSH server, as a user who may not do everything there."""

from __future__ import annotations

import hashlib
import threading
import time
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from airavata_plugins.archive import Archive
from airavata_plugins.command import Command
from airavata_plugins.env_cleanup import EnvCleanup
from airavata_plugins.env_setup import EnvSetup
from airavata_plugins.input_staging import InputStaging
from airavata_plugins.output_staging import OutputStaging
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import TaskCancelled
from airavata_workload.domain.outcome import Completed, Failed, Outcome
from airavata_workload.ports.task_plugin import TaskPlugin
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.recording import Recording
from airavata_workload.testing.task_run import RecordedTaskRun

pytestmark = pytest.mark.server

AWKWARD = 'it\'s $(touch ran) \n"ü" *'


class Site:
    """The cluster behind SSH, this machine beside it, and a directory on each."""

    def __init__(self, cluster: Cluster, directory: Path) -> None:
        self.cluster = cluster
        self.directory = directory
        self.working_directory = f"{cluster.scratch_directory}/plugins {uuid.uuid4().hex}"
        self.machines = Machines([cluster, local_cluster(directory)])

    def run_of(self, plugin: type[TaskPlugin[Any]], **parameters: Any) -> RecordedTaskRun[Any]:
        model = plugin.parameters_model.model_validate(parameters)
        return RecordedTaskRun(model, self.directory, self.machines, resource=self.cluster.name)

    def perform(self, plugin: type[TaskPlugin[Any]], **parameters: Any) -> tuple[Outcome, Recording]:
        run = self.run_of(plugin, **parameters)
        return plugin().execute(run), run.recording

    def done(self, plugin: type[TaskPlugin[Any]], **parameters: Any) -> tuple[Completed, list[str]]:
        """Outputs and round trips of a task that must complete."""
        outcome, recording = self.perform(plugin, **parameters)
        assert isinstance(outcome, Completed), outcome
        return outcome, [use for use, _resource in recording.uses]

    def refused(self, plugin: type[TaskPlugin[Any]], **parameters: Any) -> str:
        """What the user is told of a task that must fail."""
        outcome, _recording = self.perform(plugin, **parameters)
        assert isinstance(outcome, Failed), outcome
        return outcome.user_message


@pytest.fixture
def site(ssh_cluster: Cluster, tmp_path: Path) -> Iterator[Site]:
    site = Site(ssh_cluster, tmp_path)
    site.done(EnvSetup, directory=site.working_directory)
    yield site
    site.done(EnvCleanup, directory=site.working_directory)
    site.machines.close()


def written(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def test_a_whole_experiment_costs_one_round_trip_a_step(site: Site) -> None:
    there = site.working_directory
    atoms, awkward = written(site.directory / "atoms.xyz", "H 0 0 0\n"), written(site.directory / AWKWARD, "awkward")
    _, uses = site.done(EnvSetup, directory=there, subdirectories=["data", f"folder {AWKWARD}"])
    assert uses == ["run"]
    files = [{"input": "atoms", "place": str(atoms)}, {"input": "awkward", "place": str(awkward)}]
    staged, uses = site.done(InputStaging, files=files, directory=there)
    assert uses == ["put"]
    assert [file["sha256"] for file in staged.outputs["files"]] == [
        hashlib.sha256(path.read_bytes()).hexdigest() for path in (atoms, awkward)
    ]
    program = 'cat -- "$@" && printf result >result.csv && printf "last words" >&2'
    ran, uses = site.done(
        Command, command=["sh", "-c", program, "sh", "atoms.xyz", AWKWARD], directory=there, stdout="app.stdout"
    )
    assert uses == ["run"]
    assert ran.outputs["exit_code"] == 0
    outputs = [{"name": "log", "path": "app.stdout"}, {"name": "tables", "path": "*.csv"}]
    brought, uses = site.done(
        OutputStaging, outputs=outputs, directory=there, destination=str(site.directory / "outputs")
    )
    assert uses == ["run", "get"]
    assert (site.directory / "outputs" / "app.stdout").read_text() == "H 0 0 0\nawkward"
    assert Path(brought.outputs["files"]["tables"][0]["path"]).read_text() == "result"
    kept, uses = site.done(Archive, directory=there, destination=str(site.directory / "outputs"))
    assert uses == ["run", "get", "run"]
    assert kept.outputs["files"] == 4
    assert (site.directory / "outputs" / "ARCHIVE" / AWKWARD).read_text() == "awkward"
    _, uses = site.done(EnvCleanup, directory=there)
    assert uses == ["run"]
    listed, _ = site.done(Command, command=["ls", site.cluster.scratch_directory])
    assert Path(there).name not in listed.outputs["stdout"]
    assert not list(site.directory.rglob("ran"))


def test_a_directory_that_the_user_may_not_make_is_told(site: Site) -> None:
    said = site.refused(EnvSetup, directory="/usr/lib/not-for-you")
    assert "/usr/lib/not-for-you" in said
    assert "does not permit it" in said


def test_a_directory_that_the_user_may_not_write_into_is_told(site: Site) -> None:
    said = site.refused(EnvSetup, directory="/usr/lib")
    assert "Writing into the working directory /usr/lib" in said
    assert "does not permit it" in said


def test_a_module_on_a_machine_without_modules_is_told(site: Site) -> None:
    said = site.refused(EnvSetup, directory=site.working_directory, modules=["gcc/12"])
    assert "module" in said
    assert site.cluster.name in said


def test_inputs_that_cannot_be_had_are_named(site: Site) -> None:
    name = site.cluster.name
    files = [
        {"input": "secret", "place": f"{name}:/etc/shadow"},
        {"input": "missing", "place": f"{name}:/no/such/file"},
        {"input": "folder", "place": f"{name}:/etc"},
    ]
    said = site.refused(InputStaging, files=files, directory=site.working_directory)
    assert f"Input 'secret': the file {name}:/etc/shadow cannot be read" in said
    assert f"Input 'missing': the file {name}:/no/such/file does not exist" in said
    assert f"Input 'folder': the file {name}:/etc is not a file" in said


def test_an_input_may_be_on_the_cluster_already(site: Site) -> None:
    files = [{"input": "hosts", "place": f"{site.cluster.name}:/etc/hosts", "name": "hosts copied"}]
    staged, uses = site.done(InputStaging, files=files, directory=site.working_directory)
    assert uses == ["run"]
    (described,) = staged.outputs["files"]
    assert described["sha256"] == hashlib.sha256(Path("/etc/hosts").read_bytes()).hexdigest()
    assert described["path"] == f"{site.working_directory}/hosts copied"


def test_a_working_directory_that_is_not_ours_to_write_fails_the_transfer(site: Site) -> None:
    files = [{"input": "atoms", "place": str(written(site.directory / "atoms.xyz", "H"))}]
    said = site.refused(InputStaging, files=files, directory="/usr/lib/not-for-you")
    assert "not-for-you" in said


def test_a_link_out_of_the_working_directory_is_not_followed(site: Site) -> None:
    site.done(Command, command=["ln", "-s", "/etc/hosts", "result.csv"], directory=site.working_directory)
    said = site.refused(
        OutputStaging,
        outputs=[{"name": "tables", "path": "*.csv"}],
        directory=site.working_directory,
        destination=str(site.directory / "outputs"),
    )
    assert "'result.csv' is a link that leads out" in said
    assert not (site.directory / "outputs" / "result.csv").exists()


def test_a_cancelled_command_ends_on_the_cluster(site: Site) -> None:
    mark = f"3600.{uuid.uuid4().int % 10**9}"
    run = site.run_of(
        Command, command=["sh", "-c", 'printf x >started; exec sleep "$0"', mark], directory=site.working_directory
    )

    def cancel_once_started() -> None:
        deadline_s = time.monotonic() + 60
        started = Path(site.working_directory) / "started"  # the cluster is this machine
        while time.monotonic() < deadline_s and not started.exists():
            time.sleep(0.02)
        run.cancel()

    canceller = threading.Thread(target=cancel_once_started)
    canceller.start()
    with pytest.raises(TaskCancelled):
        Command().execute(run)
    canceller.join()
    deadline_s = time.monotonic() + 30
    while time.monotonic() < deadline_s and _sleeps(mark):
        time.sleep(0.1)
    assert not _sleeps(mark)


def _sleeps(mark: str) -> list[str]:
    """Processes of this machine, which is the cluster, that sleep so long."""
    wanted = f"sleep\0{mark}\0".encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            if path.read_bytes() == wanted:
                found.append(path.parent.name)
        except OSError:
            continue
    return found
