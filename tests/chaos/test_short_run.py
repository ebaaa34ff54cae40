"""A short run of the fault harness with a fixed seed; ``tox -e chaos`` makes long ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from chaos.run import Plan, Run
from chaos.servers import Backing
from chaos.site import SHORT
from services.servers import private_servers

pytestmark = [pytest.mark.server, pytest.mark.slow]

MINUTES = 2.0
"""Of faults; starting, settling and looking at the end take about as much again."""


@pytest.mark.timeout(1200)
@pytest.mark.parametrize("seed", [20261])
def test_nothing_is_lost_and_nothing_doubled(seed: int, tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("chaos")
    with private_servers() as servers:
        backing = Backing(servers, embedded=False)
        backing.start_all()
        plan = Plan(seed=seed, minutes=MINUTES, every_step=False)
        summary = Run(plan, SHORT, directory, backing).carry_out()
    assert summary.right, f"logs and timeline are in {directory}\n{summary.to_json()}"
    assert summary.faults_in_all > 0
    assert summary.experiments > 0


@pytest.mark.timeout(600)
def test_one_process_on_embedded_stores(tmp_path: Path) -> None:
    plan = Plan(seed=7, minutes=0.5, embedded=True, every_step=False)
    summary = Run(plan, SHORT, tmp_path, None).carry_out()
    assert summary.right, f"logs and timeline are in {tmp_path}\n{summary.to_json()}"
    assert summary.faults_in_all > 0
