"""Who calls: the person, the gateway that they belong to, and what they may do there."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What a person may do in their own gateway; one of another gateway has no role here.

    The values are the words of ``airavata-workload token create --role`` and
    of the settings.
    """

    ADMIN = "admin"
    """Sees and changes everything of the gateway."""

    READ_ONLY_ADMIN = "read-only-admin"
    """Sees everything of the gateway; changes nothing by this role alone."""

    USER = "user"
    """Sees and changes what is theirs, or is shared with them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """An authenticated caller. Whoever has one has been checked; see ``airavata_workload.api.access.authentication``.

    ``internal`` is a peer of the internal services (registry, orchestrator,
    credential store), known by mutual TLS or by being on this machine: it acts
    for every gateway.
    """

    gateway: str
    user: str
    roles: frozenset[Role] = frozenset()
    internal: bool = False

    @property
    def is_admin(self) -> bool:
        """Whether they may change everything of their gateway."""
        return self.internal or Role.ADMIN in self.roles

    @property
    def sees_everything(self) -> bool:
        """Whether they may look at everything of their gateway, whoever owns it."""
        return self.is_admin or Role.READ_ONLY_ADMIN in self.roles

    @property
    def may_write(self) -> bool:
        """Whether they may change anything at all, if only what is theirs."""
        return self.is_admin or Role.USER in self.roles

    def acts_for(self, gateway: str) -> bool:
        """Whether data of that gateway exist for them."""
        return self.internal or self.gateway == gateway


INTERNAL = Caller(gateway="", user="", internal=True)
"""A peer of the internal services that named neither gateway nor user."""
