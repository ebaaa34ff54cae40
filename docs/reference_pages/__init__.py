"""The pages of the reference that are made from the code, one module a page."""

from __future__ import annotations

from collections.abc import Callable


def pages() -> dict[str, Callable[[], str]]:
    """What makes each file of ``docs/reference``, by the file's name."""
    from reference_pages import (
        batch_systems,
        cluster_file,
        dag_file,
        entry_points,
        errors,
        experiment_file,
        ports,
        references,
        settings,
        states,
        task_plugins,
        thrift_api,
    )

    return {
        "batch-systems.md": batch_systems.page,
        "cluster-file.md": cluster_file.page,
        "dag-file.md": dag_file.page,
        "entry-points.md": entry_points.page,
        "errors.md": errors.page,
        "experiment-file.md": experiment_file.page,
        "ports.md": ports.page,
        "references.md": references.page,
        "settings.md": settings.page,
        "states.md": states.page,
        "task-plugins.md": task_plugins.page,
        "thrift-api.md": thrift_api.page,
        **states.diagrams(),
    }
