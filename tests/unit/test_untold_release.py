"""Who releases an experiment, and then cannot tell anybody, has released it all the same."""

from __future__ import annotations

from pathlib import Path

from played_scheduler import PlayedScheduler
from waiting_rooms import slot, task

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.clock import microseconds, steady_us
from airavata_workload.domain.experiment import Application, Experiment
from airavata_workload.domain.message import HoldChanged, SlotsReleased
from airavata_workload.scheduler.scheduler import HELD_CHECK_INTERVAL_S
from airavata_workload.settings import load_settings


def test_a_release_of_which_the_scheduler_does_not_hear_is_found(tmp_path: Path) -> None:
    ahead_us = [0]
    with Installation(load_settings(home=tmp_path / "home"), service="test") as installation:
        installation.load_missing_dags()
        wanted = Experiment(
            experiment_id="",
            name="held",
            application_type="hpc-batch",
            application=Application(name="true", commands=(("true",),)),
            compute_resource="local",
            user="ada",
        )
        (made,) = installation.workload().submit([wanted])
        installation.registry.set_held(made.experiment_id, True)
        scheduler = PlayedScheduler(installation, lambda: steady_us() + ahead_us[0])
        kept = task("a", experiment=made.experiment_id)
        assert not scheduler.dispatched(HoldChanged(experiment_id=made.experiment_id), kept)
        installation.registry.set_held(made.experiment_id, False)
        assert set(scheduler.dispatched(task("b"))) == {"b"}, "nobody has looked yet"
        ahead_us[0] = microseconds(HELD_CHECK_INTERVAL_S)
        scheduler.dispatched(task("c"))
        assert set(scheduler.dispatched(SlotsReleased(slots=(slot("b"),)))) == {"a"}
