"""Whether a task may follow another one of its experiment in its place. Pure."""

from __future__ import annotations

from airavata_workload.domain.message import TaskMessage
from airavata_workload.domain.place_reuse import PlaceReuse


def may_follow(follower: TaskMessage, resource: str, reuse: PlaceReuse, now_us: int) -> bool:
    """Whether it may have the place, on that resource, of the task that had this leave.

    Not if it has to wait, or is meant for another worker: the scheduler sees to that.
    """
    waits = bool(follower.not_before_us or follower.avoid)
    return follower.resource == resource and not waits and reuse.covers(follower.kind, now_us)
