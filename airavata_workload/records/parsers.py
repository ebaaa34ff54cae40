"""Parsers: programs in container images that read outputs once they are there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.record import Record


class IOType(StrEnum):
    """What a parser takes or gives."""

    FILE = "FILE"
    PROPERTY = "PROPERTY"


@dataclass(frozen=True, slots=True, kw_only=True)
class ParserInput:
    """An input of a parser."""

    id: str
    name: str
    required_input: bool
    parser_id: str
    type: IOType


@dataclass(frozen=True, slots=True, kw_only=True)
class ParserOutput:
    """An output of a parser."""

    id: str
    name: str
    required_output: bool
    parser_id: str
    type: IOType


@dataclass(frozen=True, slots=True, kw_only=True)
class Parser(Record):
    """A parser: image, command, and the directories in the container where it finds and leaves files."""

    IDENTITY: ClassVar[str] = "id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id",)

    id: str
    image_name: str
    output_dir_path: str
    input_dir_path: str
    execution_command: str
    input_files: tuple[ParserInput, ...]
    output_files: tuple[ParserOutput, ...]
    gateway_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParserConnectorInput:
    """What a parser in a chain takes: an output of the one before it, or a fixed value."""

    id: str
    input_id: str
    parent_output_id: str | None = None
    value: str | None = None
    parser_connector_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParserConnector:
    """Joins two parsers of a chain."""

    id: str
    parent_parser_id: str
    child_parser_id: str
    connector_inputs: tuple[ParserConnectorInput, ...]
    parsing_template_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsingTemplateInput:
    """What the first parser of a chain takes: an output of the application, or a fixed value."""

    id: str
    target_input_id: str
    application_output_name: str | None = None
    value: str | None = None
    parsing_template_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ParsingTemplate(Record):
    """A chain of parsers for the outputs of an application interface."""

    IDENTITY: ClassVar[str] = "id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "application_interface")

    id: str
    application_interface: str
    initial_inputs: tuple[ParsingTemplateInput, ...]
    parser_connections: tuple[ParserConnector, ...]
    gateway_id: str
