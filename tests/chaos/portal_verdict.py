"""What must hold, after a run, of the experiments that went through the portal: what the API says is what is true."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence

from chaos.invariants import Findings
from chaos.portal import USER, Portal
from chaos.trials import Trial

from airavata_thrift.statuses.ttypes import ExperimentState, JobState
from airavata_workload.domain.errors import UnavailableError

AGREES_WITHIN_S = 60.0
"""Lists follow what is known of a single experiment: at once by events, and half a minute later without them."""
LOOK_S = 1.0
MOST = 10_000
_JOB_ENDS = {"COMPLETED": {"COMPLETE"}, "FAILED": {"FAILED"}, "CANCELED": {"CANCELED", "COMPLETE", "FAILED"}}


def judge_portal(portal: Portal, trials: Sequence[Trial], findings: Findings) -> None:
    """Ask both services about every experiment; what they say has some time to become true."""
    end_s = time.monotonic() + AGREES_WITHIN_S
    while (found := _all(portal, trials)) and time.monotonic() < end_s:
        time.sleep(LOOK_S)
    findings.disagreeing += found


def _all(portal: Portal, trials: Sequence[Trial]) -> list[str]:
    try:
        return [text for port in portal.ports for text in _said_by(portal, trials, port)]
    except UnavailableError as error:
        return [str(error)]


def _said_by(portal: Portal, trials: Sequence[Trial], port: int) -> Iterator[str]:
    listed = {
        each.experimentId: each.experimentStatus
        for each in portal.call("searchExperiments", portal.gateway, USER, {}, MOST, 0, port=port)
    }
    for trial in trials:
        name, end = trial.experiment_id, str(trial.end)
        state = ExperimentState._VALUES_TO_NAMES[portal.call("getExperimentStatus", name, port=port).state]
        if state != end:
            yield f"{name} is {end}, and the API says {state}"
        if listed.pop(name, None) != end:
            yield f"{name} is {end}, and a list of the API says otherwise or lacks it"
        statuses = portal.call("getJobStatuses", name, port=port).values()
        jobs = [JobState._VALUES_TO_NAMES[each.jobState] for each in statuses]
        if not trial.fewest_jobs <= len(jobs) <= trial.most_jobs or not set(jobs) <= _JOB_ENDS.get(end, set()):
            yield f"{name} is {end}, and the API says that its jobs are {', '.join(jobs) or 'none'}"
        outputs = portal.call("getExperimentOutputs", name, port=port)
        if end == "COMPLETED" and not all(each.value for each in outputs):
            yield f"{name} is {end}, and the API knows no output of it"
    # Made by a call whose answer was lost, and made again: nobody has launched it.
    for name, state in listed.items():
        if state != "CREATED":
            yield f"{name} was launched by nobody, and a list of the API says that it is {state}"
