"""What must hold after a run, whatever happened in it."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from chaos import job_processes
from chaos.site import Site
from chaos.trials import Trial

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.states import EXPERIMENT_ENDS, JOB_ENDS, TASK_ENDS, ExperimentState, TaskState
from airavata_workload.domain.task import Task

SETTLE_S = 90.0
"""What is put away after an experiment's end (messages, recovery nodes, cancelled processes) has this long.

A stage may wait twice for MariaDB's limit of 30 s: a connection that is half-open since the last fault, and one of
another pool after it.
"""
RECEIVERS_DIED = "delivery_limit"
LOOK_S = 0.5
ACCOUNTING_WITHIN_S = 60.0


@dataclass
class Findings:
    """What is wrong, by kind; each a sentence that names the experiment or thing. All empty: nothing is."""

    lost: list[str] = field(default_factory=list)
    """Experiments that did not end; jobs that should have run and did not."""
    doubled: list[str] = field(default_factory=list)
    """Tasks completed twice, jobs that ran twice."""
    wrong_end: list[str] = field(default_factory=list)
    """Experiments that ended otherwise than they must, or with a wrong output."""
    left_over: list[str] = field(default_factory=list)
    """Recovery nodes, messages, dead letters without a cause, jobs and processes that are still there."""
    disagreeing: list[str] = field(default_factory=list)
    """Where audit trail and graph store differ."""
    set_aside: list[str] = field(default_factory=list)
    """Dead letters of the broker's, which has seen twenty of their receivers die: no findings, if all has ended rightly
    in spite of them. Whoever kills an orchestrator every four seconds gets some."""

    def all(self) -> list[str]:
        """Every finding, with its kind in front."""
        kinds = {kind: texts for kind, texts in vars(self).items() if kind != "set_aside"}
        return [f"{kind}: {text}" for kind, texts in kinds.items() for text in texts]


def judge(site: Site, trials: Sequence[Trial]) -> Findings:
    """Look at everything, straight at the servers. The services still run, so that what is late may still come."""
    findings = Findings()
    with site.installation("chaos-judge", straight=True) as installation:
        for trial in trials:
            _judge_trial(installation, trial, findings)
        _judge_slurm(site, installation, trials, findings)
        _judge_what_is_left(site, installation, trials, findings)
    return findings


# -- one experiment --------------------------------------------------------------------
def _judge_trial(installation: Installation, trial: Trial, findings: Findings) -> None:
    name = trial.experiment_id
    try:
        experiment = installation.registry.experiment(name)
    except NotFoundError:
        findings.lost.append(f"{name} is not in the registry")
        return
    tasks = installation.graph.tasks(name)
    told = "; ".join(f"{task.name} {task.state} {task.reason}".strip() for task in tasks)
    if trial.end is None:
        findings.lost.append(f"{name} has not ended: it is {experiment.state} ({told})")
        return
    if experiment.state is not trial.expected:
        findings.wrong_end.append(f"{name} is {experiment.state}, not {trial.expected}: {experiment.reason} ({told})")
    elif trial.output is not None:
        copy = Path(experiment.output_directory) / "out.txt"
        found = copy.read_bytes() if copy.exists() else None
        if found != trial.output:
            findings.wrong_end.append(f"{name} is {experiment.state} with a wrong output: {(found or b'')[:80]!r}")
    _judge_tasks(name, tasks, experiment.state, findings)
    _judge_jobs(trial, findings)
    _judge_audit(trial, tasks, installation.registry.audit_trail(name), findings)


def _judge_tasks(name: str, tasks: Iterable[Task], end: ExperimentState, findings: Findings) -> None:
    for task in tasks:
        completions = sum(change.state is TaskState.COMPLETED for change in task.history)
        if completions > 1:
            findings.doubled.append(f"{name}: task {task.name} was completed {completions} times")
        if completions != (task.state is TaskState.COMPLETED) and completions <= 1:
            findings.disagreeing.append(f"{name}: task {task.name} is {task.state} with {completions} completions")
        if task.state not in TASK_ENDS:
            findings.lost.append(f"{name} is {end}, and its task {task.name} is {task.state}")
        if end is ExperimentState.COMPLETED and task.state is not TaskState.COMPLETED:
            findings.wrong_end.append(f"{name} is {end}, and its task {task.name} is {task.state}: {task.reason}")


def _job_lines(trial: Trial) -> list[str]:
    return job_processes.begun(trial.job_log) if trial.job_log is not None else []


def _judge_jobs(trial: Trial, findings: Findings) -> None:
    if trial.job_log is None:
        return
    ran = len(_job_lines(trial))
    if ran > trial.most_jobs:
        findings.doubled.append(f"{trial.experiment_id}: its job ran {ran} times")
    if ran < trial.fewest_jobs:
        findings.lost.append(f"{trial.experiment_id}: its job ran {ran} times")


def _judge_audit(trial: Trial, tasks: Iterable[Task], trail: Sequence[StateChange], findings: Findings) -> None:
    name = trial.experiment_id
    # Not the last line: the trail is in the order of the times that services wrote, and their clocks are set meanwhile.
    experiment = {change.state for change in trail if change.subject is Subject.EXPERIMENT}
    if experiment & EXPERIMENT_ENDS != trial.ends:
        findings.disagreeing.append(f"{name} is {trial.end}; in its audit trail it was {', '.join(sorted(experiment))}")
    for task in tasks:
        rows = [change for change in trail if change.subject is Subject.TASK and change.subject_id == task.task_id]
        states = {TaskState(change.state) for change in rows}
        if states & TASK_ENDS != {task.state} & TASK_ENDS:
            was = ", ".join(sorted(states)) or "nothing"
            findings.disagreeing.append(f"{name}: task {task.name} is {task.state}; in its audit trail it was {was}")
        history = {(change.state, change.attempt) for change in task.history}
        told = {(TaskState(change.state), change.attempt) for change in rows}
        # The first line says that the task was made, which is no change of its state.
        first = {(change.state, change.attempt) for change in task.history[:1]}
        for which, differing in (("lacks", history - first - told), ("invents", told - history)):
            if differing:
                listed = ", ".join(f"{state} at attempt {attempt}" for state, attempt in sorted(differing))
                findings.disagreeing.append(f"{name}: the audit trail of task {task.name} {which} {listed}")


# -- Slurm's own accounting -----------------------------------------------------------------
def _judge_slurm(site: Site, installation: Installation, trials: Sequence[Trial], findings: Findings) -> None:
    if site.servers is None:
        return
    wanted: dict[str, tuple[str, bool]] = {}
    for trial in trials:
        if trial.experiment.compute_resource != "alpha":
            continue
        for task in installation.graph.tasks(trial.experiment_id):
            job_name = (task.intent or {}).get("job_name")
            if task.kind == "job-submission" and job_name:
                wanted[job_name] = (trial.experiment_id, task.state is TaskState.COMPLETED)
    servers = site.servers

    def counted() -> Counter[str]:
        return Counter(name for name, _ in servers.jobs_called(sorted(wanted)))

    def complete() -> bool:
        found = counted()
        return all(found[name] for name, (_, submitted) in wanted.items() if submitted)

    _until(complete, ACCOUNTING_WITHIN_S)
    found = counted()
    for job_name, (experiment_id, submitted) in wanted.items():
        if found[job_name] > 1:
            findings.doubled.append(f"{experiment_id}: Slurm knows {found[job_name]} jobs called {job_name}")
        if submitted and not found[job_name]:
            findings.lost.append(f"{experiment_id}: Slurm knows no job called {job_name}")


# -- what is left -------------------------------------------------------------------------------
def _judge_what_is_left(site: Site, installation: Installation, trials: Sequence[Trial], findings: Findings) -> None:
    """Each of these may come a little after the experiments' ends, so all together have some time to become empty."""
    questions: list[Callable[[], list[str]]] = [
        lambda: [f"the recovery node of {node.experiment_id}" for node in installation.nodes.nodes()],
        lambda: [f"{count} messages in queue {name}" for name, count in installation.queue.depths().items()],
        lambda: [f"open tasks of {name}" for name in installation.graph.unfinished()],
        lambda: _jobs_that_run(installation, trials),
    ]
    if site.servers is not None and not site.embedded:
        questions.append(lambda: _messages(site))
    _until(lambda: not any(question() for question in questions), SETTLE_S)
    for question in questions:
        findings.left_over += question()
    for queue, body, reason in installation.queue.dead_letters():
        cause = reason or "no cause is given"
        kind = findings.set_aside if RECEIVERS_DIED in cause else findings.left_over
        kind.append(f"a dead letter of queue {queue} ({cause}): {str(body)[:200]}")


def _messages(site: Site) -> list[str]:
    assert site.servers is not None
    try:
        queues = site.servers.queues()
        holders = site.servers.holders()
    except OSError as error:
        return [f"RabbitMQ's management interface does not answer: {error}"]
    left = [
        f"{queue['name']}: {queue.get('messages_ready')} ready, {queue.get('messages_unacknowledged')} unacknowledged"
        for queue in queues
        if queue["type"] != "stream"
        and (queue.get("messages_unacknowledged") or (queue.get("messages_ready") and not _keeps(queue["name"])))
    ]
    return [f"{', '.join(left)}; {', '.join(holders)}"] if left else []


def _keeps(queue: str) -> bool:
    """Whether messages rest in the queue on purpose: the names of queues, and dead letters, which are judged apart."""
    return queue.endswith(("///names", "///dead-letters"))


def _jobs_that_run(installation: Installation, trials: Sequence[Trial]) -> list[str]:
    found = []
    for trial in trials:
        found += [
            f"{trial.experiment_id}: process {process_id} of its job still runs"
            for process_id in (job_processes.running(trial.job_log) if trial.job_log is not None else ())
        ]
        found += [
            f"{trial.experiment_id}: its job {record.job.job_id} is {record.state} in the registry"
            for record in installation.registry.jobs(trial.experiment_id)
            if record.state not in JOB_ENDS
        ]
    return found


def _until(holds: Callable[[], bool], timeout_s: float) -> None:
    """Wait until it holds, at most so long; whether it did is for the caller to see."""
    end_s = time.monotonic() + timeout_s
    while not holds() and time.monotonic() < end_s:
        time.sleep(LOOK_S)
