"""The experiments of a run: of every sort one knows how it must end, what it leaves and how often its job may run."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
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
from airavata_workload.domain.states import ExperimentState

HERE = "here"
"""The cluster that is this machine, without SSH."""
NEAR = ("forked", "waited-for", "fan-out", "failing", "cancelled")
FAR = ("slurm", "forked-over-ssh", "slurm-failing", "across-clusters", "slurm-cancelled")
"""The sorts of trial on this machine, and on clusters behind SSH."""
FOR_EVER_S = 900
FAILURE = 3


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
    cancel_after_s: float | None = None
    submitted_at_s: float = 0.0
    cancelled: bool = False
    ended_at_s: float = 0.0
    end: ExperimentState | None = None

    @property
    def experiment_id(self) -> str:
        """The experiment's id, which it has before it is submitted, so that submitting may be repeated."""
        return self.experiment.experiment_id


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
        nap_s = round(self.random.uniform(0.1, 3.0), 1)
        if sort == "fan-out":
            return self._fan_out(sort)
        cluster, application_type = HERE, "hpc-batch"
        if sort in FAR:
            cluster = "delta" if sort == "forked-over-ssh" else "alpha"
        if sort == "waited-for":
            application_type = "local"
        if sort.endswith("cancelled"):
            return self._job(sort, cluster, FOR_EVER_S)
        if sort == "across-clusters":
            return self._job(sort, cluster, nap_s, source=self.remote_data, content=self.remote_content)
        exit_code = FAILURE if sort.endswith("failing") else 0
        return self._job(sort, cluster, nap_s, application_type=application_type, exit_code=exit_code)

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
    ) -> Trial:
        experiment_id = identifiers.experiment_id(sort)
        log = self.job_logs / experiment_id
        # Said before anything else, so that a job counts which is killed at once.
        script = 'echo "$$" >>"$1"; sleep "$3" || exit; cp "$2" out.txt; exit "$4"'
        application = Application(
            name="trial",
            commands=(("sh", "-c", script, "trial", str(log), "${inputs.data}", str(nap_s), str(exit_code)),),
        )
        experiment = Experiment(
            experiment_id=experiment_id,
            name=sort,
            application_type=application_type,
            application=application,
            compute_resource=cluster,
            user="chaos",
            inputs=(ExperimentInput(name="data", type=DataType.URI, value=source or str(self._input)),),
            outputs=(ExperimentOutput(name="copy", path="out.txt"),) if exit_code == 0 else (),
            resources=ResourceRequest(node_count=1, cpu_count=1, wall_time_s=2 * FOR_EVER_S),
            output_directory=str(self.outputs / experiment_id),
        )
        if nap_s == FOR_EVER_S:
            cancel_after_s = round(self.random.uniform(0.0, 8.0), 1)
            return Trial(sort, experiment, ExperimentState.CANCELED, log, fewest_jobs=0, cancel_after_s=cancel_after_s)
        if exit_code:
            return Trial(sort, experiment, ExperimentState.FAILED, log)
        output = self._input.read_bytes() if content is None else content
        return Trial(sort, experiment, ExperimentState.COMPLETED, log, output=output)

    def _fan_out(self, sort: str) -> Trial:
        """Three commands side by side and one that joins them: tasks that are no jobs and may be repeated."""
        experiment_id = identifiers.experiment_id(sort)
        experiment = Experiment(
            experiment_id=experiment_id,
            name=sort,
            application_type="MATHS",
            application=Application(name="trial", commands=(("echo",), ("cat",)), stdout="out.txt"),
            compute_resource=HERE,
            user="chaos",
            inputs=(ExperimentInput(name="parts", type=DataType.STRING, value=["a", "b", "c"]),),
            outputs=(ExperimentOutput(name="copy", path="out.txt"),),
            output_directory=str(self.outputs / experiment_id),
        )
        return Trial(sort, experiment, ExperimentState.COMPLETED, None, output=b"a\nb\nc\n")
