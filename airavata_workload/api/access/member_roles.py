"""Roles by membership in a gateway's groups, remembered for a moment: every call asks for them."""

from __future__ import annotations

from airavata_workload.api.access.authentication import RoleSource
from airavata_workload.domain.caller import Role
from airavata_workload.domain.clock import Clock

FRESH_US = 2_000_000
"""A change of a group counts after two seconds at the latest, in every process."""

_MOST_USERS = 10_000


class MemberRoles:
    """A ``RoleSource`` in front of another one, ``Groups.roles``; several threads may call it at once."""

    def __init__(self, *, source: RoleSource, clock: Clock) -> None:
        self._source = source
        self._clock = clock
        # one assignment or look-up of a dict at a time is safe without a lock; a look too many harms nobody
        self._known: dict[tuple[str, str], tuple[int, frozenset[Role]]] = {}

    def __call__(self, gateway_id: str, user: str) -> frozenset[Role]:
        """The roles that the gateway's groups give to a user. Raises ``StoreUnavailableError``."""
        now_us = self._clock()
        looked_at_us, roles = self._known.get((gateway_id, user), (0, frozenset()))
        if 0 <= now_us - looked_at_us < FRESH_US:
            return roles
        roles = self._source(gateway_id, user)
        if len(self._known) >= _MOST_USERS:
            self._known = {}
        self._known[gateway_id, user] = (now_us, roles)
        return roles
