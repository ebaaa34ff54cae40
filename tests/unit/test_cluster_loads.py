"""How busy clusters are: what is asked, what is remembered, and that nothing is waited for in vain."""

from __future__ import annotations

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest

from airavata_adapters.batch_systems.fork import Fork
from airavata_adapters.batch_systems.slurm import Slurm
from airavata_workload import cluster_loads
from airavata_workload.cluster_loads import ClusterLoads
from airavata_workload.domain.cluster import BatchLoad, Cluster
from airavata_workload.domain.errors import HostUnreachableError, NotFoundError, UnavailableError
from airavata_workload.ports.recovery_nodes import Member
from airavata_workload.ports.remote_shell import CommandResult

SAID = BatchLoad(jobs_running=3, jobs_pending=4, cpu_count=8)


def loads(
    ask: Callable[[], BatchLoad] = lambda: SAID, counts: Callable[[Any], int] = lambda _which: 1, told: Any = ()
) -> ClusterLoads:
    batch_system = SimpleNamespace(load_script=lambda: "ask", parse_load=lambda _result: ask())
    shell = SimpleNamespace(run=lambda script: script)
    resources = SimpleNamespace(batch_system=lambda _name: batch_system)
    resources.shell = lambda _name: shell
    member = Member(
        session="s",
        service="scheduler",
        host="h",
        pid=1,
        started_at_us=1,
        capabilities={"scheduler": {"resources": told}},
    )
    return ClusterLoads(SimpleNamespace(count=counts), resources, lambda: [member])  # type: ignore[arg-type]


def test_it_says_what_the_batch_system_says_and_how_many_experiments_run() -> None:
    found = loads().load("alpha")
    assert (found.batch, found.own_experiments, found.unavailable) == (SAID, 3, ""), "launched, executing, canceling"


def test_what_was_just_placed_counts_at_once() -> None:
    one = loads()
    one.load("alpha")
    one.placed("alpha")
    assert one.load("alpha").own_experiments == 4


def test_a_cluster_that_does_not_answer_is_unavailable() -> None:
    def ask() -> BatchLoad:
        raise HostUnreachableError("no route to alpha")

    found = loads(ask).load("alpha")
    assert (found.batch, found.unavailable) == (None, "no route to alpha")


@pytest.mark.parametrize("error", [NotFoundError("no such cluster"), ZeroDivisionError("a fault")])
def test_a_cluster_that_cannot_be_asked_is_merely_unknown(error: Exception) -> None:
    def ask() -> BatchLoad:
        raise error

    found = loads(ask).load("alpha")
    assert (found.batch, found.unavailable) == (None, "")


def test_an_open_circuit_makes_it_unavailable() -> None:
    told = [
        {"name": "alpha", "circuit": {"state": "half-open", "reason": "timed out"}},
        {"name": "beta", "circuit": {"state": "closed", "reason": ""}},
    ]
    one = loads(told=told)
    assert (one.load("alpha").unavailable, one.load("beta").unavailable) == ("timed out", "")


def test_a_slow_cluster_is_waited_for_once_and_not_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster_loads, "FIRST_ANSWER_S", 0.05)
    go_on = threading.Event()

    def ask() -> BatchLoad:
        assert go_on.wait(30)
        return SAID

    one = loads(ask)
    assert one.load("alpha").batch is None
    go_on.set()
    monkeypatch.setattr(cluster_loads, "FIRST_ANSWER_S", 30)
    assert one.load("alpha").batch == SAID


def test_a_registry_that_does_not_answer_costs_only_the_count() -> None:
    def count(_which: Any) -> int:
        raise UnavailableError("down")

    assert loads(counts=count).load("alpha").batch == SAID


def answer(text: str, exit_code: int = 0) -> CommandResult:
    return CommandResult(exit_code=exit_code, stdout=text.encode(), stderr=b"")


def test_slurm_counts_jobs_and_cpus() -> None:
    """After squeue(1) and sinfo(1) of Slurm 22.05; the live suite asks a real one."""
    slurm = Slurm(Cluster(name="alpha", command_directory="/opt/my slurm/bin"))
    script = slurm.load_script()
    assert script is not None
    assert "'/opt/my slurm/bin/squeue'" in script
    text = "motd\n@@begin\n     12 PENDING\n      3 RUNNING\n@@squeue 0\n5/11/0/16\n@@sinfo 0\n"
    assert slurm.parse_load(answer(text)) == BatchLoad(jobs_running=3, jobs_pending=12, cpu_count=16)
    idle = "@@begin\n      1 \n@@squeue 0\n0/16/0/16\n@@sinfo 0\n"
    assert slurm.parse_load(answer(idle)) == BatchLoad(jobs_running=0, jobs_pending=0, cpu_count=16)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "motd\n",
        "@@begin\n@@squeue 0\n",
        "@@begin\n 1 slurm_load_jobs error: Unable to contact slurm controller\n@@squeue 1\n0/1/0/1\n@@sinfo 0\n",
        "@@begin\n@@squeue 0\nslurm_load_partitions: timed out\n@@sinfo 1\n",
        "@@begin\n@@squeue 0\nsomething else\n@@sinfo 0\n",
    ],
)
def test_what_is_no_answer_of_slurm_is_no_load(text: str) -> None:
    with pytest.raises(UnavailableError):
        Slurm(Cluster(name="alpha")).parse_load(answer(text))


def test_a_machine_without_a_batch_system_says_what_runs_there() -> None:
    fork = Fork(Cluster(name="alpha"))
    assert fork.parse_load(answer("1.20 0.30 0.10 1/100 4711\n2\n")) == BatchLoad(
        jobs_running=2, jobs_pending=0, cpu_count=2
    )
    for text in ("", "a b\n2\n", "1.0\n", "inf 1\n1\n"):
        with pytest.raises(UnavailableError):
            fork.parse_load(answer(text))
