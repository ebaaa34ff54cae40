"""What applications take and give."""

from __future__ import annotations

from dataclasses import dataclass

from airavata_workload.domain.experiment import DataType


@dataclass(frozen=True, slots=True, kw_only=True)
class InputDataObject:
    """An input: declared by an application, with its value in an experiment.

    ``value`` is text whatever the type: a number, the URI of a file or of a data product, several URIs
    joined by commas. ``input_order`` counts from 0; ``meta_data`` is JSON that only portals read.
    """

    name: str
    value: str | None = None
    type: DataType | None = None
    application_argument: str | None = None
    standard_input: bool | None = None
    user_friendly_description: str | None = None
    meta_data: str | None = None
    input_order: int | None = None
    is_required: bool | None = None
    required_to_added_to_command_line: bool | None = None
    data_staged: bool | None = None
    storage_resource_id: str | None = None
    is_read_only: bool | None = None
    override_filename: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputDataObject:
    """An output: declared by an application, with its value in an experiment.

    ``value`` is a file name or pattern until the output has been fetched, then the URI of what was
    fetched.
    """

    name: str
    value: str | None = None
    type: DataType | None = None
    application_argument: str | None = None
    is_required: bool | None = None
    required_to_added_to_command_line: bool | None = None
    data_movement: bool | None = None
    location: str | None = None
    search_query: str | None = None
    output_streaming: bool | None = None
    storage_resource_id: str | None = None
    meta_data: str | None = None
