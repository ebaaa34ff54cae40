"""The suite for task plugins finds what is wrong with a plugin: each fault here is caught by one of its tests."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import Field

from airavata_workload.domain.errors import UnavailableError
from airavata_workload.domain.outcome import Completed, Failed, Outcome
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin, TaskRun
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.task_plugin_suite import Ground, TaskPluginSuite

NUMBERS = itertools.count()


class GoodParameters(Parameters):
    word: str = Field(default="x", description="A word.")


class Good(TaskPlugin[Any]):
    kind: ClassVar[str] = "good"
    summary: ClassVar[str] = "Does two steps"
    parameters_model: ClassVar[type[Parameters]] = GoodParameters

    def execute(self, run: TaskRun[Any]) -> Outcome:
        for _step in range(3):
            run.check_cancelled()
            run.shell().run("true")
        return Completed({"word": run.parameters.word})


class Undescribed(Good):
    class UndescribedParameters(Parameters):
        word: str = "x"

    parameters_model = UndescribedParameters


class Lenient(Good):
    class LenientParameters(GoodParameters):
        model_config: ClassVar[Any] = {"extra": "ignore"}

    parameters_model = LenientParameters


class Unnamed(Good):
    kind = "Not A Kind"


class Remembering(Good):
    def execute(self, run: TaskRun[Any]) -> Outcome:
        self.last = run.task_id
        return super().execute(run)


class NotJson(Good):
    def execute(self, run: TaskRun[Any]) -> Outcome:
        return Completed({"path": Path("/")})


class Stubborn(Good):
    def execute(self, run: TaskRun[Any]) -> Outcome:
        for _step in range(3):
            run.shell().run("true")
        return Completed()


class Pessimist(Good):
    def execute(self, run: TaskRun[Any]) -> Outcome:
        try:
            return super().execute(run)
        except UnavailableError as error:
            return Failed(str(error))


class Unrepeatable(Good):
    def execute(self, run: TaskRun[Any]) -> Outcome:
        super().execute(run)
        return Completed({"number": next(NUMBERS)})


class NeverAgain(Good):
    def execute(self, run: TaskRun[Any]) -> Outcome:
        result = run.shell().run(f"mkdir '{run.cluster().scratch_directory}/once'")
        run.check_cancelled()
        return Completed() if result.exit_code == 0 else Failed("it exists")


class Announcing(Good):
    def execute(self, run: TaskRun[Any]) -> Outcome:
        run.check_cancelled()
        run.announce({"about": "to"})
        return super().execute(run)


class Disobedient(Announcing):
    def execute(self, run: TaskRun[Any]) -> Outcome:
        try:
            return super().execute(run)
        except Exception:
            run.shell().run("true")
            raise


class TestGood(TaskPluginSuite):
    plugin_class = Good

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        return {}


class TestAnnouncing(TestGood):
    plugin_class = Announcing


@pytest.fixture
def grounds(tmp_path: Path) -> Iterator[Callable[[str], Ground]]:
    made: list[Machines] = []

    def make(name: str) -> Ground:
        made.append(Machines([local_cluster(tmp_path / name, "here"), local_cluster(tmp_path / name, "there")]))
        return Ground(tmp_path / name, made[-1])

    yield make
    for machines in made:
        machines.close()


@pytest.mark.parametrize(
    ("faulty", "test"),
    [
        (Unnamed, "test_declares_its_kind_and_what_it_does"),
        (Undescribed, "test_describes_every_parameter"),
        (Lenient, "test_refuses_a_parameter_that_it_does_not_know"),
        (NotJson, "test_returns_an_outcome_that_travels_as_json"),
        (Remembering, "test_keeps_no_state"),
        (Unrepeatable, "test_recovers_after_its_end_was_lost"),
        (NeverAgain, "test_recovers_after_its_end_was_lost"),
        (NeverAgain, "test_recovers_from_a_crash_at_every_round_trip"),
        (Pessimist, "test_a_resource_that_does_not_answer_is_no_failure"),
        (Stubborn, "test_does_nothing_once_its_task_is_not_wanted"),
        (Stubborn, "test_notices_a_cancellation_at_every_round_trip"),
        (Disobedient, "test_an_announcement_that_is_refused_has_no_effect"),
    ],
)
def test_a_fault_is_found(faulty: type[TaskPlugin[Any]], test: str, grounds: Callable[[str], Ground]) -> None:
    suite = TestGood()
    suite.plugin_class = faulty  # type: ignore[misc]
    method = getattr(suite, test)
    needs_grounds = "grounds" in method.__code__.co_varnames
    with pytest.raises((AssertionError, TypeError, pytest.fail.Exception)):
        method(grounds) if needs_grounds else method()
