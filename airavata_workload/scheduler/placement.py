"""Where an experiment runs that does not name one compute resource."""

from __future__ import annotations

import threading
from collections.abc import Mapping

from airavata_workload.domain.errors import InputError
from airavata_workload.domain.experiment import Experiment
from airavata_workload.ports.validation import ClusterLoad, Placement, PlacementContext


class FixedPlacement(Placement):
    """Chooses nothing: an experiment names its compute resource, or several in the order of preference."""

    name = "fixed"

    def choose(self, experiment: Experiment, context: PlacementContext) -> str:
        """The first of the experiment's candidates that fits. Raises ``InputError`` if it names none."""
        for name in experiment.candidates or ():
            if name in context.clusters:
                return name
        raise InputError(
            "The experiment names no compute resource, and the placement 'fixed' chooses none.",
            remedy="Name one of " + ", ".join(sorted(context.clusters)) + " as compute_resource, or change the setting "
            "'placement', for example to 'least-loaded'.",
        )


class LeastLoadedPlacement(Placement):
    """Chooses the cluster with the least to do for what it can do.

    The measure is the number of our experiments there over the tasks that may
    run there at once, and, where the batch system tells of it, the number of
    everybody's jobs, running and pending, over the CPUs. A cluster that does
    not answer is chosen only when none does. Of equals the first by name.
    """

    name = "least-loaded"

    def choose(self, experiment: Experiment, context: PlacementContext) -> str:
        """The least loaded cluster."""
        loads = {name: context.load(name) for name in sorted(context.clusters)}
        return min(loads, key=lambda name: (bool(loads[name].unavailable), self._measure(name, loads[name], context)))

    @staticmethod
    def _measure(name: str, load: ClusterLoad, context: PlacementContext) -> float:
        own = load.own_experiments / context.clusters[name].max_tasks
        if load.batch is None:
            return own
        return own + (load.batch.jobs_running + load.batch.jobs_pending) / max(1, load.batch.cpu_count)


class RoundRobinPlacement(Placement):
    """Chooses the clusters in turn, by name; those that do not answer only when none does.

    Each orchestrator goes round by itself, and each from the start when it starts.
    """

    name = "round-robin"

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._last = ""

    def choose(self, experiment: Experiment, context: PlacementContext) -> str:
        """The next cluster by name after the one that was chosen last."""
        loads: Mapping[str, ClusterLoad] = {name: context.load(name) for name in context.clusters}
        names = sorted(name for name in loads if not loads[name].unavailable) or sorted(loads)
        with self._lock:
            self._last = next((name for name in names if name > self._last), names[0])
            return self._last
