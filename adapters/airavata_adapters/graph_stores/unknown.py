"""What graph stores say about what they do not have."""

from __future__ import annotations

from collections.abc import Mapping

from airavata_workload.domain.dag import nearest
from airavata_workload.domain.errors import NotFoundError


def unknown_abstract(application_type: str, version: int | None, newest: Mapping[str, int]) -> NotFoundError:
    """The error for an abstract DAG that is not there; ``newest`` maps the known types to their newest versions."""
    if application_type in newest:
        return NotFoundError(
            f"The DAG of application type '{application_type}' has no version {version}.",
            remedy=f"Its newest version is {newest[application_type]}.",
        )
    close = nearest(application_type, newest)
    hint = f" Did you mean '{close}'?" if close else ""
    return NotFoundError(
        f"There is no DAG for application type '{application_type}'.{hint}",
        remedy="'airavata-workload dags list' shows all, 'airavata-workload dags load FILE' adds one.",
    )


def unknown_task(task_id: str) -> NotFoundError:
    """The error for a task that is not there."""
    return NotFoundError(
        f"There is no task '{task_id}'.",
        remedy="'airavata-workload show EXPERIMENT' lists an experiment's tasks.",
    )
