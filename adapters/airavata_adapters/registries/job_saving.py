"""Stores jobs as last seen; within one transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, bindparam, insert, select

from airavata_adapters.registries.in_lists import chunks
from airavata_adapters.registries.row_updates import update_rows
from airavata_adapters.registries.rows import job_row
from airavata_adapters.registries.tables import jobs
from airavata_workload.domain.states import JobState, may_follow
from airavata_workload.ports.registry import JobRecord

_OF_TASKS = (
    select(jobs.c.number, jobs.c.task_id, jobs.c.cluster, jobs.c.job_id, jobs.c.state)
    .where(jobs.c.task_id.in_(bindparam("task_ids", expanding=True)))
    .order_by(jobs.c.number)
    # SQLite, which has one writer anyway, leaves it out.
    .with_for_update()
)
_CHANGING = ("state", "exit_code", "native_state", "reason", "updated_at_us")

_Key = tuple[str, str, str]


def save_jobs(connection: Connection, records: Sequence[JobRecord]) -> None:
    """Insert new jobs and update known ones; what may not follow the stored state is late and left out."""
    numbers: dict[_Key, int] = {}
    states: dict[_Key, JobState] = {}
    for ids in chunks(dict.fromkeys(record.task_id for record in records)):
        for number, *key, state in connection.execute(_OF_TASKS, {"task_ids": ids}):
            known = (key[0], key[1], key[2])
            numbers[known], states[known] = number, JobState(state)
    rows: dict[_Key, dict[str, Any]] = {}
    for one in records:
        identity = (one.task_id, one.job.cluster, one.job.job_id)
        if identity not in states or may_follow(states[identity], one.state):
            # Of what identifies and describes a job, the first report stays.
            row = job_row(one)
            rows[identity] = {**rows.get(identity, row), **{name: row[name] for name in _CHANGING}}
            states[identity] = one.state
    fresh = [row for identity, row in rows.items() if identity not in numbers]
    if fresh:
        connection.execute(insert(jobs), fresh)
    update_rows(
        connection,
        jobs,
        {
            numbers[identity]: {name: row[name] for name in _CHANGING}
            for identity, row in rows.items()
            if identity in numbers
        },
    )
