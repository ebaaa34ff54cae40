"""May an experiment run, and where?"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from airavata_workload.domain.cluster import BatchLoad, Cluster
from airavata_workload.domain.experiment import Experiment


class Validator(ABC):
    """Entry point of ``airavata_workload.validators``: refuses experiments that cannot work, before they start."""

    name: str

    @abstractmethod
    def validate(self, experiment: Experiment, cluster: Cluster) -> None:
        """Return, or raise ``InputError`` that names what is wrong and how to mend it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterLoad:
    """How busy a cluster is, as far as is known.

    ``own_experiments`` counts this installation's experiments that run there.
    ``batch`` is what its batch system says of everybody's jobs, ``None`` if it
    cannot say. ``unavailable`` is why the cluster cannot be used now, '' if it can.
    """

    own_experiments: int = 0
    batch: BatchLoad | None = None
    unavailable: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacementContext:
    """What a placement chooses by.

    ``clusters`` are those that can run the experiment: it allows them, they
    offer what it needs, and the validators let it through. There is at least
    one. ``load`` says how busy one of them is; it does not raise and answers
    within seconds, as a rule at once.
    """

    clusters: Mapping[str, Cluster]
    load: Callable[[str], ClusterLoad]


class Placement(ABC):
    """Entry point of ``airavata_workload.placements``: chooses the compute resource of an experiment that names none.

    An experiment that names one stays there and is not asked about. One
    instance serves all threads of an orchestrator.
    """

    name: str

    @abstractmethod
    def choose(self, experiment: Experiment, context: PlacementContext) -> str:
        """The name of one of ``context.clusters``. Raises ``InputError`` when it will not choose."""
