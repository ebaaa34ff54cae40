"""What an experiment file may hold: one model a table."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from airavata_workload.documents.binding import Table
from airavata_workload.documents.duration import Duration

_VARIABLE = r"^[A-Za-z_][A-Za-z0-9_]*$"


def _vectors(value: Any) -> Any:
    if isinstance(value, list) and value and all(isinstance(word, str) for word in value):
        raise ValueError(f"must be a list of commands, each a list of words: write [{value!r}]")
    return value


def _text_of_number(value: Any) -> Any:
    return str(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Name = Annotated[str, Field(min_length=1)]
Command = Annotated[list[str], Field(min_length=1)]
Variables = dict[Annotated[str, Field(pattern=_VARIABLE)], Annotated[str, BeforeValidator(_text_of_number)]]


class ExperimentTable(Table):
    """``[experiment]``."""

    name: str = Field("", description="What people call it; by default the name of the file.")
    application_type: str = Field(min_length=1, description="The DAG that it follows.")
    compute_resource: Annotated[list[Name], BeforeValidator(_listed)] = Field(
        [], description="Name of the cluster where it runs; several, or none for all, let the placement choose."
    )
    needs: list[Name] = Field([], description="What the chosen cluster must offer: its labels, its batch system.")
    description: str = Field("", description="A sentence for people.")
    priority: Literal["normal", "urgent"] = Field("normal", description="Urgent tasks go before all others.")
    start_not_before: datetime | None = Field(None, description="Earliest start; without an offset it is UTC.")
    output_directory: str = Field("", description="Where outputs go, relative to this file.")
    user: str = Field("", description="Who it is for; by default who submits it.")
    gateway: str = Field("default", min_length=1, description="The gateway that it belongs to.")


class ApplicationTable(Table):
    """``[application]``."""

    name: str = Field("", pattern=r"^[^/\n]*$", description="By default the application type.")
    commands: Annotated[list[Command], BeforeValidator(_vectors)] = Field(
        [], description="Argument vectors, run in order until one fails; words may hold ${...} references."
    )
    modules: list[str] = Field([], description="Environment modules to load.")
    environment: Variables = Field({}, description="Environment variables; values may hold ${...} references.")
    stdout: str = Field("", pattern=r"^[^/\n]*$", description="File for standard output; default NAME.stdout.")
    stderr: str = Field("", pattern=r"^[^/\n]*$", description="File for standard error; default NAME.stderr.")


class InputTable(Table):
    """An input with options: exactly one of ``file``, ``files`` and ``value``."""

    file: str | None = Field(None, description="A file, relative to this one, or resource:/absolute/path.")
    files: list[str] | None = Field(None, description="Several files.")
    value: Any = Field(None, description="A plain value: text, a number, or a list of one of these.")
    required: bool = Field(True, description="Whether the experiment needs it; a needed file may not be empty.")


class OutputTable(Table):
    """An output with options."""

    file: str = Field(description="File in the working directory, or a pattern with * and ?.")
    required: bool = Field(True, description="Whether the experiment fails without it.")


class ResourcesTable(Table):
    """``[resources]``."""

    node_count: int | None = Field(None, gt=0, description="Nodes.")
    cpu_count: int | None = Field(None, gt=0, description="CPU cores in all.")
    memory_mib: int | None = Field(None, gt=0, description="Memory per node in MiB.")
    wall_time: Duration | None = Field(None, description="Longest run time: '01:30:00', '90 min', '1.5 h'.")
    wall_time_s: int | None = Field(None, gt=0, description="The same in seconds.")
    queue: str | None = Field(None, min_length=1, description="Queue (partition).")
    allocation: str | None = Field(None, min_length=1, description="Account that pays.")
    quality_of_service: str | None = Field(None, min_length=1, description="Quality of service (QOS).")
    reservation: str | None = Field(None, min_length=1, description="Reservation.")


class ExperimentModel(Table):
    """The whole file; inputs and outputs are looked at one by one."""

    experiment: ExperimentTable = Field(description="what to run and where")
    application: ApplicationTable = Field(ApplicationTable(), description="the program")
    inputs: dict[str, Any] = Field({}, description="what the program reads")
    outputs: dict[str, Any] = Field({}, description="what the program writes")
    resources: ResourcesTable = Field(ResourcesTable(), description="what the job needs")
    parameters: dict[str, Any] = Field({}, description="free values for the DAG")
