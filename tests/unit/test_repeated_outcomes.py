"""An outcome that is delivered a second time, because whoever had it could store it but not tell the others."""

from __future__ import annotations

from pathlib import Path

import pytest
from played_stages import orchestrating

from airavata_workload.domain.message import TaskAction, Verdict


@pytest.mark.parametrize("verdict", [Verdict.DEFERRED, Verdict.RETRYABLE, Verdict.HANDED_BACK])
def test_a_task_that_is_to_be_tried_again_is_told_of_again(tmp_path: Path, verdict: Verdict) -> None:
    with orchestrating(tmp_path / "home") as played:
        task = played.complete_up_to("set-up")
        for _ in range(2):
            played.report(task, verdict, reason="not now")
            again = played.told("set-up", TaskAction.EXECUTE)
            assert again.attempt == task.attempt + 1


def test_a_task_that_runs_again_already_is_not(tmp_path: Path) -> None:
    with orchestrating(tmp_path / "home") as played:
        task = played.complete_up_to("set-up")
        played.report(task, Verdict.DEFERRED, reason="not now")
        second = played.told("set-up", TaskAction.EXECUTE)
        played.claim(second)
        played.report(task, Verdict.DEFERRED, reason="not now")
        played.report(second, Verdict.COMPLETED)
        assert played.told("stage-in", TaskAction.EXECUTE)
        assert not played.waiting("set-up")
