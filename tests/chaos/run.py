"""One run: everything is started, works undisturbed, then faults come; at the end all must be as without them."""

from __future__ import annotations

import json
import random
import statistics
import threading
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from chaos import evidence
from chaos.faults import Fault, Faults, together
from chaos.invariants import Findings, judge
from chaos.load import Load, User, engine_client
from chaos.portal import Portal, PortalTrials
from chaos.portal_verdict import judge_portal
from chaos.servers import Backing
from chaos.site import Pace, Site
from chaos.sweep import Sweep
from chaos.trials import Trial, Trials

from airavata_workload.domain.change import Subject
from airavata_workload.domain.states import TaskState

AT_ONCE = 8
BY_PORTAL = 3
"""So many more are open that a portal has launched."""
LEAST_OF_FAULTS = 0.25
"""So much of a run's time is for faults, however long the kills at steps took."""
NAP_S_IN_SWEEP = 15.0
"""While services die at their steps jobs work so long that whoever leads after them still sees them at work."""
READY_WITHIN_S = 90.0
UNDISTURBED_WITHIN_S = 120.0
SETTLE_WITHIN_S = 300.0
"""After the last fault is healed every experiment must end within this time: the longest job, and every time-out,
heartbeat and back-off of services that were cut off for long."""


@dataclass(frozen=True)
class Plan:
    """What a run is to do. ``minutes`` of kills and faults; ``experiments`` at most (``None``: as many as fit).

    ``every_step``: first kill each stage once at each named step that it takes.
    """

    seed: int
    minutes: float
    experiments: int | None = None
    embedded: bool = False
    every_step: bool = True
    step_minutes: float | None = None
    """After so long no further step is begun (``None``: half of ``minutes``); a seed determines which come first."""
    steps: tuple[str, ...] = ()
    """Only these steps, each as ``stage: step``; none given: every one that a service was seen to take."""
    without: tuple[str, ...] = ()
    """Kinds of faults that are left out, to look for what else is wrong."""


@dataclass
class Summary:
    """What a run came to; times in seconds. The figures in the documentation are taken from it."""

    seed: int
    minutes: float
    embedded: bool
    experiments: int = 0
    by_portal: int = 0
    """Of these, launched over Thrift."""
    ends: dict[str, int] = field(default_factory=dict)
    faults: dict[str, int] = field(default_factory=dict)
    faults_in_all: int = 0
    steps_killed_at: dict[str, int] = field(default_factory=dict)
    steps_not_reached: list[str] = field(default_factory=list)
    steps_not_tried: int = 0
    lost: int = 0
    doubled: int = 0
    wrong_end: int = 0
    left_over: int = 0
    set_aside: int = 0
    disagreeing: int = 0
    starts_given_up: int = 0
    services_that_died: list[str] = field(default_factory=list)
    services_that_did_not_drain: list[str] = field(default_factory=list)
    median_undisturbed_s: float = 0.0
    median_disturbed_s: float = 0.0
    slowest_experiment_s: float = 0.0
    longest_recovery_s: float = 0.0
    longest_recovery_from: str = ""
    findings: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether nothing is wrong."""
        return not (self.findings or self.services_that_died or self.services_that_did_not_drain)

    def to_json(self) -> str:
        """As a JSON document."""
        return json.dumps(asdict(self), indent=2)


class Run:
    """Carries a plan out in ``directory``, which keeps logs, timeline and summary."""

    def __init__(self, plan: Plan, pace: Pace, directory: Path, servers: Backing | None) -> None:
        self.plan = plan
        self.summary = Summary(plan.seed, plan.minutes, plan.embedded)
        self.site = Site(directory, servers, pace, embedded=plan.embedded)
        self._timeline = (directory / "timeline.jsonl").open("a")
        self._timeline_lock = threading.Lock()
        self._directory = directory
        self._healed: list[tuple[float, str]] = []
        remote_data, remote_content = self._remote_file()
        self._trials = Trials(
            data=directory / "data",
            job_logs=self.site.job_logs,
            outputs=directory / "outputs",
            random=random.Random(plan.seed),
            with_clusters=servers is not None,
            remote_data=remote_data,
            remote_content=remote_content,
        )
        chance = random.Random(plan.seed + 1)
        self._portal = Portal(list(self.site.api_ports.values()), directory / "portal", chance)
        self._portal_trials = PortalTrials(self.site.job_logs, chance)
        self._own = User(lambda: engine_client(self.site), self._trials.next, AT_ONCE, plan.experiments)
        self._by_portal = User(lambda: nullcontext(self._portal), self._portal_trials.next, BY_PORTAL)
        self.load = Load(self.site, [self._own, self._by_portal], self.note)

    def note(self, what: str, **values: Any) -> None:
        """Add a line to the timeline."""
        with self._timeline_lock:
            self._timeline.write(json.dumps({"at_s": round(time.time(), 3), "what": what, **values}) + "\n")
            self._timeline.flush()

    def carry_out(self) -> Summary:
        """The whole run. The summary says what was found; it raises only if the run itself could not be made."""
        try:
            self._start()
            end_s = time.monotonic() + self.plan.minutes * 60
            if self.plan.every_step:
                self._sweep()
            # Steps that took longer than they were given leave some time for other faults all the same.
            self._disturb(max(end_s, time.monotonic() + self.plan.minutes * 60 * LEAST_OF_FAULTS))
            self._end()
        finally:
            self.site.close()
            self._timeline.close()
        (self._directory / "summary.json").write_text(self.summary.to_json() + "\n")
        return self.summary

    # -- its parts -------------------------------------------------------------------------
    def _remote_file(self) -> tuple[str, bytes]:
        """A file of some size on delta: it passes through the worker's scratch."""
        if self.site.servers is None:
            return "", b""
        path = self.site.servers.scratch_root / "delta" / "scratch" / "remote data.bin"
        content = random.Random(self.plan.seed).randbytes(200_000)
        path.write_bytes(content)
        path.chmod(0o644)
        return f"delta:{path}", content

    def _start(self) -> None:
        with self.site.installation("chaos-prepare", straight=True) as installation:
            installation.registry_schema().upgrade()
            installation.record_schema().upgrade()
            installation.load_missing_dags()
        self.site.watch_steps = self.plan.every_step
        self.site.fleet.start()
        self.site.fleet.wait_until_ready(READY_WITHIN_S)
        self._portal.register()
        self._own.trials += [self._trials.of(sort) for sort in self._trials.sorts()]
        self._by_portal.trials += [self._portal_trials.next() for _ in range(BY_PORTAL)]
        undisturbed = self.load.trials
        self.load.start()
        if not self.load.wait_until_all_ended(UNDISTURBED_WITHIN_S):
            states = [f"{trial.experiment_id} ({trial.sort})" for trial in self.load.open()]
            raise RuntimeError(f"undisturbed, these did not end: {', '.join(states)}; {self.load.errors}")
        wrong = self._judged().all()
        if wrong:
            raise RuntimeError(f"undisturbed, this is wrong: {wrong}")
        lasted = [trial.ended_at_s - trial.submitted_at_s for trial in undisturbed]
        self.summary.median_undisturbed_s = round(statistics.median(lasted), 1)
        self.note("undisturbed", median_s=self.summary.median_undisturbed_s)

    def _sweep(self) -> None:
        minutes = self.plan.minutes / 2 if self.plan.step_minutes is None else self.plan.step_minutes
        steps = self.site.steps()
        if self.plan.steps:
            wanted = [name.partition(": ") for name in self.plan.steps]
            steps = {stage: [step for of, _, step in wanted if of == stage] for stage in steps}
        sweep = Sweep(self.site, steps, self.note, random.Random(self.plan.seed), minutes * 60)
        usual_s, self._trials.longest_nap_s = self._trials.longest_nap_s, NAP_S_IN_SWEEP
        self.load.resume_adding()
        sweep.carry_out()
        self._trials.longest_nap_s = usual_s
        self.summary.steps_killed_at = dict(Counter(stage for stage, _ in sweep.killed_at))
        self.summary.steps_not_tried = sweep.not_tried
        self.summary.steps_not_reached = [f"{stage}: {step}" for stage, step in sweep.not_reached]
        self.load.stop_adding()
        self._settle()

    def _disturb(self, end_s: float) -> None:
        self.load.resume_adding()
        injected: Counter[str] = Counter()
        for faults, rest_s in Faults(self.site, self.plan.seed, self.plan.without):
            self._sleep(rest_s)
            if time.monotonic() >= end_s or self.load.errors or (self.load.exhausted() and not self.load.open()):
                break
            self._round(faults)
            injected.update(fault.kind for fault in faults)
        self.summary.faults = dict(sorted(injected.items()))
        self.summary.faults_in_all = injected.total()
        self.load.stop_adding()
        self._settle()

    def _round(self, faults: Sequence[Fault]) -> None:
        """The faults begin together; each is healed when its time has come."""
        for fault in faults:
            self.note("fault", name=fault.name, hold_s=round(fault.hold_s, 1))
        together([fault.inject for fault in faults])
        began_s = time.monotonic()
        for fault in sorted(faults, key=lambda each: each.hold_s):
            self._sleep(fault.hold_s - (time.monotonic() - began_s))
            fault.heal()
            self._healed.append((time.time(), fault.name))
            self.note("healed", name=fault.name)

    def _settle(self) -> None:
        self.site.heal()
        self.note("peace")
        ended = self.load.wait_until_all_ended(SETTLE_WITHIN_S)
        if self.load.errors:
            raise self.load.errors[0]
        self.note("settled", all_ended=ended)

    def _end(self) -> None:
        self.load.stop()
        findings = self._judged()
        evidence.keep(self.site, self.load.trials, findings.all())
        recovery_s, after = self._longest_recovery()
        codes = self.site.fleet.stop()
        summary = self.summary
        summary.services_that_did_not_drain = [f"{name}: exit code {code}" for name, code in codes.items() if code]
        summary.services_that_died = [
            f"{death.name}: exit code {death.exit_code} at {death.at_s:.1f}"
            for death in self.site.fleet.unwanted_deaths()
        ]
        summary.starts_given_up = self.site.fleet.starts_given_up()
        self._sum_up(findings)
        summary.longest_recovery_s, summary.longest_recovery_from = round(recovery_s, 1), after

    def _judged(self) -> Findings:
        findings = judge(self.site, self.load.trials)
        judge_portal(self._portal, [trial for trial in self._by_portal.trials if trial.end is not None], findings)
        findings.disagreeing += [f"the API says: {fault}" for fault in dict.fromkeys(self._portal.faults)]
        return findings

    def _sum_up(self, findings: Findings) -> None:
        summary, trials = self.summary, self.load.trials
        summary.experiments = len(trials)
        summary.by_portal = len(self._by_portal.trials)
        summary.ends = dict(Counter(str(trial.end) for trial in trials))
        lasted = [trial.ended_at_s - trial.submitted_at_s for trial in trials if trial.end is not None]
        summary.slowest_experiment_s = round(max(lasted, default=0.0), 1)
        summary.median_disturbed_s = round(statistics.median(lasted), 1) if lasted else 0.0
        summary.lost = len(findings.lost)
        summary.doubled = len(findings.doubled)
        summary.wrong_end = len(findings.wrong_end)
        summary.left_over = len(findings.left_over)
        summary.set_aside = len(findings.set_aside)
        summary.disagreeing = len(findings.disagreeing)
        summary.findings = findings.all()

    def _longest_recovery(self) -> tuple[float, str]:
        """The longest time from the healing of a fault to the next completed task of an experiment open then."""
        completions: list[tuple[float, Trial]] = []
        with self.site.installation("chaos-times", straight=True) as installation:
            for trial in self.load.trials:
                completions += [
                    (change.at_us / 1e6, trial)
                    for change in installation.registry.audit_trail(trial.experiment_id)
                    if change.subject is Subject.TASK and change.state == TaskState.COMPLETED
                ]
        longest = (0.0, "")
        for healed_at_s, name in self._healed:
            after = [at_s for at_s, trial in completions if at_s >= healed_at_s > trial.submitted_at_s]
            if after:
                longest = max(longest, (min(after) - healed_at_s, name))
        return longest

    def _sleep(self, seconds: float) -> None:
        time.sleep(max(0.0, seconds))
