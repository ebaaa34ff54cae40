"""A real scientific program over a real SSH server on a real Slurm: HMMER builds and searches with the globin family.

Source of program and data: Debian's ``hmmer`` and ``hmmer-examples`` (HMMER
3.3.2 tutorial, http://hmmer.org).
"""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from faults.harness import Ending, Place, command_line, kill_at, places, run_and_kill

from airavata_workload.domain.cluster import Cluster

pytestmark = [pytest.mark.server, pytest.mark.slow]

TUTORIAL = Path("/usr/share/doc/hmmer/examples/tutorial")
EXPERIMENT = """
[experiment]
name = "globins"
application_type = "hpc-batch"
compute_resource = "alpha"

[application]
name = "hmmer"
commands = [
  ["hmmbuild", "globins4.hmm", "${inputs.alignment}"],
  ["hmmsearch", "--tblout", "hits.tbl", "-o", "hits.out", "globins4.hmm", "${inputs.sequences}"],
]

[inputs]
alignment = {file = "globins4.sto"}
sequences = {file = "globins45.fa"}

[outputs]
model = "globins4.hmm"
hits = "hits.out"
table = "hits.tbl"

[resources]
node_count = 1
cpu_count = 1
wall_time = "00:05:00"
"""
PROGRAM = Path(sys.executable).with_name("airavata-workload")


def prepare(directory: Path, cluster: Cluster) -> tuple[Path, Path]:
    """A home with the cluster, and the experiment file."""
    home = directory / "home"
    (home / "clusters").mkdir(parents=True)
    (home / "clusters" / "alpha.toml").write_text(
        "\n".join(
            [
                f'host = "{cluster.host}"',
                f"port = {cluster.port}",
                f'user = "{cluster.user}"',
                f'scratch_directory = "{cluster.scratch_directory}"',
                f'identity_file = "{cluster.identity_file}"',
                f'known_hosts_file = "{cluster.known_hosts_file}"',
                "use_agent = false",
                "min_poll_interval_s = 0.2",
                "max_poll_interval_s = 1.0",
            ]
        )
    )
    for name in ("globins4.sto", "globins45.fa"):
        shutil.copy(TUTORIAL / name, directory / name)
    path = directory / "globins.toml"
    path.write_text(EXPERIMENT)
    return home, path


@pytest.fixture
def serving(tmp_path: Path, slurm_cluster: Cluster) -> Iterator[tuple[Path, Path]]:
    """A running ``serve``; yields its home and the experiment file."""
    home, path = prepare(tmp_path, slurm_cluster)
    environment = {"AIRAVATA_WORKLOAD_HOME": str(home), "AIRAVATA_WORKLOAD_THRIFT__ENABLED": "false"}
    server = subprocess.Popen([str(PROGRAM), "serve"], env={**os.environ, **environment})
    yield home, path
    server.send_signal(signal.SIGTERM)
    assert server.wait(60) == 0, "serve drains and ends well"


def check_outputs(experiment: Mapping[str, object]) -> None:
    outputs = Path(str(experiment["output_directory"]))
    model = (outputs / "globins4.hmm").read_text()
    assert model.startswith("HMMER3/f"), "a profile in HMMER's format"
    assert "NSEQ  4" in model, "built from the four globins of the alignment"
    hits = [line for line in (outputs / "hits.tbl").read_text().splitlines() if not line.startswith("#")]
    assert len(hits) == 45, "every one of the 45 globins is found"
    assert "[ok]" in (outputs / "hits.out").read_text(), "hmmsearch came to its end"


def jobs_called(servers: Mapping[str, str], job_name: str) -> set[str]:
    """Ids of all jobs of that name that Slurm has ever accepted.

    The controller knows a finished job for MinJobAge (300 s), accounting for good but some seconds late: ask both.
    """
    environment = {**os.environ, "SLURM_CONF": servers["SLURM_CONF"]}
    ids: set[str] = set()
    for command in (
        ["squeue", "-h", "-t", "all", "-o", "%A", "--name", job_name],
        ["sacct", "-X", "-n", "-P", "-S", "now-1days", "-o", "JobID", "--name", job_name],
    ):
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
        ids |= set(done.stdout.split())
    return ids


def test_submitted_watched_and_brought_back(serving: tuple[Path, Path]) -> None:
    home, path = serving
    submitted = command_line(home, "submit", str(path), "--output", "json")
    assert submitted.returncode == 0, submitted.stderr
    found = re.search(r"globins_[0-9a-f-]{36}", submitted.stdout)
    assert found, submitted.stdout
    watched = command_line(home, "watch", found.group())
    assert watched.returncode == 0, watched.stdout + watched.stderr
    assert "COMPLETED" in watched.stdout.upper()
    shown = json.loads(command_line(home, "show", found.group(), "--output", "json").stdout)
    assert shown["state"] == "COMPLETED"
    assert [job["state"] for job in shown["jobs"]] == ["COMPLETE"]
    check_outputs(shown)


def state_changes(steps: Sequence[str]) -> list[Place]:
    """Before and after every write that changes a state, every command and every transfer."""
    wanted = ("graph.restore_loaded", "graph.apply", "graph.record_intent", "registry.record", "shell.run", "transfer.")
    when = {number: step.partition(" ")[0] for number, step in enumerate(steps) if any(word in step for word in wanted)}
    launched = next(number for number, step in enumerate(steps) if step == "after graph.restore_loaded")
    # Between the end of one and the beginning of the next nothing reaches the outside: one kill stands for both.
    same = {number for number, word in when.items() if (when.get(number - 1), word) == ("after", "before")}
    every = places(steps)
    return [every[number] for number in when if number >= launched and number not in same]


def seen_by_chance(place: Place) -> bool:
    """Whether it depends on when the monitor looks at the job: not every run sees the job wait, or run."""
    return any(word in place.name for word in ("shell.run", "job QUEUED", "job ACTIVE"))


@pytest.mark.timeout(1500)
def test_killed_at_every_state_change_it_completes_with_one_job(
    tmp_path: Path, servers: Mapping[str, str], slurm_cluster: Cluster
) -> None:
    def attempt(name: str, place: Place | None) -> Ending:
        directory = tmp_path / name
        directory.mkdir()
        home, path = prepare(directory, slurm_cluster)
        ending = run_and_kill(home, path, place)
        assert ending.experiment["state"] == "COMPLETED", f"killed at {place}"
        check_outputs(ending.experiment)
        (job,) = ending.jobs
        assert jobs_called(servers, job["job_name"]) == {job["job_id"]}, f"killed at {place}: exactly one Slurm job"
        return ending

    def killed(numbered: tuple[int, Place]) -> bool:
        number, place = numbered
        return kill_at(place, lambda attempted: attempt(f"k{number}.{attempted}", place))

    chosen = state_changes(attempt("whole", None).steps)
    with ThreadPoolExecutor(4) as pool:
        reached = list(pool.map(killed, enumerate(chosen)))
    missed = [str(place) for place, was in zip(chosen, reached, strict=True) if not was and not seen_by_chance(place)]
    assert not missed
