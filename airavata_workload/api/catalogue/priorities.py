"""The order in which the interfaces of a resource are tried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TypeVar

from airavata_workload.records.data_movement import DataMovementInterface
from airavata_workload.records.job_submission import JobSubmissionInterface

I = TypeVar("I", JobSubmissionInterface, DataMovementInterface)  # noqa: E741 - an interface


def reordered(interfaces: Sequence[I], identity: str, priorities: Mapping[str, int]) -> tuple[I, ...]:
    """The interfaces with the priorities that they are given by id; those that are not named keep theirs."""
    return tuple(
        replace(each, priority_order=priorities.get(getattr(each, identity), each.priority_order))
        for each in interfaces
    )
