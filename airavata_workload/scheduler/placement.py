"""Where an experiment runs."""

from __future__ import annotations

from collections.abc import Mapping

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.experiment import Experiment
from airavata_workload.ports.validation import Placement


class FixedPlacement(Placement):
    """Runs each experiment on the compute resource that it names."""

    name = "fixed"

    def choose(self, experiment: Experiment, clusters: Mapping[str, Cluster]) -> str:
        """The experiment's own compute resource; whether it exists is found out when it is used."""
        return experiment.compute_resource
