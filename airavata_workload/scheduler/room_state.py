"""What a waiting room can tell of itself to other services and to people. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from airavata_workload.scheduler.lines import Entry
from airavata_workload.scheduler.resource import WaitedResource

MAX_REASONS = 20
OTHER_REASONS = "other things"


def state_of(
    resources: Iterable[WaitedResource],
    elsewhere: Mapping[str, int],
    reason_of: Callable[[Entry], str],
    now_us: int,
    ahead_us: int,
) -> dict[str, Any]:
    """The state as a JSON object that stays small, however many tasks wait.

    ``waiting`` and ``running`` count tasks. ``reasons`` lists what tasks wait
    for with the number of tasks, the most first. ``resources`` lists each
    resource with ``name``, ``running``, ``limit``, ``waiting`` and its
    ``circuit`` (see ``Circuit.state``). ``elsewhere`` counts, by reason, the
    tasks that are in no resource's lines.
    """
    counts: Counter[str] = Counter({reason: tasks for reason, tasks in elsewhere.items() if tasks})
    listed: list[dict[str, Any]] = []
    for resource in resources:
        for leaf in resource.leaves():
            oldest = leaf.oldest()
            if oldest is not None:
                # What one of a line waits for, all of it do.
                counts[reason_of(oldest)] += leaf.count
        if resource.waiting or resource.places or not resource.circuit.closed:
            listed.append(
                {
                    "name": resource.name,
                    "running": len(resource.places),
                    "limit": resource.limit,
                    "waiting": resource.waiting,
                    "circuit": resource.circuit.state(now_us, ahead_us),
                }
            )
    shown = counts.most_common(MAX_REASONS)
    others = counts.total() - sum(tasks for _, tasks in shown)
    if others:
        shown.append((OTHER_REASONS, others))
    return {
        "waiting": counts.total(),
        "running": sum(each["running"] for each in listed),
        "reasons": [{"reason": reason, "tasks": tasks} for reason, tasks in shown],
        "resources": sorted(listed, key=lambda each: str(each["name"])),
    }
