"""The conformance suite of the port ``TaskPlugin``: what every task plugin must do, ours and other people's.

Derive a class whose name starts with ``Test`` from ``TaskPluginSuite``, give it
``plugin_class`` and ``prepare``, and let pytest run it. Needs the extra
``testing`` of this distribution.
"""

from __future__ import annotations

import contextlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pytest
from pydantic import ValidationError

from airavata_workload.domain.errors import TaskCancelled, UnavailableError
from airavata_workload.domain.job import Job
from airavata_workload.domain.message import OutcomeMessage, Verdict
from airavata_workload.domain.outcome import Completed, Deferred, Failed, Outcome, Parked
from airavata_workload.domain.states import ProcessState
from airavata_workload.ports.task_plugin import Parameters, TaskPlugin
from airavata_workload.testing.machines import Machines, local_cluster
from airavata_workload.testing.task_run import RecordedTaskRun


@dataclass(frozen=True, slots=True)
class Ground:
    """What a test of a plugin stands on.

    ``directory`` is the test's own; the resource ``here`` is this machine and
    works in ``here_scratch``, ``there`` is this machine again and works in
    ``there_scratch``.
    """

    directory: Path
    machines: Machines

    @property
    def here_scratch(self) -> Path:
        """Scratch directory of the resource ``here``, on which the task runs."""
        return Path(self.machines.cluster("here").scratch_directory)

    @property
    def there_scratch(self) -> Path:
        """Scratch directory of the resource ``there``."""
        return Path(self.machines.cluster("there").scratch_directory)


class TaskPluginSuite:
    """Checks one plugin. Every test gets a fresh ground."""

    plugin_class: ClassVar[type[TaskPlugin[Any]]]
    tidying_uses: ClassVar[int] = 1
    """How many round trips a plugin may still make, to tidy up, once its task is not wanted any more."""

    def prepare(self, ground: Ground) -> Mapping[str, Any]:
        """Lay out the files that the task needs and return parameters with which it completes or is parked."""
        raise AssertionError(f"{type(self).__name__} must say how to prepare the ground: define prepare(self, ground)")

    def comparable(self, outcome: Outcome) -> Any:
        """The part of an outcome that must be the same whenever the task is repeated."""
        return as_json(outcome)

    @pytest.fixture
    def grounds(self, tmp_path: Path) -> Iterator[Callable[[str], Ground]]:
        """Makes grounds, one a name; closes them."""
        made: list[Ground] = []

        def make(name: str) -> Ground:
            directory = tmp_path / name
            clusters = [local_cluster(directory, "here"), local_cluster(directory, "there")]
            made.append(Ground(directory, Machines(clusters)))
            return made[-1]

        yield make
        for ground in made:
            ground.machines.close()

    # -- what it declares -------------------------------------------------------

    def test_declares_its_kind_and_what_it_does(self) -> None:
        plugin_class = self.plugin_class
        assert re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", plugin_class.kind), "kind: lower-case words and hyphens"
        assert plugin_class.summary, "summary: one line for 'plugins list'"
        assert "\n" not in plugin_class.summary
        assert isinstance(plugin_class.process_state, ProcessState)

    def test_describes_every_parameter(self) -> None:
        schema = self.plugin_class.parameters_model.model_json_schema()
        models = [schema, *(model for model in schema.get("$defs", {}).values() if "properties" in model)]
        bare = [
            f"{model.get('title')}.{name}"
            for model in models
            for name, value in model.get("properties", {}).items()
            if not value.get("description")
        ]
        assert not bare, f"parameters without a description: {', '.join(bare)}"

    def test_refuses_a_parameter_that_it_does_not_know(self, grounds: Callable[[str], Ground]) -> None:
        parameters = dict(self.prepare(grounds("ground")))
        assert issubclass(self.plugin_class.parameters_model, Parameters)
        self.plugin_class.parameters_model.model_validate(parameters)
        with pytest.raises(ValidationError, match="misspelt"):
            self.plugin_class.parameters_model.model_validate({**parameters, "misspelt": 1})

    # -- what it returns -----------------------------------------------------------

    def test_returns_an_outcome_that_travels_as_json(self, grounds: Callable[[str], Ground]) -> None:
        outcome = self._execute(self._run(grounds("ground")))
        assert isinstance(outcome, Completed | Parked), f"valid parameters must do, but: {outcome}"
        message = _message(outcome)
        arrived = OutcomeMessage.from_body(json.loads(json.dumps(message.to_body())))
        assert arrived == message

    def test_keeps_no_state(self, grounds: Callable[[str], Ground]) -> None:
        plugin = self.plugin_class()
        before = dict(vars(plugin))
        plugin.execute(self._run(grounds("ground")))
        assert vars(plugin) == before, "one instance serves all threads of a worker"

    # -- crashes -------------------------------------------------------------------

    def test_recovers_after_its_end_was_lost(self, grounds: Callable[[str], Ground]) -> None:
        ground = grounds("ground")
        run = self._run(ground)
        first = self._execute(run)
        second = self.plugin_class().recover(run.next_attempt())
        assert self._seen(second, ground) == self._seen(first, ground)

    def test_recovers_from_a_crash_at_every_round_trip(self, grounds: Callable[[str], Ground]) -> None:
        calm = grounds("calm")
        run = self._run(calm)
        expected = self._seen(self._execute(run), calm)
        for number in range(1, len(run.recording.uses) + 1):
            for what in ("lose_request_at_use", "lose_answer_at_use"):
                ground = grounds(f"{what}-{number}")
                broken = self._run(ground)
                setattr(broken.recording, what, number)
                with contextlib.suppress(UnavailableError):  # what it should do; the engine tries again
                    self._execute(broken)
                recovered = self.plugin_class().recover(broken.next_attempt())
                assert self._seen(recovered, ground) == expected, f"{what} {number}: {recovered}"

    def test_a_resource_that_does_not_answer_is_no_failure(self, grounds: Callable[[str], Ground]) -> None:
        run = self._run(grounds("ground"))
        run.recording.unreachable = True
        try:
            outcome = self._execute(run)
        except UnavailableError:
            assert run.recording.uses
        else:
            assert isinstance(outcome, Deferred) or not run.recording.uses, f"an outage was taken for {outcome}"

    # -- cancelling ----------------------------------------------------------------

    def test_does_nothing_once_its_task_is_not_wanted(self, grounds: Callable[[str], Ground]) -> None:
        run = self._run(grounds("ground"))
        run.cancel()
        with pytest.raises(TaskCancelled):
            self._execute(run)
        assert not run.recording.uses

    def test_notices_a_cancellation_at_every_round_trip(self, grounds: Callable[[str], Ground]) -> None:
        run = self._run(grounds("calm"))
        self._execute(run)
        count = len(run.recording.uses)
        for number in range(1, count + 1):
            stopped = self._run(grounds(f"cancelled-{number}"))
            stopped.recording.cancel_at_use = number
            try:
                self._execute(stopped)
            except TaskCancelled:
                assert len(stopped.recording.uses) <= number + self.tidying_uses
            else:
                assert number == count, f"it went on for {count - number} round trips after its task was cancelled"

    def test_an_announcement_that_is_refused_has_no_effect(self, grounds: Callable[[str], Ground]) -> None:
        run = self._run(grounds("calm"))
        self._execute(run)
        refused = self._run(grounds("refused"))
        refused.recording.announcing_refused = True
        if run.recording.intents:
            with pytest.raises(TaskCancelled):
                self._execute(refused)
            assert len(refused.recording.uses) == refused.recording.uses_when_refused
        else:
            self._execute(refused)
            assert refused.recording.uses_when_refused is None, "it announces at times only"

    def test_cancel_with_nothing_to_stop_is_no_error(self, grounds: Callable[[str], Ground]) -> None:
        plugin = self.plugin_class()
        run = self._run(grounds("ground"))
        assert run.job is None
        plugin.cancel(run)
        assert not run.recording.intents

    # -- tools ---------------------------------------------------------------------

    def _run(self, ground: Ground) -> RecordedTaskRun[Any]:
        parameters = self.plugin_class.parameters_model.model_validate(self.prepare(ground))
        return RecordedTaskRun(parameters, ground.directory, ground.machines)

    def _execute(self, run: RecordedTaskRun[Any]) -> Outcome:
        return self.plugin_class().execute(run)

    def _seen(self, outcome: Outcome, ground: Ground) -> Any:
        """What is compared, with the ground's own directory taken out."""
        text = json.dumps(self.comparable(outcome), sort_keys=True)
        return json.loads(text.replace(str(ground.directory), "/ground"))


def as_json(outcome: Outcome) -> dict[str, Any]:
    """An outcome as a JSON object, its class among the members."""
    values = {name: getattr(outcome, name) for name in outcome.__slots__}
    values = {name: value.to_json() if isinstance(value, Job) else value for name, value in values.items()}
    return {"outcome": type(outcome).__name__, **json.loads(json.dumps(values))}


def _message(outcome: Outcome) -> OutcomeMessage:
    """The message in which a worker would send the outcome."""
    verdicts = {
        Completed: Verdict.COMPLETED,
        Parked: Verdict.PARKED,
        Failed: Verdict.FAILED,
        Deferred: Verdict.DEFERRED,
    }
    return OutcomeMessage(
        task_id="TASK_of_a_test",
        experiment_id="experiment_of_a_test",
        attempt=1,
        resource="here",
        verdict=verdicts[type(outcome)],
        at_us=1,
        by="a test",
        outputs=getattr(outcome, "outputs", {}),
        job=getattr(outcome, "job", None),
        delay_s=getattr(outcome, "delay_s", 0.0),
        reason=outcome.reason,
    )
