"""Projects: what users keep their experiments in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

from airavata_workload.records.record import Record


class ProjectSearchFields(StrEnum):
    """By what projects are searched."""

    PROJECT_NAME = "PROJECT_NAME"
    PROJECT_DESCRIPTION = "PROJECT_DESCRIPTION"


@dataclass(frozen=True, slots=True, kw_only=True)
class Project(Record):
    """A project of a user."""

    IDENTITY: ClassVar[str] = "project_id"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "owner", "name", "description", "created_at_ms")

    project_id: str = ""
    owner: str
    gateway_id: str
    name: str
    description: str | None = None
    created_at_ms: int | None = None
    shared_users: tuple[str, ...] | None = None
    shared_groups: tuple[str, ...] | None = None
