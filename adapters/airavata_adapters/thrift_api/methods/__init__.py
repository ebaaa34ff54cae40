"""Which Thrift method is which method of the application layer: one module a topic, tables only.

A module holds a table for each service that its topic appears in, under the
name that ``airavata_adapters.thrift_api.interfaces`` gives: ``AIRAVATA``,
``REGISTRY`` and so on.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Mapping

from airavata_adapters.thrift_api.targets import Target


class DuplicateMethodError(Exception):
    """Two topics bind one method."""


def table(name: str) -> Mapping[str, Target]:
    """The targets of all topics for a service. Raises ``DuplicateMethodError`` that names both topics."""
    found: dict[str, Target] = {}
    owners: dict[str, str] = {}
    for topic in pkgutil.iter_modules(__path__):
        module = importlib.import_module(f"{__name__}.{topic.name}")
        for method, target in getattr(module, name, {}).items():
            if method in found:
                raise DuplicateMethodError(f"{name}: {method} is bound by {owners[method]} and by {topic.name}.")
            found[method] = target
            owners[method] = topic.name
    return found
