"""What the factory of a backing system (store, queue, bus) is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from airavata_workload.domain.dag import nearest
from airavata_workload.domain.errors import SettingsError

SESSION_PARTITION = "session:"
"""Prefix of the partition that belongs to one session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackingContext:
    """The entry points of ``graph_stores``, ``task_queues``, ``recovery_nodes``, ``registries``,
    ``store_schemas``, ``record_stores``, ``record_store_schemas``,
    ``event_buses``, ``credential_stores`` and ``token_verifiers`` are called with one of these and
    return the port; those of ``identity_providers`` with one that says more.

    ``home`` is ``$AIRAVATA_WORKLOAD_HOME``, ``session`` the id of the running
    process (see ``identifiers.session_id``), ``partition`` separates queues
    of engines that share a store ('' is the common one; ``session:<id>`` is
    that session's own, and what is left in it when the session has ended may
    be dropped), ``options`` is the adapter's own table in the settings.
    """

    home: Path
    session: str
    partition: str = ""
    options: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def settled_options(self, **defaults: Any) -> dict[str, Any]:
        """The options with the defaults of those that are not given.

        Raises ``SettingsError`` for an option that is not among the defaults,
        or is of another type than its default.
        """
        for name, value in self.options.items():
            if name not in defaults:
                known = f"It takes {', '.join(sorted(defaults))}." if defaults else "It takes none."
                raise SettingsError(
                    f"'{name}' is not an option of this backing system. {known}",
                    key=name,
                    suggestion=nearest(name, defaults),
                )
            if not isinstance(value, type(defaults[name])):
                wanted = type(defaults[name]).__name__
                raise SettingsError(f"option '{name}' is {value!r}; it must be of type {wanted}.", key=name)
        return {**defaults, **self.options}
