"""A stand-in for Slurm that fails at a chosen instruction, which a real one cannot be made to do.

It takes a job by making a symbolic link, which either happens or does not,
and can be told to lose its answer then, to die, to hang, or to take the job
long after it has said that it did not. Whatever can be had of a real Slurm is
tested with that one.
"""

from __future__ import annotations

import os
from pathlib import Path

_SBATCH = r"""#!/bin/sh
for word do case $word in --job-name=*) name=${word#*=} ;; esac; done
home=$(dirname -- "$0")
take() {
  number=1
  while ! ln -s -- "$name" "$home/jobs/$number" 2>/dev/null; do number=$((number + 1)); done
}
read -r mode <"$home/mode"
case $mode in
  well) take; echo "$number" ;;
  greeting) echo 'Welcome, user 12345!'; take; echo "Submitted batch job $number" ;;
  garbage) take; echo "job number $number, have fun" ;;
  refuse) echo 'sbatch: error: Batch job submission failed: Invalid qos specification' >&2; exit 1 ;;
  down) echo 'sbatch: error: Batch job submission failed: Unable to contact slurm controller (connect failure)' >&2
    exit 1 ;;
  lose) take; echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1 ;;
  unheard) echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1 ;;
  late) (until [ -e "$home/go on" ]; do sleep 0.02; done; take) </dev/null >/dev/null 2>&1 &
    echo 'sbatch: error: Batch job submission failed: Socket timed out on send/recv operation' >&2; exit 1 ;;
  die-before) kill -9 $$ ;;
  die-after) take; kill -9 $$ ;;
  hang-before) exec sleep 600 ;;
  hang-after) take; exec sleep 600 ;;
  slow) until [ -e "$home/go on" ]; do sleep 0.02; done; take; echo "$number" ;;
esac
"""
_SQUEUE = r"""#!/bin/sh
for word do case $word in --name=*) name=${word#*=} ;; esac; done
home=$(dirname -- "$0")
[ ! -e "$home/queue is down" ] || { echo 'slurm_load_jobs error: Unable to contact slurm controller' >&2; exit 1; }
for job in "$home"/jobs/*; do
  [ "$(readlink -- "$job")" != "$name" ] || echo "${job##*/}|None"
done
"""
_SACCT = "#!/bin/sh\necho 'Slurm accounting storage is disabled' >&2\nexit 1\n"


class StandInSlurm:
    """sbatch, squeue and sacct in the directory ``home``, which is a cluster's ``command_directory``."""

    def __init__(self, home: Path) -> None:
        self.home = home
        (home / "jobs").mkdir(parents=True)
        for name, text in {"sbatch": _SBATCH, "squeue": _SQUEUE, "sacct": _SACCT}.items():
            (home / name).write_text(text)
            (home / name).chmod(0o755)
        self.set("well")

    def set(self, mode: str) -> None:
        """What sbatch does from now on: one of the modes in its script."""
        (self.home / "mode").write_text(f"{mode}\n")

    def go_on(self) -> None:
        """Let sbatch in the modes ``slow`` and ``late`` go on."""
        (self.home / "go on").touch()

    def queue_is_down(self, down: bool) -> None:
        """Whether squeue cannot reach its server."""
        mark = self.home / "queue is down"
        if down:
            mark.touch()
        else:
            mark.unlink()

    def jobs(self) -> list[str]:
        """The ids of all jobs that were ever taken."""
        return sorted(os.listdir(self.home / "jobs"))

    def forget(self) -> None:
        """Forget all jobs, so that their names may be used again."""
        for job in self.jobs():
            (self.home / "jobs" / job).unlink()
