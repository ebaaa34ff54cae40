"""From what a portal asks for to the engine's experiment. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from airavata_workload.api.experiments import command_line
from airavata_workload.api.updates import updated
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.experiment import (
    Application,
    DataType,
    Experiment,
    ExperimentInput,
    ExperimentOutput,
)
from airavata_workload.domain.job import ResourceRequest
from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.applications import (
    ApplicationDeployment,
    ApplicationInterface,
    ApplicationParallelismType,
)
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.records.scheduling import ComputationalResourceScheduling

DEPLOYMENT = "application_deployment_id"
"""The parameter of the engine's experiment that says which deployment it runs."""
_SECONDS_PER_MINUTE = 60
_STREAMS = (DataType.STDOUT, DataType.STDERR)
_FILES = (DataType.URI, DataType.URI_COLLECTION)
_NUMBERS = {DataType.INTEGER: int, DataType.FLOAT: float}
_NOT_A_FILE_NAME = re.compile(r"[/\n\0]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """All that the engine's experiment is made of, but for the DAG that it follows.

    ``compute_resource`` is the engine's name of it, ``places`` are the files
    behind each input, ``output_directory`` is a place, too.
    """

    experiment: GatewayExperiment
    interface: ApplicationInterface
    deployment: ApplicationDeployment
    compute_resource: str
    scheduling: ComputationalResourceScheduling
    places: Mapping[str, Sequence[str]]
    output_directory: str
    parallelism_prefix: str = ""


def completed_inputs(
    declared: Sequence[InputDataObject], given: Sequence[InputDataObject]
) -> tuple[InputDataObject, ...]:
    """The application's inputs with the experiment's values; what clients leave out is as declared.

    Inputs that the application does not know are kept, as Airavata keeps them.
    """
    by_name = {each.name: each for each in given}
    known = {each.name for each in declared}
    merged = [updated(each, by_name[each.name]) if each.name in by_name else each for each in declared]
    return (*merged, *(each for each in given if each.name not in known))


def completed_outputs(
    declared: Sequence[OutputDataObject], given: Sequence[OutputDataObject], application_name: str
) -> tuple[OutputDataObject, ...]:
    """The same for outputs; the streams get the names of files if they have none.

    Source: Airavata 0.17: ``<applicationName>.stdout`` and ``.stderr``.
    """
    by_name = {each.name: each for each in given}
    known = {each.name for each in declared}
    merged = [updated(each, by_name[each.name]) if each.name in by_name else each for each in declared]
    merged += [each for each in given if each.name not in known]
    return tuple(
        replace(each, value=f"{application_name}.{str(each.type).lower()}")
        if each.type in _STREAMS and not each.value
        else each
        for each in merged
    )


def engine_experiment(launch: Launch, application_type: str) -> Experiment:
    """The experiment that the engine runs, under the id that the portal knows, by the DAG of ``application_type``.

    Raises ``InputError`` that names the input, output or setting which is wrong.
    """
    experiment, interface = launch.experiment, launch.interface
    inputs = experiment.experiment_inputs or ()
    outputs = experiment.experiment_outputs or ()
    return Experiment(
        experiment_id=experiment.experiment_id,
        name=experiment.experiment_name,
        application_type=application_type,
        application=_application(launch, inputs, outputs),
        compute_resource=launch.compute_resource,
        user=experiment.user_name,
        gateway=experiment.gateway_id,
        description=experiment.description or "",
        inputs=_inputs(inputs, launch.places),
        outputs=tuple(_output(each) for each in outputs if _is_fetched(each)),
        resources=_resources(launch),
        output_directory=launch.output_directory,
        parameters={
            "application_interface_id": interface.application_interface_id,
            DEPLOYMENT: launch.deployment.app_deployment_id,
        },
    )


def is_same_request(entered: Experiment, asked: Experiment) -> bool:
    """Whether the experiment that the engine has is what is asked for; where outputs go it may have chosen itself."""
    completed = replace(asked, output_directory=asked.output_directory or entered.output_directory)
    return _request_of(entered) == _request_of(completed)


def _request_of(experiment: Experiment) -> str:
    """As the registry keeps it, which knows no tuples."""
    heads = ("name", "application_type", "compute_resource", "user", "gateway")
    return json.dumps([[getattr(experiment, head) for head in heads], experiment.request_json()], sort_keys=True)


def _application(launch: Launch, inputs: Sequence[InputDataObject], outputs: Sequence[OutputDataObject]) -> Application:
    streams = {each.type: _file_name(each) for each in outputs if each.type in _STREAMS}
    name = _NOT_A_FILE_NAME.sub("_", launch.interface.application_name)
    return Application(
        name=name,
        commands=(
            command_line.command(launch.deployment, inputs, outputs, parallelism_prefix=launch.parallelism_prefix),
        ),
        modules=command_line.modules(launch.deployment),
        environment=_environment(launch),
        stdout=streams.get(DataType.STDOUT, ""),
        stderr=streams.get(DataType.STDERR, ""),
    )


def _environment(launch: Launch) -> dict[str, str]:
    threads = launch.scheduling.number_of_threads
    parallelism = launch.deployment.parallelism
    if threads and parallelism in (ApplicationParallelismType.OPENMP, ApplicationParallelismType.OPENMP_MPI):
        return {"OMP_NUM_THREADS": str(threads)}
    return {}


def _inputs(given: Sequence[InputDataObject], places: Mapping[str, Sequence[str]]) -> tuple[ExperimentInput, ...]:
    names = command_line.engine_names(given)
    return tuple(_input(each, names[each.name], places.get(each.name, ())) for each in given)


def _input(given: InputDataObject, name: str, places: Sequence[str]) -> ExperimentInput:
    kind = given.type or DataType.STRING
    required = bool(given.is_required)
    if required and not given.value:
        raise InputError(f"Input '{given.name}' has no value, and the application needs it.", remedy="Give it one.")
    if kind is DataType.URI:
        return ExperimentInput(name=name, type=kind, value=places[0] if places else "", required=required)
    if kind is DataType.URI_COLLECTION:
        return ExperimentInput(name=name, type=kind, value=list(places), required=required)
    if kind in _NUMBERS and given.value:
        try:
            return ExperimentInput(name=name, type=kind, value=_NUMBERS[kind](given.value), required=required)
        except ValueError:
            raise InputError(
                f"Input '{given.name}' is {given.value!r}, which is no {str(kind).lower()}.", remedy="Correct it."
            ) from None
    return ExperimentInput(name=name, type=DataType.STRING, value=given.value or "", required=required)


def _is_fetched(output: OutputDataObject) -> bool:
    """Whether the output is a file to bring. Values and the streams' default names are no reason to look for one."""
    if output.data_movement is False and output.type not in _STREAMS:
        return False
    return output.type in _STREAMS or (output.type in _FILES and bool(output.value))


def _output(output: OutputDataObject) -> ExperimentOutput:
    return ExperimentOutput(
        name=output.name,
        path=output.value or "",
        type=output.type or DataType.URI,
        # A program that writes nothing to a stream has still run.
        required=bool(output.is_required) and output.type not in _STREAMS,
    )


def _file_name(output: OutputDataObject) -> str:
    name = output.value or ""
    if _NOT_A_FILE_NAME.search(name):
        raise InputError(
            f"Output '{output.name}' goes to {name!r}, which is not the name of a file.",
            remedy="Name a file without directories: it is made in the working directory.",
        )
    return name


def _resources(launch: Launch) -> ResourceRequest:
    """What the job asks for; a client's 0 means that it does not say."""
    asked, deployment = launch.scheduling, launch.deployment
    wall_time_min = asked.wall_time_limit_min or deployment.default_wall_time_min
    return ResourceRequest(
        node_count=asked.node_count or deployment.default_node_count or None,
        cpu_count=asked.total_cpu_count or deployment.default_cpu_count or None,
        # Airavata calls it MB and hands it to batch systems that count in MiB.
        memory_mib=asked.total_physical_memory_mb or None,
        wall_time_s=wall_time_min * _SECONDS_PER_MINUTE if wall_time_min else None,
        queue=asked.queue_name or deployment.default_queue_name or None,
        allocation=asked.override_allocation_project_number or None,
    )
