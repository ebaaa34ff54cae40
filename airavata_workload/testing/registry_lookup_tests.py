"""The part of the registry's suite that is about finding experiments by their ids."""

from __future__ import annotations

from dataclasses import replace

import pytest

from airavata_workload.domain.change import Subject
from airavata_workload.domain.errors import NotFoundError
from airavata_workload.domain.experiment import Experiment, Standing
from airavata_workload.domain.states import ExperimentState
from airavata_workload.ports.registry import Registry
from airavata_workload.testing.samples import AWKWARD, change, experiment, unique


class RegistryLookupTests:
    """Needs the fixtures ``registry``, ``other`` and ``stored``, which ``RegistrySuite`` has."""

    def test_an_unambiguous_beginning_of_the_id_is_enough(self, registry: Registry) -> None:
        beginning = unique("it_100%")
        one = experiment(experiment_id=f"{beginning}_a1")
        registry.create_experiments([one, experiment(experiment_id=f"{beginning}_b1")])
        assert registry.experiment(f"{beginning}_a") == one
        assert registry.experiment(f"{beginning}_a1") == one

    def test_an_exact_id_wins_over_a_longer_one(self, registry: Registry) -> None:
        short = experiment(experiment_id=unique("sample"))
        registry.create_experiments([short, experiment(experiment_id=f"{short.experiment_id}_more")])
        assert registry.experiment(short.experiment_id) == short

    def test_an_ambiguous_beginning_is_refused_with_the_candidates(self, registry: Registry) -> None:
        beginning = unique("sample")
        ids = [f"{beginning}_{number}" for number in range(3)]
        registry.create_experiments([experiment(experiment_id=one) for one in ids])
        with pytest.raises(NotFoundError) as refused:
            registry.experiment(beginning)
        assert all(one in str(refused.value) for one in ids)

    @pytest.mark.parametrize("unknown", ["", "%", "_", "no-such-experiment", "it's", "\U0010ffff"])
    def test_an_unknown_experiment_is_refused(self, registry: Registry, stored: Experiment, unknown: str) -> None:
        with pytest.raises(NotFoundError):
            registry.experiment(unknown)

    def test_several_are_found_by_whole_ids(self, registry: Registry, other: Registry) -> None:
        first, second = experiment(name=AWKWARD), experiment()
        registry.create_experiments([first, second])
        wanted = [second.experiment_id, first.experiment_id, first.experiment_id[:-1], "", AWKWARD]
        assert other.several(wanted) == {each.experiment_id: each for each in (first, second)}
        assert other.several([]) == {}

    def test_several_are_told_how_they_stand(self, registry: Registry, other: Registry) -> None:
        first, second = experiment(), experiment()
        registry.create_experiments([first, second])
        registry.record([change(second, Subject.EXPERIMENT, ExperimentState.LAUNCHED, reason=AWKWARD)])
        registry.set_held(second.experiment_id, True)
        wanted = [second.experiment_id, first.experiment_id, first.experiment_id[:-1], "", AWKWARD]
        assert other.standings(wanted) == {
            each.experiment_id: Standing(
                state=each.state, held=each.held, updated_at_us=each.updated_at_us, reason=each.reason
            )
            for each in other.several(wanted).values()
        }
        found = other.standings([second.experiment_id])[second.experiment_id]
        assert (found.state, found.held, found.reason) == (ExperimentState.LAUNCHED, True, AWKWARD)
        assert other.standings([]) == {}

    def test_creating_says_what_was_not_there(self, registry: Registry, other: Registry) -> None:
        first, second, third = (experiment() for _ in range(3))
        assert registry.create_experiments([first]) == {first.experiment_id}
        assert other.create_experiments([replace(first, name="other")]) == set()
        made = {second.experiment_id, third.experiment_id}
        assert other.create_experiments([second, first, third, second]) == made
        assert registry.create_experiments([]) == set()
        assert registry.experiment(first.experiment_id) == first
