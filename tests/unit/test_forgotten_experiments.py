"""An experiment of which every message is lost goes on after a while: recovery has it resumed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from played_stages import Played, orchestrating

from airavata_workload.domain.message import SCHEDULER_QUEUE, TaskAction
from airavata_workload.recovery import idle, recovery
from airavata_workload.recovery.recovery import Recovery


@pytest.fixture
def played(tmp_path: Path) -> Iterator[Played]:
    with orchestrating(tmp_path / "home") as playing:
        yield playing


def test_a_ready_task_whose_message_is_lost_is_made_known_again(
    played: Played, monkeypatch: pytest.MonkeyPatch
) -> None:
    lost = played.told("set-up", TaskAction.EXECUTE)
    assert not played.installation.queue.depths().get(SCHEDULER_QUEUE), "nobody has it any more"
    monkeypatch.setattr(idle, "IDLE_S", 0.0)
    monkeypatch.setattr(recovery, "FULL_LOOK_INTERVAL_S", 0.0)
    stores = played.installation
    stage = Recovery(nodes=stores.nodes, graph=stores.graph, queue=stores.queue, interval_s=0.01)
    stage.start()
    try:
        again = played.told("set-up", TaskAction.EXECUTE)
    finally:
        stage.stop()
        assert stage.join(20.0)
    assert (again.task_id, again.attempt) == (lost.task_id, lost.attempt)
