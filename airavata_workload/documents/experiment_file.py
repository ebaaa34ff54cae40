"""Reads experiment files (TOML).

An experiment file::

    [experiment]
    name = "globins"
    application_type = "hpc-batch"
    compute_resource = "alpha"

    [application]
    commands = [["hmmbuild", "globins4.hmm", "${inputs.alignment}"]]

    [inputs]
    alignment = {file = "globins4.sto"}            # relative to this file
    parts = {files = ["a.fasta", "alpha:/data/b.fasta"]}
    cutoff = 0.001                                 # text, numbers, lists of one of these

    [outputs]
    model = "globins4.hmm"
    logs = {file = "*.log", required = false}

    [resources]
    cpu_count = 2
    wall_time = "00:10:00"

    [parameters]                                   # free values for the DAG

``documents.experiment_model`` describes every key.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import date, datetime, time
from pathlib import Path, PurePosixPath
from typing import Any

from airavata_workload.documents.binding import bind
from airavata_workload.documents.document import Document, Key, combined, dotted
from airavata_workload.documents.experiment_inputs import (
    check_local_files,
    check_name,
    read_inputs,
    refuse_collisions,
)
from airavata_workload.documents.experiment_model import (
    ApplicationTable,
    ExperimentModel,
    OutputTable,
    ResourcesTable,
)
from airavata_workload.documents.login import login_name
from airavata_workload.documents.scope import SCOPE, Members, unknown
from airavata_workload.documents.toml_document import parse_toml, read_toml
from airavata_workload.domain import identifiers, references
from airavata_workload.domain.clock import Clock, from_datetime, now_us
from airavata_workload.domain.errors import DocumentError, ExperimentFileError
from airavata_workload.domain.experiment import Application, DataType, Experiment, ExperimentInput, ExperimentOutput
from airavata_workload.domain.job import ResourceRequest
from airavata_workload.domain.task import Priority


def load_experiment(path: Path, *, check_files: bool = True, clock: Clock = now_us) -> Experiment:
    """The experiment that a file describes, with a new id, in state CREATED.

    ``output_directory`` is absolute, or empty if the file gives none: then the
    caller chooses. Raises ``ExperimentFileError`` and, unless ``check_files``
    is off, ``StagingInputError`` for local input files.
    """
    return _experiment(read_toml(path, ExperimentFileError), check_files=check_files, clock=clock)


def parse_experiment(text: str, path: Path, *, check_files: bool = True, clock: Clock = now_us) -> Experiment:
    """As ``load_experiment``, from a text; relative paths start where ``path`` lies."""
    return _experiment(parse_toml(text, path, ExperimentFileError), check_files=check_files, clock=clock)


def _experiment(document: Document, *, check_files: bool, clock: Clock) -> Experiment:
    model = bind(document, ExperimentModel)
    directory = document.path.absolute().parent
    table = model.experiment
    application = _application(model.application, table.application_type)
    inputs = read_inputs(document, model.inputs, directory)
    outputs = _outputs(document, model.outputs, application)
    refuse_collisions(document, inputs, (application.stdout, application.stderr))
    parameters = {name: _json(document, ("parameters", name), value) for name, value in model.parameters.items()}
    resources = _resources(document, model.resources)
    _check_references(document, application, inputs, parameters, resources)
    if check_files:
        check_local_files(inputs, document)
    name = table.name.strip() or document.path.stem
    now = clock()
    return Experiment(
        experiment_id=identifiers.experiment_id(name),
        process_id=identifiers.process_id(),
        name=name,
        application_type=table.application_type,
        application=application,
        compute_resource=table.compute_resource[0] if len(table.compute_resource) == 1 else "",
        candidates=None if len(table.compute_resource) == 1 else tuple(table.compute_resource),
        needs=tuple(table.needs),
        user=table.user or login_name(),
        gateway=table.gateway,
        description=table.description,
        inputs=inputs,
        outputs=outputs,
        parameters=parameters,
        resources=resources,
        priority=Priority[table.priority.upper()],
        start_not_before_us=from_datetime(table.start_not_before) if table.start_not_before else 0,
        output_directory=_directory(directory, table.output_directory),
        created_at_us=now,
        updated_at_us=now,
    )


def _directory(start: Path, text: str) -> str:
    return str((start / Path(text).expanduser()).absolute()) if text else ""


def _application(table: ApplicationTable, application_type: str) -> Application:
    return Application(
        name=table.name or application_type,
        commands=tuple(tuple(command) for command in table.commands),
        modules=tuple(table.modules),
        environment=table.environment,
        stdout=table.stdout,
        stderr=table.stderr,
    )


def _outputs(document: Document, tables: Mapping[str, Any], application: Application) -> tuple[ExperimentOutput, ...]:
    """The declared outputs and, unless they are declared, the two streams, which a failed job may not have left."""
    outputs = [_output(document, name, given) for name, given in tables.items()]
    for name, path, data_type in (
        ("stdout", application.stdout, DataType.STDOUT),
        ("stderr", application.stderr, DataType.STDERR),
    ):
        if not any(name == output.name or path == output.path for output in outputs):
            outputs.append(ExperimentOutput(name=name, path=path, type=data_type, required=False))
    return tuple(outputs)


def _output(document: Document, name: str, given: Any) -> ExperimentOutput:
    key: Key = ("outputs", name)
    check_name(document, key)
    if isinstance(given, str):
        file, required, place = given, True, key
    elif isinstance(given, Mapping):
        table = bind(document, OutputTable, key)
        file, required, place = table.file, table.required, (*key, "file")
    else:
        remedy = f'Write {name} = "file" or {name} = {{file = "*.out", required = false}}.'
        raise document.problem(f"'{dotted(key)}' must name a file or a pattern.", key, remedy=remedy)
    path = PurePosixPath(file)
    if not file.strip() or path.is_absolute() or ".." in path.parts or file.endswith("/"):
        message = f"'{dotted(place)}' must be a file in the working directory or below, not {file!r}."
        raise document.problem(message, place)
    return ExperimentOutput(name=name, path=str(path), required=required)


def _resources(document: Document, table: ResourcesTable) -> ResourceRequest:
    if table.wall_time is not None and table.wall_time_s is not None:
        raise document.problem("[resources] has both 'wall_time' and 'wall_time_s'.", ("resources", "wall_time_s"))
    values = table.model_dump(exclude={"wall_time", "wall_time_s"})
    return ResourceRequest(**values, wall_time_s=table.wall_time or table.wall_time_s)


def _json(document: Document, key: Key, value: Any) -> Any:
    """A free value as JSON: dates become ISO 8601 text."""
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if isinstance(value, float) and not math.isfinite(value):
        raise document.problem(f"'{dotted(key)}' must be a finite number.", key)
    if isinstance(value, Mapping):
        return {name: _json(document, (*key, name), item) for name, item in value.items()}
    if isinstance(value, list):
        return [_json(document, (*key, number), item) for number, item in enumerate(value)]
    return value


def _check_references(
    document: Document,
    application: Application,
    inputs: tuple[ExperimentInput, ...],
    parameters: Mapping[str, Any],
    resources: ResourceRequest,
) -> None:
    """Raise for references in the application that the engine could not resolve."""
    known = {root: members for root, members in SCOPE.items() if root != "application"}
    scope: Members = {
        **known,
        "inputs": frozenset(item.name for item in inputs),
        "parameters": frozenset(parameters),
        "resources": frozenset(resources.to_json()),
    }
    texts: list[tuple[Key, str]] = [
        (("application", "commands", number, place), word)
        for number, command in enumerate(application.commands)
        for place, word in enumerate(command)
    ]
    texts += [(("application", "environment", name), value) for name, value in application.environment.items()]
    found: list[DocumentError] = []
    for key, text in texts:
        for reference in references.find(text):
            wrong = unknown(reference, scope)
            if wrong:
                suggestion = f"${{{wrong[1]}}}" if wrong[1] else None
                remedy = None if suggestion else "For a literal ${ write $${."
                message = f"${{{reference}}} {wrong[0]}."
                found.append(document.problem(message, key, suggestion=suggestion, remedy=remedy))
    if found:
        raise combined(found)
