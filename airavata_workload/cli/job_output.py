"""What jobs print: the file that was staged back or, as long as there is none, the one on the cluster."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Literal

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.ports.registry import JobRecord

Stream = Literal["stdout", "stderr"]

MAX_BYTES = 10 * 1024 * 1024
"""So much of the end of a file is shown at most."""
NO_SUCH_FILE = 66
"""Exit code with which our script says that the file is not there (Source: sysexits(3), EX_NOINPUT)."""


@dataclass(frozen=True, slots=True)
class JobOutput:
    """The end of a stream: where it was read, and its text; undecodable bytes are replaced."""

    place: str
    text: str


def job_output(installation: Installation, experiment: Experiment, job: JobRecord | None, stream: Stream) -> JobOutput:
    """The stream of the job, or of the application when there is no job.

    Raises ``NotFoundError`` when the file is neither here nor there, and whatever reaching the cluster raises.
    """
    name = getattr(job.job if job else experiment.application, stream) or getattr(experiment.application, stream)
    staged = Path(experiment.output_directory) / name
    if staged.is_file():
        return JobOutput(str(staged), _end_of(staged))
    if job is None:
        raise NotFoundError(
            f"Experiment {experiment.experiment_id} has no job yet, and {staged} is not there.",
            remedy="'airavata-workload show' tells what it waits for.",
        )
    there = str(PurePosixPath(job.job.working_directory) / name)
    quoted = shlex.quote(there)
    script = f"[ -f {quoted} ] || exit {NO_SUCH_FILE}; tail -c {MAX_BYTES} -- {quoted}"
    result = installation.resources.shell(job.job.cluster).run(script)
    place = f"{job.job.cluster}:{there}"
    if result.exit_code == NO_SUCH_FILE:
        raise NotFoundError(
            f"{place} is not there (yet), and neither is {staged}.",
            remedy="The job may not have started, or its directory has been removed.",
        )
    return JobOutput(place, result.require_success(f"Reading {place}").text)


def _end_of(path: Path) -> str:
    with path.open("rb") as file:
        file.seek(max(0, path.stat().st_size - MAX_BYTES))
        return file.read().decode("utf-8", "replace")
