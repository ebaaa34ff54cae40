"""The experiments of a run: of every sort one knows how it must end, what it leaves and how often its job may run."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from airavata_workload.domain import identifiers
from airavata_workload.domain.experiment import (
    Application,
    DataType,
    Experiment,
    ExperimentInput,
    ExperimentOutput,
)
from airavata_workload.domain.job import ResourceRequest
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState

HERE = "here"
"""The cluster that is this machine, without SSH."""
NEAR = (
    "forked",
    "waited-for",
    "fan-out",
    "failing",
    "cancelled",
    "tried-again",
    "two-jobs-cancelled",
    "held",
    "unwatched",
)
FAR = ("slurm", "forked-over-ssh", "slurm-failing", "across-clusters", "slurm-cancelled", "slurm-two-jobs")
"""The sorts of trial on this machine, and on clusters behind SSH."""
FOR_EVER_S = 900
FAILURE = 3
TWO_JOBS = "two-jobs"
TWO_JOBS_DAG = """
application_type: two-jobs
description: Two jobs, for which nobody waits until both are submitted
tasks:
  set-up:
    kind: env-setup
    parameters: {directory: "${process.working_directory}", subdirectories: [first, second]}
  first:
    kind: job-submission
    after: set-up
    parameters: {directory: "${process.working_directory}/first", commands: "${application.commands}"}
  second:
    kind: job-submission
    after: set-up
    parameters: {directory: "${process.working_directory}/second", commands: "${application.commands}"}
  watch-first:
    kind: job-monitoring
    after: [first, second]
    parameters: {job: "${tasks.first.outputs.job}"}
  watch-second:
    kind: job-monitoring
    after: [first, second]
    parameters: {job: "${tasks.second.outputs.job}"}
"""

UNWATCHED = "unwatched"
UNWATCHED_DAG = """
application_type: unwatched
description: A job that nobody comes to wait for, because something else fails before
tasks:
  set-up:
    kind: env-setup
    parameters: {directory: "${process.working_directory}"}
  submit:
    kind: job-submission
    after: set-up
    parameters: {directory: "${process.working_directory}", commands: "${application.commands}"}
  gate:
    kind: command
    after: submit
    parameters: {command: ["false"]}
  monitor:
    kind: job-monitoring
    after: [submit, gate]
    parameters: {job: "${tasks.submit.outputs.job}"}
"""
DAGS = {TWO_JOBS: TWO_JOBS_DAG, UNWATCHED: UNWATCHED_DAG}
"""Descriptions of the abstract DAGs that trials follow and that do not come with the engine."""

JOB = 'echo "$$" >>"$1"; sleep "$3" || exit; cp "$2" out.txt; exit "$4"'
"""Said before anything else, so that a job counts which is killed at once."""
JOB_THAT_FAILS_FIRST = JOB.replace('exit "$4"', 'test "$(wc -l <"$1")" -gt 1 || exit "$4"')


@dataclass(frozen=True)
class Order:
    """What the user asks for (a method of ``Workload``) as soon as the experiment, so many seconds old, is ``ripe``."""

    verb: str
    ripe: Callable[[Experiment, float], bool]


def after(verb: str, seconds: float) -> Order:
    """An order that is given after some time."""
    return Order(verb, lambda experiment, age_s: age_s >= seconds)


RELEASE = Order("release", lambda experiment, age_s: experiment.held and age_s >= 3.0)
TRY_AGAIN = Order("retry", lambda experiment, age_s: experiment.state is ExperimentState.FAILED)


@dataclass
class Trial:
    """An experiment, how it must end, and what has become of it so far; times in seconds since the epoch."""

    sort: str
    experiment: Experiment
    expected: ExperimentState
    job_log: Path | None
    """Each job of the experiment that begins adds a line here."""
    most_jobs: int = 1
    fewest_jobs: int = 1
    output: bytes | None = None
    orders: tuple[Order, ...] = ()
    """What the user still has to ask for, in this order."""
    submitted_at_s: float = 0.0
    seen: Experiment | None = None
    ended_at_s: float = 0.0
    end: ExperimentState | None = None

    @property
    def experiment_id(self) -> str:
        """The experiment's id, which it has before it is submitted, so that submitting may be repeated."""
        return self.experiment.experiment_id

    @property
    def ends(self) -> frozenset[ExperimentState]:
        """Every end that it must have come to, the last one among them."""
        return frozenset({self.expected, ExperimentState.FAILED} if self.tried_again else {self.expected})

    @property
    def tried_again(self) -> bool:
        """Whether it ends once without success, and then once more, with another process."""
        return self.sort == "tried-again"

    def due(self, now_s: float) -> Order | None:
        """The next order, if it is time for it; ``now_s`` is in seconds since the epoch."""
        if self.seen is None or not self.orders:
            return None
        first = self.orders[0]
        return first if first.ripe(self.seen, now_s - self.submitted_at_s) else None

    def saw(self, experiment: Experiment, now_s: float) -> None:
        """The experiment was seen like that."""
        before, self.seen = self.seen, experiment
        first_process = experiment.process_id == self.experiment.process_id
        # The new process is entered a moment before the experiment is said to have begun again.
        still = before is not None and (before.state, experiment.state) == (ExperimentState.FAILED,) * 2
        if experiment.state in EXPERIMENT_ENDS and not (self.tried_again and (first_process or still)):
            self.end, self.ended_at_s = experiment.state, now_s


@dataclass
class Trials:
    """Makes trials: sort by sort in turn, so that each comes equally often; ``random`` sets what else varies.

    ``data`` is a directory for inputs, ``job_logs`` one that the jobs' account may write into. Without
    ``with_clusters`` everything runs on this machine.
    """

    data: Path
    job_logs: Path
    outputs: Path
    random: random.Random
    with_clusters: bool
    remote_data: str = ""
    """A file on delta, as ``delta:/path``."""
    remote_content: bytes = b""
    longest_nap_s: float = 3.0
    """How long a job works at most. A monitor that has just begun to lead sees only the end of a short one."""
    made: int = 0
    _input: Path = field(init=False)

    def __post_init__(self) -> None:
        self.data.mkdir(parents=True, exist_ok=True)
        self._input = self.data / "it's data.txt"
        self._input.write_bytes(b"some data\n" * 100)

    def sorts(self) -> Sequence[str]:
        """Every sort of trial."""
        return (*NEAR, *FAR) if self.with_clusters else NEAR

    def next(self) -> Trial:
        """The next trial."""
        sort = self.sorts()[self.made % len(self.sorts())]
        self.made += 1
        return self.of(sort)

    def of(self, sort: str) -> Trial:
        """A trial of the given sort."""
        nap_s = round(self.random.uniform(0.1, self.longest_nap_s), 1)
        if sort == "fan-out":
            return self._fan_out(sort)
        cluster, application_type = HERE, "hpc-batch"
        if sort in FAR:
            cluster = "delta" if sort == "forked-over-ssh" else "alpha"
        if sort == "waited-for":
            application_type = "local"
        if TWO_JOBS in sort:
            application_type = TWO_JOBS
        if sort == UNWATCHED:
            trial = self._job(sort, cluster, FOR_EVER_S, application_type=UNWATCHED)
            return replace(trial, expected=ExperimentState.FAILED, orders=())
        if sort.endswith("cancelled"):
            return self._job(sort, cluster, FOR_EVER_S, application_type=application_type)
        if sort == "across-clusters":
            return self._job(sort, cluster, nap_s, source=self.remote_data, content=self.remote_content)
        if sort == "held":
            return replace(self._job(sort, cluster, nap_s), orders=(after("hold", 0.0), RELEASE))
        if sort == "tried-again":
            return self._tried_again(sort, nap_s)
        exit_code = FAILURE if sort.endswith("failing") else 0
        return self._job(sort, cluster, nap_s, application_type=application_type, exit_code=exit_code)

    def _tried_again(self, sort: str, nap_s: float) -> Trial:
        """Its first job fails, which the user answers with another try; the second one does not."""
        trial = self._job(sort, HERE, nap_s, script=JOB_THAT_FAILS_FIRST, failing=FAILURE)
        return replace(trial, most_jobs=2, fewest_jobs=2, orders=(TRY_AGAIN,))

    def _job(
        self,
        sort: str,
        cluster: str,
        nap_s: float,
        *,
        application_type: str = "hpc-batch",
        exit_code: int = 0,
        source: str = "",
        content: bytes | None = None,
        script: str = JOB,
        failing: int = 0,
    ) -> Trial:
        experiment_id = identifiers.experiment_id(sort)
        log = self.job_logs / experiment_id
        words = (str(log), "${inputs.data}", str(nap_s), str(failing or exit_code))
        application = Application(name="trial", commands=(("sh", "-c", script, "trial", *words),))
        two = application_type == TWO_JOBS
        experiment = Experiment(
            experiment_id=experiment_id,
            process_id=identifiers.process_id(),
            name=sort,
            application_type=application_type,
            application=application,
            compute_resource=cluster,
            user="chaos",
            inputs=(ExperimentInput(name="data", type=DataType.URI, value=source or str(self._input)),),
            outputs=(ExperimentOutput(name="copy", path="out.txt"),) if exit_code == 0 and not two else (),
            resources=ResourceRequest(node_count=1, cpu_count=1, wall_time_s=2 * FOR_EVER_S),
            output_directory=str(self.outputs / experiment_id),
        )
        if nap_s == FOR_EVER_S:
            orders = (after("cancel", round(self.random.uniform(0.0, 8.0), 1)),)
            end = ExperimentState.CANCELED
            return Trial(sort, experiment, end, log, most_jobs=1 + two, fewest_jobs=0, orders=orders)
        if two:
            return Trial(sort, experiment, ExperimentState.COMPLETED, log, most_jobs=2, fewest_jobs=2)
        if exit_code:
            return Trial(sort, experiment, ExperimentState.FAILED, log)
        output = self._input.read_bytes() if content is None else content
        return Trial(sort, experiment, ExperimentState.COMPLETED, log, output=output)

    def _fan_out(self, sort: str) -> Trial:
        """Three commands side by side and one that joins them: tasks that are no jobs and may be repeated.

        Where it runs is left to the engine.
        """
        experiment_id = identifiers.experiment_id(sort)
        experiment = Experiment(
            experiment_id=experiment_id,
            name=sort,
            application_type="MATHS",
            application=Application(name="trial", commands=(("echo",), ("cat",)), stdout="out.txt"),
            compute_resource="",
            candidates=(HERE,),
            user="chaos",
            inputs=(ExperimentInput(name="parts", type=DataType.STRING, value=["a", "b", "c"]),),
            outputs=(ExperimentOutput(name="copy", path="out.txt"),),
            output_directory=str(self.outputs / experiment_id),
        )
        return Trial(sort, experiment, ExperimentState.COMPLETED, None, output=b"a\nb\nc\n")
