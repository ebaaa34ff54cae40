"""What shells offer after Tab, apart from commands and options. Never an error: then nothing is offered."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator

from airavata_workload.cli.invocation import Invocation

OFFERED = 100
"""So many of the newest experiments are offered."""


def experiment_ids(incomplete: str) -> list[tuple[str, str]]:
    """Ids of experiments, each with type and state."""
    with contextlib.suppress(Exception):
        from airavata_workload.ports.registry import ExperimentFilter

        with Invocation(quiet=True).stores() as installation:
            found = installation.workload().experiments(ExperimentFilter(), limit=OFFERED)
        return [
            (each.experiment_id, f"{each.application_type}, {each.state}")
            for each in found
            if each.experiment_id.startswith(incomplete)
        ]
    return []


def application_types(incomplete: str) -> list[tuple[str, str]]:
    """Application types, each with what it is for."""
    with contextlib.suppress(Exception), Invocation(quiet=True).stores() as installation:
        return [
            (dag.application_type, dag.description)
            for dag in installation.workload().dags()
            if dag.application_type.startswith(incomplete)
        ]
    return []


def cluster_names(incomplete: str) -> list[tuple[str, str]]:
    """Compute resources, each with its description."""
    with contextlib.suppress(Exception), Invocation(quiet=True).stores() as installation:
        clusters = installation.clusters.clusters()
        return [(name, each.description) for name, each in clusters.items() if name.startswith(incomplete)]
    return []


def files_ending_with(ending: str, incomplete: str) -> Iterator[str]:
    """Directories, and files whose name ends so."""
    directory, _, start = incomplete.rpartition("/")
    prefix = f"{directory}/" if directory else ""
    with contextlib.suppress(OSError), os.scandir(prefix or ".") as entries:
        for entry in sorted(entries, key=lambda each: each.name):
            if entry.name.startswith(start) and entry.is_dir():
                yield f"{prefix}{entry.name}/"
            elif entry.name.startswith(start) and entry.name.endswith(ending):
                yield prefix + entry.name


def experiment_files(incomplete: str) -> list[str]:
    """Experiment files: whatever ends with ``.toml``."""
    return list(files_ending_with(".toml", incomplete))


def dag_files(incomplete: str) -> list[str]:
    """DAG files: whatever ends with ``.yaml``."""
    return list(files_ending_with(".yaml", incomplete))
