"""The DAGs and experiments that come with the distribution: right by our own rules, of different shapes, and true.

Here the tasks of an experiment are done one after another by this module, in
a temporary directory; the acceptance tests run them through the engine.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import airavata_workload_config
import pytest

from airavata_workload.documents.cluster_file import load_cluster
from airavata_workload.documents.dag_directory import parameter_models, shipped_dags
from airavata_workload.documents.dag_file import check, load_dag
from airavata_workload.documents.experiment_file import load_experiment
from airavata_workload.domain.dag import AbstractDag
from airavata_workload.domain.experiment import Experiment
from airavata_workload.domain.job import Job
from airavata_workload.domain.task import LoadedDag, Task, Trigger
from airavata_workload.domain.task_parameters import resolved_parameters
from airavata_workload.orchestrator.loading import load

CONFIG = airavata_workload_config.directory()
DAGS = sorted(shipped_dags().glob("*.yaml"))
EXPERIMENTS = [CONFIG / "demo" / "planets.toml", *sorted((CONFIG / "examples").glob("*.toml"))]


def dag_of(application_type: str) -> AbstractDag:
    return load_dag(CONFIG / "dags" / f"{application_type}.yaml", parameter_models())


def loaded(path: Path, home: Path, output_directory: Path) -> tuple[Experiment, LoadedDag]:
    experiment = replace(load_experiment(path), output_directory=str(output_directory))
    cluster = load_cluster(CONFIG / "clusters" / "local.toml", home)
    return experiment, load(dag_of(experiment.application_type), experiment, cluster)


def test_all_types_that_are_promised_are_there() -> None:
    promised = {"hpc-batch", "local", "cloud", "planets", "BIOLOGY", "CHEMISTRY", "MATHS", "PHYSICS"}
    # What a portal asks for while a job runs is no experiment that a person would write down.
    assert {path.stem for path in DAGS} == promised | {"fetch-outputs"}
    assert {load_experiment(path).application_type for path in EXPERIMENTS} == promised


@pytest.mark.parametrize("path", DAGS, ids=lambda path: path.stem)
def test_a_shipped_dag_fits_the_plugins_and_is_named_after_its_file(path: Path) -> None:
    dag = load_dag(path, parameter_models())
    assert (dag.application_type, bool(dag.description)) == (path.stem, True)
    check(AbstractDag.from_json(dag.to_json()), parameter_models())


def shape(dag: AbstractDag) -> tuple[int, int, int, int]:
    """Tasks; most successors of a task; most predecessors of a task; fan-outs."""
    successors = [sum(node.name in other.after for other in dag.nodes) for node in dag.nodes]
    fans = sum(node.for_each is not None for node in dag.nodes)
    return len(dag.nodes), max(successors), max(len(node.after) for node in dag.nodes), fans


def test_the_teaching_types_have_really_different_shapes() -> None:
    assert shape(dag_of("BIOLOGY")) == (6, 1, 1, 0)  # a chain
    assert shape(dag_of("CHEMISTRY")) == (6, 2, 2, 0)  # a branch and a join
    assert shape(dag_of("MATHS")) == (5, 1, 1, 1)  # a fan-out
    assert shape(dag_of("PHYSICS")) == (7, 1, 1, 0)  # two jobs
    assert [node.kind for node in dag_of("PHYSICS").nodes].count("job-submission") == 2
    assert shape(dag_of("planets")) == (6, 2, 2, 0)


@pytest.mark.parametrize("application_type", ["hpc-batch", "local", "cloud", "planets", "PHYSICS"])
def test_the_output_of_a_failed_job_comes_back(application_type: str) -> None:
    (stage_out,) = [node for node in dag_of(application_type).nodes if node.kind == "output-staging"]
    assert stage_out.when is Trigger.ALWAYS


def test_nothing_is_removed_before_it_is_brought_home() -> None:
    for path in DAGS:
        dag = load_dag(path)
        for node in dag.nodes:
            if node.kind == "env-cleanup":
                before = {dag.node(name).kind for name in dag.ancestors(node.name)}
                assert "output-staging" in before
                assert node.when is Trigger.SUCCESS


class ByHand:
    """Does the tasks of an experiment without an engine: with ``cp`` for staging and the commands as they are."""

    def __init__(self, experiment: Experiment, dag: LoadedDag) -> None:
        self.experiment = experiment
        self.models = parameter_models()
        self.outputs: dict[str, Mapping[str, Any]] = {}
        for task in dag.tasks:
            parameters = resolved_parameters(task, self.outputs)
            self.models[task.kind].model_validate(parameters)
            self.outputs[task.name] = getattr(self, "do_" + task.kind.replace("-", "_"))(task, parameters)

    def run(self, command: list[str], parameters: Mapping[str, Any], stdout: str) -> None:
        directory = Path(parameters["directory"])
        environment = {**os.environ, **parameters.get("environment", {})}
        with (directory / stdout).open("ab") as output:
            done = subprocess.run(command, cwd=directory, env=environment, stdout=output, stderr=subprocess.PIPE)
        assert done.returncode == 0, (command, done.stderr)

    def do_env_setup(self, task: Task, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        Path(parameters["directory"]).mkdir(parents=True)
        return {}

    def do_input_staging(self, task: Task, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        for file in parameters["files"]:
            shutil.copy(file["place"], Path(parameters["directory"]) / file["name"])
        return {}

    def do_job_submission(self, task: Task, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        for command in parameters["commands"]:
            self.run(command, parameters, parameters["stdout"])
        Path(parameters["directory"], parameters["stderr"]).touch()
        job = Job(job_id="1", job_name="A1", cluster="local", working_directory=parameters["directory"])
        return {"job": job.to_json(), "job_id": "1", "job_name": "A1"}

    def do_job_monitoring(self, task: Task, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        return {"exit_code": 0, "state": "COMPLETE"}

    def do_command(self, task: Task, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        name = parameters.get("stdout") or f"{task.name}.out"
        self.run(parameters["command"], parameters, name)
        return {"exit_code": 0, "stdout_file": f"{parameters['directory']}/{name}"}

    def do_output_staging(self, task: Task, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        destination = Path(parameters["destination"])
        destination.mkdir(parents=True)
        for output in parameters["outputs"]:
            found = list(Path(parameters["directory"]).glob(output["path"]))
            assert found or not output["required"], output["name"]
            for file in found:
                shutil.copy(file, destination)
        return {}

    def do_archive(self, task: Task, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        shutil.copytree(parameters["directory"], Path(parameters["destination"]) / "ARCHIVE")
        return {}

    def do_env_cleanup(self, task: Task, parameters: Mapping[str, Any]) -> Mapping[str, Any]:
        shutil.rmtree(parameters["directory"])
        return {}


EXPECTED = {
    "biology": ("gc-content.csv", "cpg-island,68,95.59\n"),
    "chemistry": ("result.csv", "ethane,30.070,-88.5\n"),
    "maths": ("pi.txt", "3.141592653590 from 8 parts\n"),
    "physics": ("diffusion.txt", "(theory: 0.500)\n"),
    "cloud": ("ARCHIVE/primes.txt", "\n99991\n"),
    "hpc-batch": ("words.txt", "2 name\n"),
    "local": ("hello.stdout", "Linux "),
    "planets": ("energy.txt", "Neptune"),
}


@pytest.mark.parametrize("path", EXPERIMENTS, ids=lambda path: path.stem)
def test_a_shipped_experiment_gives_what_it_promises(path: Path, tmp_path: Path) -> None:
    experiment, dag = loaded(path, tmp_path / "home", tmp_path / "outputs")
    ByHand(experiment, dag)
    name, text = EXPECTED[path.stem]
    assert text in (tmp_path / "outputs" / name).read_text()
    for output in experiment.outputs:
        if output.required:
            assert any((tmp_path / "outputs").glob(output.path)), output.name


def test_the_maths_example_fans_out_over_its_list(tmp_path: Path) -> None:
    _, dag = loaded(CONFIG / "examples" / "maths.toml", tmp_path, tmp_path / "outputs")
    assert [task.name for task in dag.tasks if task.kind == "command"] == [f"part[{n}]" for n in range(8)] + ["sum"]
    (total,) = [task for task in dag.tasks if task.name == "sum"]
    assert len(total.depends_on) == 8


def test_the_diffusion_coefficient_is_the_theoretical_one_within_its_error(tmp_path: Path) -> None:
    """Of 2,000 walkers the mean squared distance has a relative error of about sqrt(2 / 2000), 3 %; three of these."""
    experiment, dag = loaded(CONFIG / "examples" / "physics.toml", tmp_path / "home", tmp_path / "outputs")
    ByHand(experiment, dag)
    text = (tmp_path / "outputs" / "diffusion.txt").read_text()
    assert float(text.split()[2]) == pytest.approx(0.5, rel=0.1)
