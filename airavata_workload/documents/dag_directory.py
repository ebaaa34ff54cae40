"""Puts the DAG files of an installation into the graph store."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import airavata_workload_config

from airavata_workload.documents.dag_file import dag_files, load_dag
from airavata_workload.domain.errors import PluginError
from airavata_workload.plugins import catalogue
from airavata_workload.ports.graph_store import GraphStore


def shipped_dags() -> Path:
    """The folder of the DAGs that come with the distribution."""
    directory: Path = airavata_workload_config.directory()
    return directory / "dags"


def parameter_models() -> Mapping[str, type[Any]]:
    """The parameter model of every task plugin that can be loaded, by kind."""
    tasks = catalogue("tasks")
    models = {}
    for kind in tasks.names():
        try:
            models[kind] = tasks.load(kind).parameters_model
        except PluginError:
            continue  # a DAG that needs it is refused by name, and 'plugins list' says why it is broken
    return models


def load_missing_dags(graph: GraphStore, directories: Sequence[Path]) -> list[str]:
    """Store the DAGs whose application type the graph store does not have; returns those types.

    What a person has loaded or changed is never overwritten. In each file the
    name is the application type, so that nothing is read when nothing is missing;
    a file in an earlier directory hides one of the same name in a later one.
    """
    known = {dag.application_type for dag in graph.abstracts()}
    found = {path.stem: path for path in reversed(dag_files(tuple(directories))) if path.stem not in known}
    if not found:
        return []
    models = parameter_models()
    return [graph.save_abstract(load_dag(path, models)).application_type for _, path in sorted(found.items())]
