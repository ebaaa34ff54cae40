"""What a batch system runs for a task."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from airavata_workload.domain.states import JobState

JOB_OUTPUT = "job"
"""The output in which a task hands its job on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceRequest:
    """What a job asks of a batch system. ``None`` leaves the choice to the cluster.

    ``memory_mib`` is per node, as in Airavata's ``totalPhysicalMemory``.
    """

    node_count: int | None = None
    cpu_count: int | None = None
    memory_mib: int | None = None
    wall_time_s: int | None = None
    queue: str | None = None
    allocation: str | None = None
    quality_of_service: str | None = None
    reservation: str | None = None

    def to_json(self) -> dict[str, Any]:
        """The request as a JSON object without its empty members."""
        values = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in values.items() if value is not None}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> ResourceRequest:
        """The inverse of ``to_json``."""
        return cls(**value)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobDescription:
    """Everything that a batch system's script needs, paths relative to ``working_directory``.

    ``commands`` are argument vectors, run in order until one fails; each word
    is quoted by the script builder. ``environment`` values are literal.
    ``modules`` are names for ``module load``. ``pre_commands`` and
    ``post_commands`` are shell lines of the cluster's administrator, never of
    a user, and go into the script as they are.
    """

    job_name: str
    working_directory: str
    commands: tuple[tuple[str, ...], ...]
    stdout: str
    stderr: str
    resources: ResourceRequest = field(default_factory=ResourceRequest)
    environment: Mapping[str, str] = field(default_factory=dict)
    modules: tuple[str, ...] = ()
    pre_commands: tuple[str, ...] = ()
    post_commands: tuple[str, ...] = ()
    directives: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """A job that a batch system has accepted.

    ``job_id`` is the batch system's own, ``job_name`` ours (unique),
    ``working_directory`` is where its script, output and exit-code file are.
    """

    job_id: str
    job_name: str
    cluster: str
    working_directory: str
    stdout: str = ""
    stderr: str = ""
    submitted_at_us: int = 0

    def to_json(self) -> dict[str, Any]:
        """The job as a JSON object."""
        return {name: getattr(self, name) for name in self.__slots__}

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Job:
        """The inverse of ``to_json``."""
        return cls(**value)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobReport:
    """What one witness (queue, accounting, exit-code file) says about a job.

    ``exit_code`` is the job script's, ``native_state`` the batch system's own
    word, ``reason`` a sentence for people (why pending, why failed).
    """

    job_id: str
    state: JobState
    exit_code: int | None = None
    native_state: str = ""
    reason: str = ""
