"""Finds the clusters that can run an experiment, and lets the placement choose one of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.errors import InputError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.ports.validation import ClusterLoad, Placement, PlacementContext, Validator
from airavata_workload.resources import ClusterCatalogue


class Loads(Protocol):
    """Who knows how busy the clusters are."""

    def load(self, cluster: str) -> ClusterLoad:
        """How busy a cluster is; does not raise."""
        ...

    def placed(self, cluster: str) -> None:
        """An experiment was just placed there."""
        ...


class Placing:
    """Where experiments run: as they say, or as the placement chooses."""

    def __init__(
        self,
        *,
        placement: Placement,
        validators: Sequence[Validator],
        clusters: ClusterCatalogue,
        loads: Loads,
    ) -> None:
        self._placement = placement
        self._validators = validators
        self._clusters = clusters
        self._loads = loads

    def resource_of(self, experiment: Experiment) -> str:
        """The name of the compute resource.

        Raises ``InputError``; if no cluster can run the experiment, it says of each why not.
        """
        if experiment.compute_resource:
            return experiment.compute_resource
        fitting: dict[str, Cluster] = {}
        reasons: dict[str, str] = {}
        known = self._clusters.clusters()
        for name in experiment.candidates or sorted(known):
            cluster = known.get(name)
            reasons[name] = "there is no such cluster" if cluster is None else self._misfit(experiment, cluster)
            if cluster is not None and not reasons[name]:
                fitting[name] = cluster
        if not fitting:
            raise _nothing_fits(reasons)
        chosen = self._placement.choose(experiment, PlacementContext(clusters=fitting, load=self._loads.load))
        if chosen not in fitting:
            raise InputError(
                f"The placement '{self._placement.name}' chose {chosen!r}, which cannot run the experiment.",
                remedy="Tell its author, or choose another one in the setting 'placement'.",
            )
        self._loads.placed(chosen)
        return chosen

    def _misfit(self, experiment: Experiment, cluster: Cluster) -> str:
        """Why the cluster cannot run the experiment; '' if it can."""
        if cluster.application_types and experiment.application_type not in cluster.application_types:
            return f"it does not run application type '{experiment.application_type}'"
        lacking = [need for need in experiment.needs if need not in cluster.offers]
        if lacking:
            return f"it does not offer {', '.join(lacking)}"
        for validator in self._validators:
            try:
                validator.validate(experiment, cluster)
            except InputError as error:
                return str(error)
        return ""


def _nothing_fits(reasons: dict[str, str]) -> InputError:
    if not reasons:
        return InputError("There is no cluster to run the experiment on.", remedy="Describe one in a cluster file.")
    if len(set(reasons.values())) == 1 and len(reasons) > 1:
        # The same everywhere: nothing is wrong with the clusters.
        return InputError(f"No cluster can run the experiment: {next(iter(reasons.values()))}")
    each = "; ".join(f"{name}: {reason.rstrip('.')}" for name, reason in reasons.items())
    return InputError(f"No cluster can run the experiment. {each}.")
