"""Workflows: several applications as one experiment."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.domain.experiment import DataType
from airavata_workload.records.application_io import InputDataObject, OutputDataObject
from airavata_workload.records.record import Record
from airavata_workload.records.statuses import RecordedError


class ApplicationState(StrEnum):
    """States of an application of a workflow."""

    CREATED = "CREATED"
    VALIDATED = "VALIDATED"
    SCHEDULED = "SCHEDULED"
    LAUNCHED = "LAUNCHED"
    EXECUTING = "EXECUTING"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class ComponentType(StrEnum):
    """What a connection joins."""

    APPLICATION = "APPLICATION"
    HANDLER = "HANDLER"


class HandlerType(StrEnum):
    """Where a workflow begins and ends."""

    FLOW_STARTER = "FLOW_STARTER"
    FLOW_TERMINATOR = "FLOW_TERMINATOR"


class HandlerState(StrEnum):
    """States of a handler of a workflow."""

    CREATED = "CREATED"
    VALIDATED = "VALIDATED"
    SCHEDULED = "SCHEDULED"
    LAUNCHED = "LAUNCHED"
    EXECUTING = "EXECUTING"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


class WorkflowState(StrEnum):
    """States of a workflow."""

    CREATED = "CREATED"
    VALIDATED = "VALIDATED"
    SCHEDULED = "SCHEDULED"
    LAUNCHED = "LAUNCHED"
    EXECUTING = "EXECUTING"
    PAUSING = "PAUSING"
    PAUSED = "PAUSED"
    RESTARTING = "RESTARTING"
    CANCELING = "CANCELING"
    CANCELED = "CANCELED"
    COMPLETED = "COMPLETED"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True, kw_only=True)
class ApplicationStatus:
    """A state of an application of a workflow, and since when."""

    id: str | None = None
    state: ApplicationState
    description: str | None = None
    updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowApplication:
    """An application of a workflow: where it runs and what it asks for. ``physical_memory_mb`` is per node."""

    id: str
    process_id: str | None = None
    application_interface_id: str | None = None
    compute_resource_id: str | None = None
    queue_name: str | None = None
    node_count: int | None = None
    core_count: int | None = None
    wall_time_limit_min: int | None = None
    physical_memory_mb: int | None = None
    statuses: tuple[ApplicationStatus, ...] | None = None
    errors: tuple[RecordedError, ...] | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DataBlock:
    """A value that goes from one component to another."""

    id: str
    value: str | None = None
    type: DataType | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowConnection:
    """Joins an output of a component to an input of another."""

    id: str = ""
    data_block: DataBlock | None = None
    from_type: ComponentType
    from_id: str
    from_output_name: str
    to_type: ComponentType
    to_id: str
    to_input_name: str
    created_at_ms: int | None = None
    updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerStatus:
    """A state of a handler, and since when."""

    id: str | None = None
    state: HandlerState
    description: str | None = None
    updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowHandler:
    """The beginning or the end of a workflow: gives it its inputs, or takes its outputs."""

    id: str
    type: HandlerType
    inputs: tuple[InputDataObject, ...] | None = None
    outputs: tuple[OutputDataObject, ...] | None = None
    statuses: tuple[HandlerStatus, ...] | None = None
    errors: tuple[RecordedError, ...] | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkflowStatus:
    """A state of a workflow, and since when."""

    id: str | None = None
    state: WorkflowState
    description: str | None = None
    updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AiravataWorkflow(Record):
    """The workflow that an experiment runs."""

    IDENTITY: ClassVar[str] = "id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("experiment_id",)

    id: str = ""
    experiment_id: str
    description: str | None = None
    applications: tuple[WorkflowApplication, ...] | None = None
    handlers: tuple[WorkflowHandler, ...] | None = None
    connections: tuple[WorkflowConnection, ...] | None = None
    statuses: tuple[WorkflowStatus, ...] | None = None
    errors: tuple[RecordedError, ...] | None = None
    created_at_ms: int | None = None
    updated_at_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Workflow(Record):
    """A workflow that may be run again and again: ``graph`` is what its editor drew, ``image`` a picture of it."""

    IDENTITY: ClassVar[str] = "template_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "name", "created_user")

    template_id: str = ""
    name: str
    graph: str
    gateway_id: str
    created_user: str
    image: bytes | None = None
    workflow_inputs: tuple[InputDataObject, ...] | None = None
    workflow_outputs: tuple[OutputDataObject, ...] | None = None
    created_at_ms: int | None = None
