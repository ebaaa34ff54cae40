"""Keeps the portals' records of experiments up with what the engine does."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import replace

from airavata_workload.api.experiments.experiment_products import ExperimentProducts
from airavata_workload.api.experiments.experiment_tree import (
    ExperimentHistory,
    experiment_errors,
    experiment_statuses,
    processes,
)
from airavata_workload.api.workload import Workload
from airavata_workload.domain.change import Subject
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState
from airavata_workload.ports.record_store import Query, RecordStore
from airavata_workload.records.experiments import GatewayExperiment
from airavata_workload.stage import Stage

_WAIT_S = 1.0
_GATHER_S = 0.2
"""What happens in so short a time is written at once, and not beside the first steps of what was just launched."""
_LOOK_AGAIN_S = 30.0
"""Events inform and may be missed: every experiment that has not ended is looked at, too, no more often than this."""
_LOOKS_AT_ONCE = 100
"""Portals keep thousands that were never launched; to look at all of them at once would hold up everybody else."""
_LOOK_EVERY_S = 1.0
"""Nor as often as events come: that is when people wait for something else."""
_NOT_LAUNCHED = (str(ExperimentState.CREATED), str(ExperimentState.VALIDATED))
_RUNNING = tuple(str(each) for each in ExperimentState if each not in EXPERIMENT_ENDS and each not in _NOT_LAUNCHED)


class ExperimentFollower(Stage):
    """Writes states, errors and jobs of experiments into their records, so that lists can be searched by them.

    Several may run at once: each writes what the audit trail says, unless what
    is there says more already. What is asked about one experiment does not
    depend on it.
    """

    name = "experiment-follower"

    def __init__(self, *, records: RecordStore, workload: Workload, products: ExperimentProducts) -> None:
        super().__init__()
        self._records = records
        self._workload = workload
        self._products = products
        self._sequence: int | None = None
        self._look_again_at_s = 0.0
        self._look_on_at_s = 0.0
        self._to_look: deque[str] = deque()

    def round(self) -> None:
        """Take over what the events of a second tell, after some of what they may have failed to tell."""
        if self._sequence is None:
            self._sequence = self._workload.latest_event()
        if not self._to_look and time.monotonic() >= self._look_again_at_s:
            self._to_look.extend(self._open())
            self._look_again_at_s = time.monotonic() + _LOOK_AGAIN_S
        if time.monotonic() >= self._look_on_at_s:
            self._look_on_at_s = time.monotonic() + _LOOK_EVERY_S
            self._take_over([self._to_look.popleft() for _ in range(min(_LOOKS_AT_ONCE, len(self._to_look)))])
        events = self._workload.events(self._sequence, wait_s=_WAIT_S)
        if events and not self._stopping.wait(_GATHER_S):
            events += self._workload.events(events[-1].sequence)
        wanted = (Subject.EXPERIMENT, Subject.JOB)
        self._take_over(dict.fromkeys(each.experiment_id for each in events if each.body.get("subject") in wanted))
        if events:
            self._sequence = events[-1].sequence

    def _open(self) -> list[str]:
        """Those that were seen running, then those that may not even have been launched."""
        with self._records.reading() as records:
            return [
                key
                for states in (_RUNNING, _NOT_LAUNCHED)
                for key in records.keys(GatewayExperiment, Query(equal={"state": states}))
            ]

    def _take_over(self, experiment_ids: Iterable[str]) -> None:
        # Portals keep thousands that were never launched: the engine is asked once which of these it has.
        for experiment_id in self._workload.standings(list(experiment_ids)):
            if self._stopping.is_set():
                return
            self._update(experiment_id)

    def _update(self, experiment_id: str) -> None:
        with self._records.reading() as records:
            old = records.get(GatewayExperiment, experiment_id)
        if old is None:
            return  # made by the command line, for which no portal has a record
        try:
            launched = self._workload.experiment(experiment_id)
            changes = self._workload.audit_trail(experiment_id)
        except NotFoundError:
            return  # gone meanwhile
        new = replace(
            old,
            experiment_status=experiment_statuses(changes, (old.experiment_status or ())[:1], launched.state),
            errors=experiment_errors(changes) or None,
        )
        tasks = self._workload.tasks(experiment_id)
        history = ExperimentHistory(
            experiment_id=experiment_id,
            changes=changes,
            tasks=tasks,
            jobs=self._workload.jobs(experiment_id),
            launched=launched,
        )
        ended = new.state in EXPERIMENT_ENDS
        if ended:
            # Before the state: who waits for the end looks for the outputs next.
            self._products.outputs(old, tasks)
        with self._records.transaction() as records:
            present = records.get(GatewayExperiment, experiment_id)
            if present is None or _knows_more(present, new):
                return
            for process in processes(history, present):
                records.put(replace(process, tasks=None))
                for task in process.tasks or ():
                    for job in task.jobs or ():
                        records.put(job)
                    if ended:  # while it runs the engine is asked: to write each step of each task would cost too much
                        records.put(replace(task, jobs=None))
            records.put(replace(present, experiment_status=new.experiment_status, errors=new.errors))


def _knows_more(present: GatewayExperiment, new: GatewayExperiment) -> bool:
    """Whether somebody else has looked after us and was done before: what we have seen is older."""
    return len(present.experiment_status or ()) > len(new.experiment_status or ())
