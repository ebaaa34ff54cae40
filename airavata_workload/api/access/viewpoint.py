"""With whose eyes a list is made."""

from __future__ import annotations

from airavata_workload.api.access.permission import require_gateway, require_user
from airavata_workload.domain.caller import Caller, Role


def eyes_of(caller: Caller, gateway_id: str, user_name: str) -> Caller:
    """The user whose projects or experiments are listed: what they own and what is shared with them.

    An administrator may list those of any user, and is no administrator while
    doing it: a list of one's own is not that of the whole gateway. Raises
    ``NotFoundError`` for another gateway, ``DeniedError`` for another user.
    """
    require_gateway(caller, gateway_id)
    if caller.user != user_name and not caller.sees_everything:
        require_user(caller, user_name, "list what another user has")
    return Caller(gateway=gateway_id, user=user_name, roles=frozenset({Role.USER}))
