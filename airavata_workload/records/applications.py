"""Applications: the module is its name, the interface what it takes and gives, the deployment where it is installed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.record import Record


class ApplicationParallelismType(StrEnum):
    """How an application spreads over processors."""

    SERIAL = "SERIAL"
    MPI = "MPI"
    OPENMP = "OPENMP"
    OPENMP_MPI = "OPENMP_MPI"
    CCM = "CCM"
    CRAY_MPI = "CRAY_MPI"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetEnvPaths:
    """An environment variable of a job, or a directory to put before or after those of a path variable."""

    name: str
    value: str
    env_path_order: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandObject:
    """A line of a job script, written by an administrator."""

    command: str
    command_order: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationModule(Record):
    """An application by its name.

    ``gateway_id`` is that of the gateway which registered it; clients do not send it.
    """

    IDENTITY: ClassVar[str] = "app_module_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "app_module_name")

    app_module_id: str = ""
    app_module_name: str
    app_module_version: str | None = None
    app_module_description: str | None = None
    gateway_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationDeployment(Record):
    """An application as installed on a compute resource.

    ``gateway_id`` is that of the gateway which registered it; clients do not send it.
    """

    IDENTITY: ClassVar[str] = "app_deployment_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "app_module_id", "compute_host_id")

    app_deployment_id: str = ""
    app_module_id: str
    compute_host_id: str
    executable_path: str
    parallelism: ApplicationParallelismType = ApplicationParallelismType.SERIAL
    app_deployment_description: str | None = None
    module_load_cmds: tuple[CommandObject, ...] | None = None
    lib_prepend_paths: tuple[SetEnvPaths, ...] | None = None
    lib_append_paths: tuple[SetEnvPaths, ...] | None = None
    set_environment: tuple[SetEnvPaths, ...] | None = None
    pre_job_commands: tuple[CommandObject, ...] | None = None
    post_job_commands: tuple[CommandObject, ...] | None = None
    default_queue_name: str | None = None
    default_node_count: int | None = None
    default_cpu_count: int | None = None
    default_wall_time_min: int | None = None
    editable_by_user: bool | None = None
    gateway_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationInterface(Record):
    """What an application takes and gives; ``application_modules`` are the ids of the modules that fulfil it.

    ``gateway_id`` is that of the gateway which registered it; clients do not send it.
    """

    IDENTITY: ClassVar[str] = "application_interface_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "application_name")

    application_interface_id: str = ""
    application_name: str
    application_description: str | None = None
    application_modules: tuple[str, ...] | None = None
    application_inputs: tuple[InputDataObject, ...] | None = None
    application_outputs: tuple[OutputDataObject, ...] | None = None
    archive_working_directory: bool = False
    has_optional_file_inputs: bool | None = None
    clean_after_staged: bool = False
    gateway_id: str = ""
