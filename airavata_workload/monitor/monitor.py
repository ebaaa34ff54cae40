"""The monitor's loop: parked jobs in, outcomes out. A watched job holds some hundred bytes and nothing else."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping

import structlog

from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.clock import MICROSECONDS_PER_SECOND, Clock, microseconds, steady_us
from airavata_workload.domain.errors import UnavailableError, WorkloadError
from airavata_workload.domain.job import JobReport
from airavata_workload.domain.message import MONITOR_QUEUE, ORCHESTRATOR_QUEUE, OutcomeMessage, WatchJob
from airavata_workload.domain.states import JobState
from airavata_workload.journal import Journal
from airavata_workload.leading import LeadingStage
from airavata_workload.monitor.poll import poll
from airavata_workload.monitor.verdict import outcome_of
from airavata_workload.monitor.watch_list import WatchedJob, WatchList
from airavata_workload.partition import Partition
from airavata_workload.ports.graph_store import GraphStore
from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.ports.registry import JobRecord, Registry
from airavata_workload.ports.task_queue import Message, TaskQueue
from airavata_workload.resources import Resources
from airavata_workload.stage import decoded, each_or_set_aside
from airavata_workload.threads import DaemonThreads

log = structlog.get_logger("airavata_workload.monitor")

BATCH = 256
MAX_WAIT_S = 1.0
SILENT_POLLS_UNTIL_UNKNOWN = 3
"""A job that no witness has mentioned this often in a row is called UNKNOWN, and watched on."""
POLL_THREADS = 4
MAX_NOTES = 1000
"""How many tasks a query that fails is noted for at once; the others follow with the next one."""


class Monitor(LeadingStage):
    """Asks each cluster once, at intervals that grow with the age of its jobs, about all jobs that wait there.

    ``clock`` dates what is told; when to ask is decided by ``steady``, which does not jump.
    """

    name = "monitor"

    def __init__(
        self,
        *,
        nodes: RecoveryNodes,
        partition: Partition,
        queue: TaskQueue,
        graph: GraphStore,
        registry: Registry,
        journal: Journal,
        resources: Resources,
        clock: Clock,
        min_poll_interval_s: float | None = None,
        max_poll_interval_s: float | None = None,
        steady: Clock = steady_us,
        ask: Callable[..., Mapping[str, JobReport]] = poll,
    ) -> None:
        super().__init__(nodes, f"{self.name}{partition.name}")
        self._session = nodes.session
        self._partition = partition
        self._queue = queue
        self._graph = graph
        self._registry = registry
        self._journal = journal
        self._resources = resources
        self._clock = clock
        self._steady = steady
        self._min_poll_interval_s = min_poll_interval_s
        self._max_poll_interval_s = max_poll_interval_s
        self._ask = ask
        self._lists: dict[str, WatchList] = {}
        self._changed = threading.Condition()
        self._asker = threading.Thread(target=self._ask_loop, name="monitor-ask", daemon=True)
        self._pool = DaemonThreads(POLL_THREADS, "monitor-poll")

    def start(self) -> None:
        """Start watching."""
        self._asker.start()
        super().start()

    def stop(self) -> None:
        """Ask the monitor to end."""
        super().stop()
        with self._changed:
            self._changed.notify_all()

    def join(self, timeout_s: float) -> bool:
        """Wait for the end of the present round; what is being asked is not waited for."""
        ended = super().join(timeout_s)
        if self._asker.is_alive():
            self._asker.join(timeout_s)
        self._pool.close()
        return ended

    def watched(self) -> int:
        """How many jobs are watched."""
        with self._changed:
            return sum(len(each.jobs) for each in self._lists.values())

    def take_over(self) -> None:
        """Watch every job that waits: whoever watched them before may have died with what it knew."""
        mine = self._partition.experiments()
        for task in self._graph.executing():
            if task.parked and task.experiment_id in mine:
                self._take_in(WatchJob.of(task))

    def give_way(self) -> None:
        """Watch no longer; the leader does."""
        with self._changed:
            self._lists.clear()

    def work(self) -> None:
        """Take in jobs to watch."""
        deliveries = self._queue.consume([MONITOR_QUEUE], BATCH, MAX_WAIT_S)
        with self.dealing_with(self._queue, deliveries):
            if deliveries and not self.still_leads():
                self._queue.hand_back(deliveries)
                return
            done = each_or_set_aside(self._queue, decoded(self._queue, deliveries), self._take_in)
            # Which jobs wait can be read from the graph store again, so the message has done its work.
            self._queue.acknowledge(done)

    def _ask_loop(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                now_us = self._steady()
                due = []
                next_us = now_us + microseconds(MAX_WAIT_S)
                for cluster, watches in self._lists.items():
                    due_us = watches.due_us()
                    if due_us is not None and due_us <= now_us:
                        watches.polling = True
                        due.append((cluster, watches))
                    elif due_us is not None:
                        next_us = min(next_us, due_us)
                if not due:
                    self._changed.wait((next_us - now_us) / MICROSECONDS_PER_SECOND)
            for cluster, watches in due:
                self._pool.submit(self._poll, cluster, watches)

    def _take_in(self, message: object) -> None:
        if not isinstance(message, WatchJob):
            raise TypeError(f"the monitor does not read a {type(message).__name__}")
        cluster = message.job.cluster
        with self._changed:
            watches = self._lists.get(cluster)
            if message.stop:
                if watches is not None:
                    watches.remove(message.task_id)
                return
        if watches is None:
            watches = self._new_list(cluster)
        with self._changed:
            self._lists.setdefault(cluster, watches).add(message, self._steady())
            self._changed.notify_all()

    def _new_list(self, cluster: str) -> WatchList:
        try:
            description = self._resources.cluster(cluster)
            batch_system = self._resources.batch_system(cluster)
        except WorkloadError as error:
            # Its file may come back; until then every query fails and is repeated, and the job waits.
            log.error("jobs wait on a cluster that cannot be used", cluster=cluster, error=str(error))
            return WatchList(10.0, 60.0)
        return WatchList(
            _first(self._min_poll_interval_s, description.min_poll_interval_s, batch_system.min_poll_interval_s),
            _first(self._max_poll_interval_s, description.max_poll_interval_s, batch_system.max_poll_interval_s),
        )

    # -- one query --------------------------------------------------------------------
    def _poll(self, cluster: str, watches: WatchList) -> None:
        with self._changed:
            jobs = list(watches.jobs.values())
        started_s = time.monotonic()
        try:
            reports = self._ask(self._resources, cluster, [each.watch.job for each in jobs])
            self._digest(watches, jobs, reports)
        except WorkloadError as error:
            with self._changed:
                delay_s = watches.failed(self._steady())
            level = log.warning if isinstance(error, UnavailableError) else log.error
            level("a cluster does not say how its jobs are", cluster=cluster, error=str(error), retry_in_s=delay_s)
            self._note(jobs, f"{cluster} to answer again: {error}")
        except Exception as error:
            with self._changed:
                watches.failed(self._steady())
            log.exception("a query failed", cluster=cluster)
            self._note(jobs, f"a query to {cluster} that does not fail: {type(error).__name__}: {error}")
        else:
            self._note(jobs, "")
            with self._changed:
                watches.answered(self._steady(), time.monotonic() - started_s)
                self._changed.notify_all()

    def _note(self, jobs: list[WatchedJob], waiting_for: str) -> None:
        """Write down what the tasks of these jobs wait for, as far as it has changed; '' for nothing but their job."""
        changed = [each for each in jobs if each.waiting_for != waiting_for][:MAX_NOTES]
        if not changed:
            return
        try:
            self._graph.note_waiting({each.watch.task_id: waiting_for for each in changed})
        except UnavailableError as error:
            log.warning("what jobs wait for could not be noted", error=str(error))
            return
        for each in changed:
            each.waiting_for = waiting_for

    def _digest(self, watches: WatchList, jobs: list[WatchedJob], reports: Mapping[str, JobReport]) -> None:
        now_us = self._clock()
        changed: list[tuple[WatchedJob, JobReport]] = []
        outcomes: list[tuple[WatchedJob, OutcomeMessage]] = []
        for each in jobs:
            report = reports.get(each.watch.job.job_id) or _silence(each)
            if report is None:
                continue
            if report.state is not JobState.UNKNOWN:
                each.silent_polls = 0
            if (report.state, report.native_state, report.reason) != (each.state, each.native_state, each.reason):
                changed.append((each, report))
            outcome = outcome_of(each.watch, report, self._session, now_us)
            if outcome is not None:
                outcomes.append((each, outcome))
        self._make_known(changed, now_us)
        if outcomes:
            self._queue.publish(
                [Message(queue=ORCHESTRATOR_QUEUE, body=outcome.to_body(), priority=10) for _, outcome in outcomes],
                durable=False,
            )
            with self._changed:
                for each, _ in outcomes:
                    if watches.jobs.get(each.watch.task_id) is each:
                        watches.remove(each.watch.task_id)

    def _make_known(self, changed: list[tuple[WatchedJob, JobReport]], now_us: int) -> None:
        if not changed:
            return
        self._registry.save_jobs([_record(each, report, now_us) for each, report in changed], durable=False)
        self._journal.write([self._change(each, report, now_us) for each, report in changed], durable=False)
        for each, report in changed:
            each.state, each.native_state, each.reason = report.state, report.native_state, report.reason

    def _change(self, each: WatchedJob, report: JobReport, now_us: int) -> StateChange:
        return StateChange(
            subject=Subject.JOB,
            subject_id=report.job_id,
            experiment_id=each.watch.experiment_id,
            state=report.state,
            at_us=now_us,
            by=self._session,
            attempt=each.watch.attempt,
            name=each.watch.job.job_name,
            reason=report.reason,
            detail={"native_state": report.native_state, "exit_code": report.exit_code},
        )


def _silence(each: WatchedJob) -> JobReport | None:
    """What to make of a job that no witness mentions: for a while nothing, then UNKNOWN; never an end."""
    each.silent_polls += 1
    if each.silent_polls < SILENT_POLLS_UNTIL_UNKNOWN:
        return None
    return JobReport(
        job_id=each.watch.job.job_id,
        state=JobState.UNKNOWN,
        reason="neither the queue nor accounting nor an exit-code file says anything about it",
    )


def _record(each: WatchedJob, report: JobReport, now_us: int) -> JobRecord:
    return JobRecord(
        job=each.watch.job,
        experiment_id=each.watch.experiment_id,
        task_id=each.watch.task_id,
        state=report.state,
        exit_code=report.exit_code,
        native_state=report.native_state,
        reason=report.reason,
        updated_at_us=now_us,
    )


def _first(*values: float | None) -> float:
    """The first value that is set; the last one always is."""
    return next(value for value in values if value is not None)
