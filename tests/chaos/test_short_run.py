"""A short run of the fault harness with fixed seeds, four minutes in all; ``tox -e chaos`` makes long ones."""

from __future__ import annotations

from pathlib import Path

import pytest
from chaos.run import Plan, Run, Summary
from chaos.servers import Backing
from chaos.site import SHORT
from services.servers import private_servers

pytestmark = [pytest.mark.server, pytest.mark.slow]

MINUTES = 0.7
"""Of faults; starting the servers, settling and looking at the end take another minute and a half."""
EMBEDDED_MINUTES = 0.25


def check(summary: Summary, directory: Path) -> None:
    assert summary.right, f"logs and timeline are in {directory}\n{summary.to_json()}"
    assert summary.faults_in_all > 0
    assert summary.experiments > len(summary.ends)


@pytest.mark.timeout(1200)
def test_nothing_is_lost_and_nothing_doubled(tmp_path_factory: pytest.TempPathFactory) -> None:
    directory = tmp_path_factory.mktemp("chaos")
    with private_servers() as servers:
        backing = Backing(servers, embedded=False)
        backing.start_all()
        plan = Plan(seed=20261, minutes=MINUTES, every_step=False)
        summary = Run(plan, SHORT, directory, backing).carry_out()
    check(summary, directory)


@pytest.mark.timeout(600)
def test_one_process_on_embedded_stores(tmp_path: Path) -> None:
    plan = Plan(seed=7, minutes=EMBEDDED_MINUTES, embedded=True, every_step=False)
    check(Run(plan, SHORT, tmp_path, None).carry_out(), tmp_path)
