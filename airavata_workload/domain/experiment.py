"""One request of a user, and one attempt to run it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from airavata_workload.domain.job import ResourceRequest
from airavata_workload.domain.states import ExperimentState, ProcessState
from airavata_workload.domain.task import Priority


class DataType(StrEnum):
    """Types of inputs and outputs. Source: Airavata 0.17, ``application_io_models.thrift``."""

    STRING = "STRING"
    INTEGER = "INTEGER"
    FLOAT = "FLOAT"
    URI = "URI"
    URI_COLLECTION = "URI_COLLECTION"
    STDOUT = "STDOUT"
    STDERR = "STDERR"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentInput:
    """An input. For URI the value is the place of the file, for URI_COLLECTION a list of places.

    A place is an absolute path on the engine's machine or ``resource:/absolute/path``.
    """

    name: str
    type: DataType
    value: Any
    required: bool = True

    @property
    def places(self) -> tuple[str, ...]:
        """The files behind the input; empty for plain values."""
        if self.type is DataType.URI:
            return (self.value,) if self.value else ()
        if self.type is DataType.URI_COLLECTION:
            return tuple(self.value)
        return ()

    @property
    def reference(self) -> Any:
        """What ``${inputs.<name>}`` stands for: the value, or the names that files have once staged."""
        if self.type is DataType.URI:
            return PurePosixPath(self.value).name if self.value else ""
        if self.type is DataType.URI_COLLECTION:
            return [PurePosixPath(place).name for place in self.value]
        return self.value

    def to_json(self) -> dict[str, Any]:
        """The input as a JSON object."""
        return {"name": self.name, "type": str(self.type), "value": self.value, "required": self.required}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ExperimentInput:
        """The inverse of ``to_json``."""
        return cls(**{**value, "type": DataType(value["type"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentOutput:
    """An output that is expected: ``path`` relative to the working directory, or a glob pattern.

    A required output that is missing fails the experiment and is named.
    """

    name: str
    path: str
    type: DataType = DataType.URI
    required: bool = True

    def to_json(self) -> dict[str, Any]:
        """The output as a JSON object."""
        return {"name": self.name, "path": self.path, "type": str(self.type), "required": self.required}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ExperimentOutput:
        """The inverse of ``to_json``."""
        return cls(**{**value, "type": DataType(value["type"])})


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What runs: argument vectors, in order; each word may hold ``${...}`` references.

    ``stdout`` and ``stderr`` are file names in the working directory.
    """

    name: str
    commands: tuple[tuple[str, ...], ...] = ()
    modules: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    stdout: str = ""
    stderr: str = ""

    def __post_init__(self) -> None:
        # Source: Airavata 0.17: default names <applicationName>.stdout and .stderr.
        object.__setattr__(self, "stdout", self.stdout or f"{self.name}.stdout")
        object.__setattr__(self, "stderr", self.stderr or f"{self.name}.stderr")

    def to_json(self) -> dict[str, Any]:
        """The application as a JSON object."""
        return {
            "name": self.name,
            "commands": [list(command) for command in self.commands],
            "modules": list(self.modules),
            "environment": dict(self.environment),
            "stdout": self.stdout,
            "stderr": self.stderr,
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Application:
        """The inverse of ``to_json``."""
        return cls(
            name=value["name"],
            commands=tuple(tuple(command) for command in value["commands"]),
            modules=tuple(value["modules"]),
            environment=value["environment"],
            stdout=value["stdout"],
            stderr=value["stderr"],
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Experiment:
    """A user's request and its present state.

    ``compute_resource`` is where it runs; '' as long as that is not decided.
    ``candidates`` are the compute resources among which a placement chooses,
    none of them for all; ``None`` if the user named the one. ``needs`` are what
    a chosen one must offer (``Cluster.offers``).
    ``output_directory`` is where outputs land on the engine's machine,
    ``start_not_before_us`` is 0 for "now"; ``parameters`` are free values that
    a DAG may refer to as ``${parameters.<name>}``.
    """

    experiment_id: str
    name: str
    application_type: str
    application: Application
    compute_resource: str
    user: str
    candidates: tuple[str, ...] | None = None
    needs: tuple[str, ...] = ()
    gateway: str = "default"
    description: str = ""
    inputs: tuple[ExperimentInput, ...] = ()
    outputs: tuple[ExperimentOutput, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    resources: ResourceRequest = field(default_factory=ResourceRequest)
    priority: Priority = Priority.NORMAL
    start_not_before_us: int = 0
    output_directory: str = ""
    process_id: str = ""
    state: ExperimentState = ExperimentState.CREATED
    process_state: ProcessState = ProcessState.CREATED
    held: bool = False
    created_at_us: int = 0
    updated_at_us: int = 0
    reason: str = ""
    user_message: str = ""
    cloned_from: str = ""

    def request_json(self) -> dict[str, Any]:
        """The part of the experiment that never changes once it is created, as a JSON object."""
        return {
            "application": self.application.to_json(),
            "inputs": [item.to_json() for item in self.inputs],
            "outputs": [item.to_json() for item in self.outputs],
            "parameters": dict(self.parameters),
            "resources": self.resources.to_json(),
            "output_directory": self.output_directory,
            "description": self.description,
            "cloned_from": self.cloned_from,
            "candidates": None if self.candidates is None else list(self.candidates),
            "needs": list(self.needs),
        }

    @staticmethod
    def request_from_json(value: Mapping[str, Any]) -> dict[str, Any]:
        """Keyword arguments for ``Experiment`` from what ``request_json`` gave."""
        return {
            "application": Application.from_json(value["application"]),
            "inputs": tuple(ExperimentInput.from_json(item) for item in value["inputs"]),
            "outputs": tuple(ExperimentOutput.from_json(item) for item in value["outputs"]),
            "parameters": value["parameters"],
            "resources": ResourceRequest.from_json(value["resources"]),
            "output_directory": value["output_directory"],
            "description": value["description"],
            "cloned_from": value["cloned_from"],
            "candidates": None if value.get("candidates") is None else tuple(value["candidates"]),
            "needs": tuple(value.get("needs", ())),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What changes of an experiment while it runs; the members are those of ``Experiment``."""

    state: ExperimentState
    held: bool
    updated_at_us: int
    reason: str
