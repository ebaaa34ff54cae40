"""The configuration files that come with airavata-workload: defaults, DAGs, clusters, templates, examples."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path


def directory() -> Path:
    """The folder that holds the shipped configuration files."""
    return Path(str(files(__name__)))
