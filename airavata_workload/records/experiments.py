"""Experiments as portals see them."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.domain.states import ExperimentState
from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.processes import GatewayProcess
from airavata_workload.records.record import Record, latest
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.records.statuses import ExperimentStatus, RecordedError
from airavata_workload.records.workflows import AiravataWorkflow


class ExperimentType(StrEnum):
    """What an experiment runs."""

    SINGLE_APPLICATION = "SINGLE_APPLICATION"
    WORKFLOW = "WORKFLOW"


class ExperimentCleanupStrategy(StrEnum):
    """When the working directory is removed."""

    NONE = "NONE"
    ALWAYS = "ALWAYS"
    ONLY_COMPLETED = "ONLY_COMPLETED"
    ONLY_FAILED = "ONLY_FAILED"


class ExperimentSearchFields(StrEnum):
    """By what experiments are searched; dates are milliseconds since the epoch, as text."""

    EXPERIMENT_NAME = "EXPERIMENT_NAME"
    EXPERIMENT_DESC = "EXPERIMENT_DESC"
    APPLICATION_ID = "APPLICATION_ID"
    FROM_DATE = "FROM_DATE"
    TO_DATE = "TO_DATE"
    STATUS = "STATUS"
    PROJECT_ID = "PROJECT_ID"
    USER_NAME = "USER_NAME"
    JOB_ID = "JOB_ID"


@dataclass(frozen=True, slots=True, kw_only=True)
class UserConfigurationData:
    """How and where a user wants an experiment to run.

    ``storage_id`` is the storage resource of its inputs. ``output_storage_resource_id`` is set by
    clients of 2026 alone; without it outputs go to ``storage_id``.
    """

    airavata_auto_schedule: bool = False
    override_manual_scheduled_params: bool = False
    share_experiment_publicly: bool = False
    computational_resource_scheduling: ComputationalResourceScheduling | None = None
    throttle_resources: bool = False
    user_dn: str | None = None
    generate_cert: bool = False
    storage_id: str | None = None
    experiment_data_dir: str | None = None
    use_user_cr_pref: bool | None = None
    group_resource_profile_id: str | None = None
    auto_scheduled_comp_resource_scheduling_list: tuple[ComputationalResourceScheduling, ...] | None = None
    output_storage_resource_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayExperiment(Record):
    """One request of a user, and what became of it.

    ``execution_id`` is the id of the application interface. ``processes`` and ``workflow`` are there
    only while one is sent to a client: they are stored as records of their own.
    """

    IDENTITY: ClassVar[str] = "experiment_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = (
        "gateway_id",
        "project_id",
        "user_name",
        "experiment_name",
        "description",
        "execution_id",
        "created_at_ms",
        "state",
        "compute_resource_id",
    )

    experiment_id: str = ""
    project_id: str
    gateway_id: str
    experiment_type: ExperimentType = ExperimentType.SINGLE_APPLICATION
    user_name: str
    experiment_name: str
    created_at_ms: int | None = None
    description: str | None = None
    execution_id: str | None = None
    gateway_execution_id: str | None = None
    gateway_instance_id: str | None = None
    enable_email_notification: bool | None = None
    email_addresses: tuple[str, ...] | None = None
    user_configuration_data: UserConfigurationData | None = None
    experiment_inputs: tuple[InputDataObject, ...] | None = None
    experiment_outputs: tuple[OutputDataObject, ...] | None = None
    experiment_status: tuple[ExperimentStatus, ...] | None = None
    errors: tuple[RecordedError, ...] | None = None
    processes: tuple[GatewayProcess, ...] | None = None
    workflow: AiravataWorkflow | None = None
    clean_up_strategy: ExperimentCleanupStrategy = ExperimentCleanupStrategy.NONE

    @property
    def state(self) -> ExperimentState:
        """The state of the latest status; CREATED before there is one."""
        status = latest(self.experiment_status)
        return status.state if status else ExperimentState.CREATED

    @property
    def compute_resource_id(self) -> str | None:
        """Where the user wants it to run, if they said so."""
        configuration = self.user_configuration_data
        scheduling = configuration.computational_resource_scheduling if configuration else None
        return scheduling.resource_host_id if scheduling else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentSummary:
    """A line of a list of experiments."""

    experiment_id: str
    project_id: str
    gateway_id: str
    created_at_ms: int | None = None
    user_name: str
    name: str
    description: str | None = None
    execution_id: str | None = None
    resource_host_id: str | None = None
    experiment_status: str | None = None
    status_updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentStatistics:
    """How many experiments came to what, and lists of them."""

    all_experiment_count: int
    completed_experiment_count: int
    cancelled_experiment_count: int | None = None
    failed_experiment_count: int
    created_experiment_count: int
    running_experiment_count: int
    all_experiments: tuple[ExperimentSummary, ...]
    completed_experiments: tuple[ExperimentSummary, ...] | None = None
    failed_experiments: tuple[ExperimentSummary, ...] | None = None
    cancelled_experiments: tuple[ExperimentSummary, ...] | None = None
    created_experiments: tuple[ExperimentSummary, ...] | None = None
    running_experiments: tuple[ExperimentSummary, ...] | None = None
