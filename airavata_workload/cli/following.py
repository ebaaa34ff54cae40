"""Keeps up with experiments as they run, by the event stream; the stores say how things are."""

from __future__ import annotations

import time
from collections.abc import Sequence

from airavata_workload.api.workload import Workload
from airavata_workload.cli.picture import Picture, TaskProgress
from airavata_workload.domain.change import Event, Subject
from airavata_workload.domain.states import EXPERIMENT_ENDS

DETAILED = 3
"""Up to so many experiments are followed task by task, more of them only by their own state."""
REFRESH_S = 1.0
"""What a task waits for is no event, so the stores are asked again after this time."""


class Following:
    """Pictures of some experiments, in the order given, brought up to date by ``update``."""

    def __init__(self, workload: Workload, experiment_ids: Sequence[str], *, since: int | None = None) -> None:
        self._workload = workload
        # The sequence first: what happens while the stores are read is then seen as an event too.
        self._sequence = workload.latest_event() if since is None else since
        self.detailed = len(experiment_ids) <= DETAILED
        self.pictures = {each: Picture(workload.experiment(each)) for each in experiment_ids}
        self._end_expected = {each for each, picture in self.pictures.items() if not picture.ended or since is not None}
        self._next_refresh_s = 0.0
        self._refresh(set(self.pictures))

    @property
    def ended(self) -> bool:
        """Whether every experiment has ended."""
        return all(picture.ended for picture in self.pictures.values())

    def update(self, wait_s: float) -> list[Event]:
        """The events about these experiments since the last call, waiting up to ``wait_s`` for the first."""
        only = next(iter(self.pictures)) if len(self.pictures) == 1 else None
        events = self._workload.events(self._sequence, experiment_id=only, wait_s=wait_s)
        if events:
            self._sequence = max(event.sequence for event in events)
        events = [event for event in events if event.experiment_id in self.pictures]
        changed = {event.experiment_id for event in events if event.topic == "state"}
        for event in events:
            if event.topic == "progress":
                self._note_progress(event)
            elif event.body.get("subject") == Subject.EXPERIMENT and event.body.get("state") in EXPERIMENT_ENDS:
                self._end_expected.discard(event.experiment_id)
        if time.monotonic() >= self._next_refresh_s:
            changed |= {each for each, picture in self.pictures.items() if not picture.ended}
            self._next_refresh_s = time.monotonic() + REFRESH_S
        self._refresh(changed)
        return events

    def rest(self) -> list[Event]:
        """The events that are left when all have ended: a store may tell of an end before the stream does."""
        found: list[Event] = []
        deadline_s = time.monotonic() + REFRESH_S
        while events := self.update(max(0.0, deadline_s - time.monotonic()) if self._end_expected else 0.0):
            found += events
        return found

    def _note_progress(self, event: Event) -> None:
        body = event.body
        progress = self.pictures[event.experiment_id].progress
        progress[str(body["task_id"])] = TaskProgress(int(body["done"]), int(body["total"]), str(body["what"]))

    def _refresh(self, experiment_ids: set[str]) -> None:
        for experiment_id in experiment_ids:
            picture = self.pictures[experiment_id]
            picture.experiment = self._workload.experiment(experiment_id)
            if self.detailed:
                picture.tasks = self._workload.tasks(experiment_id)
                picture.jobs = self._workload.jobs(experiment_id)
