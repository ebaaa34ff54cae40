"""Processes as portals see them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airavata_workload.domain.states import ProcessState
from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.record import Record, latest
from airavata_workload.records.scheduling import ComputationalResourceScheduling
from airavata_workload.records.statuses import ProcessStatus, RecordedError
from airavata_workload.records.tasks import GatewayTask


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessWorkflow:
    """A workflow of the engine that works for a process."""

    process_id: str
    workflow_id: str
    created_at_ms: int | None = None
    type: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayProcess(Record):
    """One attempt to run an experiment on one compute resource.

    ``task_dag`` are the ids of its tasks in the order of execution, joined by commas.
    ``output_storage_resource_id`` is set by clients of 2026 alone; without it outputs go to
    ``storage_resource_id``.
    """

    IDENTITY: ClassVar[str] = "process_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("experiment_id", "compute_resource_id", "created_at_ms", "state")

    process_id: str = ""
    experiment_id: str
    created_at_ms: int | None = None
    updated_at_ms: int | None = None
    process_statuses: tuple[ProcessStatus, ...] | None = None
    process_detail: str | None = None
    application_interface_id: str | None = None
    application_deployment_id: str | None = None
    compute_resource_id: str | None = None
    process_inputs: tuple[InputDataObject, ...] | None = None
    process_outputs: tuple[OutputDataObject, ...] | None = None
    process_resource_schedule: ComputationalResourceScheduling | None = None
    tasks: tuple[GatewayTask, ...] | None = None
    task_dag: str | None = None
    process_errors: tuple[RecordedError, ...] | None = None
    gateway_execution_id: str | None = None
    enable_email_notification: bool | None = None
    email_addresses: tuple[str, ...] | None = None
    storage_resource_id: str | None = None
    user_dn: str | None = None
    generate_cert: bool = False
    experiment_data_dir: str | None = None
    user_name: str | None = None
    use_user_cr_pref: bool | None = None
    group_resource_profile_id: str | None = None
    process_workflows: tuple[ProcessWorkflow, ...] | None = None
    output_storage_resource_id: str | None = None

    @property
    def state(self) -> ProcessState:
        """The state of the latest status; CREATED before there is one."""
        status = latest(self.process_statuses)
        return status.state if status else ProcessState.CREATED
