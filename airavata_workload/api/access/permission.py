"""What every call of the application layer checks first, each rule in one place.

The order matters: ``require_gateway`` comes before any look at the data, so
that a caller cannot learn from the kind of error what another gateway has.
"""

from __future__ import annotations

from airavata_workload.domain.caller import Caller
from airavata_workload.domain.errors import DeniedError, NotFoundError
from airavata_workload.domain.thing import Thing


def require_gateway(caller: Caller, gateway_id: str | None, what: str | Thing = "") -> None:
    """Let the gateway's own people and internal peers pass.

    ``what`` names the thing that was asked for, for example ``experiment
    'x_1'``; by default it is the gateway itself. Raises ``NotFoundError``: data
    of another gateway do not exist for the caller, so give the ``what`` that
    the message for a missing thing has.
    """
    if not caller.acts_for(gateway_id or ""):
        raise missing(what or f"gateway '{gateway_id or ''}'")


def missing(what: str | Thing) -> NotFoundError:
    """The one error for what does not exist and for what exists in another gateway: nobody can tell them apart."""
    return NotFoundError(
        f"There is no {what}.",
        missing=what.kind if isinstance(what, Thing) else None,
        remedy="Check its id, and to which gateway it belongs.",
    )


def require_admin(caller: Caller, doing: str = "do that") -> None:
    """Let an administrator of the gateway pass; ``doing`` completes 'may not ...'. Raises ``DeniedError``."""
    if not caller.is_admin:
        raise _denied(caller, doing, "the role admin")


def require_admin_view(caller: Caller, doing: str = "see that") -> None:
    """Let administrators pass, the read-only ones as well. Raises ``DeniedError``."""
    if not caller.sees_everything:
        raise _denied(caller, doing, "the role admin or read-only-admin")


def require_writer(caller: Caller, doing: str = "change anything") -> None:
    """Let everybody pass who may change at least what is theirs. Raises ``DeniedError``."""
    if not caller.may_write:
        raise _denied(caller, doing, "the role user or admin")


def require_user(caller: Caller, user: str, doing: str = "act for another user") -> None:
    """Let the user themselves pass, if they may change things, and administrators. Raises ``DeniedError``."""
    require_writer(caller, doing)
    if caller.user != user and not caller.is_admin:
        raise _denied(caller, f"{doing} (here '{user}')", "the role admin")


def require_internal(caller: Caller, doing: str = "do that") -> None:
    """Let peers of the internal services pass and nobody else. Raises ``DeniedError``."""
    if not caller.internal:
        raise DeniedError(
            f"User '{caller.user}' of gateway '{caller.gateway}' may not {doing}.",
            remedy="Only the internal services may: call from this machine, or with a client certificate.",
        )


def _denied(caller: Caller, doing: str, needs: str) -> DeniedError:
    return DeniedError(
        f"User '{caller.user}' of gateway '{caller.gateway}' may not {doing}.",
        remedy=f"That needs {needs}; ask an administrator of the gateway.",
    )
