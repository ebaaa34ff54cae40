"""Further stages that run beside those of an engine."""

from __future__ import annotations

import threading
from pathlib import Path

from airavata_workload.bootstrap import Installation
from airavata_workload.settings import Settings
from airavata_workload.stage import Stage


class Rounds(Stage):
    """Says that it runs."""

    name = "rounds"

    def __init__(self) -> None:
        super().__init__()
        self.seen = threading.Event()

    def round(self) -> None:
        self.seen.set()
        self._stopping.wait(1)


def test_a_stage_beside_the_engine_starts_and_stops_with_it(tmp_path: Path) -> None:
    rounds = Rounds()
    with Installation(Settings(home=tmp_path), service="api") as installation:
        engine = installation.engine(service="api", adopt_orphans=False, beside=[rounds])
        engine.start()
        try:
            assert rounds.seen.wait(20)
            assert engine.stuck() == []
        finally:
            assert engine.stop(20)
        assert engine.stuck() == ["rounds"]
