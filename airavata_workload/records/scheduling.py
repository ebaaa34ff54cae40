"""What a job asks of a batch system."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ComputationalResourceScheduling:
    """Where a job is to run and what it asks for. ``total_physical_memory_mb`` is per node."""

    resource_host_id: str | None = None
    total_cpu_count: int | None = None
    node_count: int | None = None
    number_of_threads: int | None = None
    queue_name: str | None = None
    wall_time_limit_min: int | None = None
    total_physical_memory_mb: int | None = None
    chassis_number: str | None = None
    static_working_dir: str | None = None
    override_login_user_name: str | None = None
    override_scratch_location: str | None = None
    override_allocation_project_number: str | None = None
    m_group_count: int | None = None
