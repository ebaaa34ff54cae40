"""May an experiment run, and where?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping

from airavata_workload.domain.cluster import Cluster
from airavata_workload.domain.experiment import Experiment


class Validator(ABC):
    """Entry point of ``airavata_workload.validators``: refuses experiments that cannot work, before they start."""

    name: str

    @abstractmethod
    def validate(self, experiment: Experiment, cluster: Cluster) -> None:
        """Return, or raise ``InputError`` that names what is wrong and how to mend it."""


class Placement(ABC):
    """Entry point of ``airavata_workload.placements``: chooses the compute resource of an experiment."""

    name: str

    @abstractmethod
    def choose(self, experiment: Experiment, clusters: Mapping[str, Cluster]) -> str:
        """The name of the compute resource. Raises ``InputError`` when none fits."""
