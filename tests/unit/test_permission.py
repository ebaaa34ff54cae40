"""Who may do what, as the application layer asks."""

from __future__ import annotations

import contextlib
from collections.abc import Callable

import pytest

from airavata_workload.api.access import permission
from airavata_workload.domain.caller import INTERNAL, Caller, Role
from airavata_workload.domain.errors import DeniedError, NotFoundError, WorkloadError

ADMIN = Caller(gateway="g", user="ada", roles=frozenset({Role.ADMIN}))
VIEWER = Caller(gateway="g", user="vera", roles=frozenset({Role.READ_ONLY_ADMIN}))
USER = Caller(gateway="g", user="alice", roles=frozenset({Role.USER}))
NOBODY = Caller(gateway="g", user="newcomer")

Check = Callable[[Caller], None]


def passes(check: Check, error: type[WorkloadError] = DeniedError) -> list[Caller]:
    """Those who are let pass; the others get the error that is expected and no other."""
    passed = []
    for caller in (INTERNAL, ADMIN, VIEWER, USER, NOBODY):
        with contextlib.suppress(error):
            check(caller)
            passed.append(caller)
    return passed


@pytest.mark.parametrize(
    ("check", "passed"),
    [
        (permission.require_admin, [INTERNAL, ADMIN]),
        (permission.require_admin_view, [INTERNAL, ADMIN, VIEWER]),
        (permission.require_writer, [INTERNAL, ADMIN, USER]),
        (permission.require_internal, [INTERNAL]),
        (lambda caller: permission.require_user(caller, "alice"), [INTERNAL, ADMIN, USER]),
        (lambda caller: permission.require_user(caller, "vera"), [INTERNAL, ADMIN]),
    ],
)
def test_each_check_lets_pass_whom_it_should(check: Check, passed: list[Caller]) -> None:
    assert passes(check) == passed


def test_another_gateway_does_not_exist() -> None:
    assert passes(lambda caller: permission.require_gateway(caller, "other"), NotFoundError) == [INTERNAL]
    assert passes(lambda caller: permission.require_gateway(caller, "g"), NotFoundError) == [
        INTERNAL,
        ADMIN,
        VIEWER,
        USER,
        NOBODY,
    ]


@pytest.mark.parametrize("gateway_id", [None, ""])
def test_no_gateway_is_nobodys(gateway_id: str | None) -> None:
    with pytest.raises(NotFoundError):
        permission.require_gateway(ADMIN, gateway_id)


def test_what_is_elsewhere_and_what_is_nowhere_look_the_same() -> None:
    with pytest.raises(NotFoundError) as elsewhere:
        permission.require_gateway(USER, "other", "experiment 'x_1'")
    assert str(elsewhere.value) == str(permission.missing("experiment 'x_1'"))


def test_a_refusal_names_the_caller_the_deed_and_the_role() -> None:
    with pytest.raises(
        DeniedError, match=r"User 'alice' of gateway 'g' may not remove a host\. That needs the role admin"
    ):
        permission.require_admin(USER, "remove a host")
