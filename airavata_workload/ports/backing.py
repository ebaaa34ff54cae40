"""What the factory of a backing system (store, queue, bus) is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SESSION_PARTITION = "session:"
"""Prefix of the partition that belongs to one session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackingContext:
    """The entry points of ``graph_stores``, ``task_queues``, ``recovery_nodes``, ``registries``, ``event_buses``
    and ``credential_stores`` are called with one of these and return the port.

    ``home`` is ``$AIRAVATA_WORKLOAD_HOME``, ``session`` the id of the running
    process (see ``identifiers.session_id``), ``partition`` separates queues
    of engines that share a store ('' is the common one; ``session:<id>`` is
    that session's own, and what is left in it when the session has ended may
    be dropped), ``options`` is the adapter's own table in the settings.
    """

    home: Path
    session: str
    partition: str = ""
    options: Mapping[str, Any] = field(default_factory=dict)
