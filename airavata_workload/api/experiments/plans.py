"""Plans of experiments: each user's are theirs alone."""

from __future__ import annotations

from dataclasses import replace

from airavata_workload.api import request_check as check
from airavata_workload.api.access.permission import require_writer
from airavata_workload.domain.caller import Caller
from airavata_workload.domain.clock import Clock
from airavata_workload.ports.record_store import Query, Records, RecordStore
from airavata_workload.records.plans import ExperimentPlan


class Plans:
    """Keeps plans as text. ``clock`` gives microseconds.

    Raises ``NotFoundError`` for a plan that the caller has not,
    ``ConflictError`` for a new one of an id that is taken, and ``InputError``.
    """

    def __init__(self, *, records: RecordStore, clock: Clock) -> None:
        self._records = records
        self._clock = clock

    def add(self, caller: Caller, plan_id: str, document: str) -> ExperimentPlan:
        """Keep a new plan of the caller's."""
        require_writer(caller)
        now_ms = self._clock() // 1000
        plan = ExperimentPlan(
            gateway_id=caller.gateway,
            user_name=caller.user,
            plan_id=check.plain_id(plan_id, "The plan's id"),
            document=document,
            created_at_ms=now_ms,
            updated_at_ms=now_ms,
        )
        with self._records.transaction() as records:
            records.add(plan)
        return plan

    def replace(self, caller: Caller, plan_id: str, document: str) -> ExperimentPlan:
        """Keep another text for a plan."""
        require_writer(caller)
        with self._records.transaction() as records:
            plan = replace(_plan(records, caller, plan_id), document=document, updated_at_ms=self._clock() // 1000)
            records.put(plan)
        return plan

    def get(self, caller: Caller, plan_id: str) -> ExperimentPlan:
        """A plan of the caller's."""
        with self._records.reading() as records:
            return _plan(records, caller, plan_id)

    def mine(self, caller: Caller) -> tuple[ExperimentPlan, ...]:
        """All plans of the caller's, the newest first."""
        which = Query(equal={"gateway_id": caller.gateway, "user_name": caller.user})
        with self._records.reading() as records:
            return tuple(records.find(ExperimentPlan, which, order_by="created_at_ms", descending=True))


def _plan(records: Records, caller: Caller, plan_id: str) -> ExperimentPlan:
    key = ExperimentPlan.key_of(caller.gateway, caller.user, plan_id)
    return check.found(records.get(ExperimentPlan, key), f"plan '{plan_id}' of user '{caller.user}'")
