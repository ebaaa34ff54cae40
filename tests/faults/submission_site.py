"""A stand-in for Slurm, the working directory of a job, and those who submit it."""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from airavata_adapters.batch_systems.slurm import Slurm
from airavata_plugins.submission_guard import SubmissionGuard
from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import SubmissionUncertainError
from airavata_workload.testing.stand_in_slurm import StandInSlurm
from airavata_workload.testing.subprocess_shell import SubprocessShell

NAME = "Asubmitonce0000"
SCRIPT = "#!/bin/bash\necho it's a job\n"
LONG_AGO_S = 1_000


class SettlingSlurm(Slurm):
    """Slurm that takes long to settle, so that a test does not depend on how quick it is itself."""

    submission_settle_s = 100.0


class Site(StandInSlurm):
    """The stand-in for Slurm, the working directory of a job, and those who submit it."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory / "slurm's bin")
        self.work = directory / "work dir"

    def guard(self, **values: float) -> SubmissionGuard:
        """Somebody who submits."""
        return SubmissionGuard(
            shell=SubprocessShell(),
            batch_system=SettlingSlurm(Cluster(name="stand-in", command_directory=str(self.home))),
            directory=str(self.work),
            job_name=NAME,
            **{"wait_s": 0.2, "limit_s": 30, **values},  # type: ignore[arg-type]
        )

    def submit(self, attempt: int = 1, **values: float) -> str:
        """Submit, as a task's attempt does."""
        return self.guard(**values).submit(SCRIPT, attempt)

    def begun(self) -> bool:
        """Whether somebody has begun to submit."""
        return (self.work / f".{NAME}.submit" / "1").is_symlink()

    def group(self) -> int:
        """The process group that makes the first try."""
        return int(os.readlink(self.work / f".{NAME}.submit" / "1").split(":")[3])

    def time_passes(self) -> None:
        """Make all records look old, as after an outage of the engine."""
        then = time.time() - LONG_AGO_S
        for record in self.work.glob(f".{NAME}.submit/*"):
            with contextlib.suppress(FileNotFoundError):  # temporary files come and go
                os.utime(record, (then, then), follow_symlinks=False)

    def submit_until_sure(self) -> str:
        """Submit again and again, as the engine does, with time passing in between."""
        for _ in range(20):
            with contextlib.suppress(SubmissionUncertainError):
                return self.submit()
            self.time_passes()
        raise AssertionError("it never became sure")

    def on_another_machine(self) -> None:
        """Make the latest try look as if it had been begun by another login node."""
        records = self.work / f".{NAME}.submit"
        link = max((path for path in records.iterdir() if path.is_symlink()), key=lambda path: int(path.name))
        link.unlink()
        link.symlink_to("try:login2:another-boot:1:1")
