"""Checks before launch that need no remote machine."""

from __future__ import annotations

import os
from pathlib import Path

from airavata_workload.domain.cluster import BatchQueue, Cluster
from airavata_workload.domain.dag import nearest
from airavata_workload.domain.errors import InputError, StagingInputError
from airavata_workload.domain.experiment import Experiment, ExperimentInput
from airavata_workload.ports.validation import Validator


class BatchQueueValidator(Validator):
    """The queue exists and allows what is asked.

    Source: Airavata 0.17, ``BatchQueueValidator``: queue known, wall time, node
    and CPU count within its limits. A cluster that declares no queues is not judged.
    """

    name = "batch-queue"

    def validate(self, experiment: Experiment, cluster: Cluster) -> None:
        """Raise ``InputError`` that names the queue and its limit."""
        asked = experiment.resources
        for value, name in (
            (asked.node_count, "node_count"),
            (asked.cpu_count, "cpu_count"),
            (asked.memory_mib, "memory_mib"),
            (asked.wall_time_s, "wall_time_s"),
        ):
            if value is not None and value <= 0:
                raise InputError(f"resources.{name} is {value}; it must be at least 1.")
        queue_name = asked.queue or cluster.default_queue
        if not cluster.queues or not queue_name:
            return
        queue = cluster.queue(queue_name)
        if queue is None:
            names = tuple(each.name for each in cluster.queues)
            close = nearest(queue_name, names)
            hint = f" Did you mean '{close}'?" if close else ""
            raise InputError(f"{cluster.name} has no queue '{queue_name}'; it has {', '.join(names)}.{hint}")
        self._limits(experiment, cluster, queue)

    def _limits(self, experiment: Experiment, cluster: Cluster, queue: BatchQueue) -> None:
        asked = experiment.resources
        for value, limit, what in (
            (asked.wall_time_s, queue.max_wall_time_s, "wall time (s)"),
            (asked.node_count, queue.max_node_count, "node count"),
            (asked.cpu_count, queue.max_cpu_count, "CPU count"),
            (asked.memory_mib, queue.max_memory_mib, "memory (MiB)"),
        ):
            if value is not None and limit is not None and value > limit:
                raise InputError(f"{what} {value} is more than queue {queue.name} of {cluster.name} allows ({limit}).")


class InputsValidator(Validator):
    """Local input files exist, can be read and, if they are required, are not empty.

    The prototype and the legacy engine reported success for a missing file
    (Source: prototype defect B16, GFAC weakness 14).
    """

    name = "inputs"

    def validate(self, experiment: Experiment, cluster: Cluster) -> None:
        """Raise ``StagingInputError`` that names the input and the file."""
        for each in experiment.inputs:
            if each.required and each.value in (None, "", []):
                raise StagingInputError(f"Input '{each.name}' is required and has no value.")
            for place in each.places:
                if place.startswith("/"):
                    self._check_file(each, Path(place))

    def _check_file(self, each: ExperimentInput, path: Path) -> None:
        if not path.is_file():
            if each.required:
                problem = "is not a file" if path.exists() else "does not exist"
                raise StagingInputError(f"Input '{each.name}': {path} {problem}.")
            return
        if not os.access(path, os.R_OK):
            raise StagingInputError(f"Input '{each.name}': {path} cannot be read; check its permissions.")
        if each.required and path.stat().st_size == 0:
            raise StagingInputError(f"Input '{each.name}': {path} is empty.")
