"""The interfaces that the description of a resource names: its own, which calls of their own have added.

A description that could name others would make the interfaces of another gateway's resource its own, and with them the
right to change where that gateway's logins go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, TypeVar

from airavata_workload.api import request_check as check
from airavata_workload.domain.errors import InputError
from airavata_workload.ports.record_store import Records
from airavata_workload.records.data_movement import DataMovementInterface
from airavata_workload.records.job_submission import JobSubmissionInterface

I = TypeVar("I", JobSubmissionInterface, DataMovementInterface)  # noqa: E741 - an interface


def require_no_interfaces(named: Sequence[I] | None, field: str) -> None:
    """Raise ``InputError`` for interfaces of a resource that is only now registered."""
    if named:
        raise InputError(
            f"{field} names {_id(named[0])!r}, and a new resource has none.",
            remedy="Register the resource without it, then add it with the call for its kind.",
        )


def changed_interfaces(
    records: Records, old: Sequence[I] | None, named: Sequence[I] | None, kinds: Sequence[type[Any]], field: str
) -> tuple[I, ...] | None:
    """The interfaces that a resource has when its description changes.

    Where it says nothing of them they stay. Of those that it names the order of trying changes; those that it leaves
    out are forgotten. Raises ``InputError`` for one that the resource does not have.
    """
    if named is None:
        return None if old is None else tuple(old)
    check.unique(map(_id, named), field)
    known: dict[str, I] = {_id(each): each for each in old or ()}
    kept: list[I] = []
    for each in named:
        own = known.pop(_id(each), None)
        if own is None:
            raise InputError(
                f"{field} names {_id(each)!r}, which the resource does not have.",
                remedy="Add it with the call for its kind, or leave it out.",
            )
        kept.append(replace(own, priority_order=each.priority_order))
    for left_out in known:
        for kind in kinds:
            records.delete(kind, left_out)
    return tuple(kept)


def _id(interface: JobSubmissionInterface | DataMovementInterface) -> str:
    if isinstance(interface, JobSubmissionInterface):
        return interface.job_submission_interface_id
    return interface.data_movement_interface_id
