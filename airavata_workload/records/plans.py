"""Plans: several experiments that a user of the Python SDK has put together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from airavata_workload.records.record import Record, composed_key


@dataclass(frozen=True, slots=True, kw_only=True)
class ExperimentPlan(Record):
    """A plan of one user. ``document`` is JSON of which only the client knows the form."""

    IDENTITY: ClassVar[str] = "key"
    SEARCHABLE: ClassVar[tuple[str, ...]] = ("gateway_id", "user_name", "created_at_ms")

    gateway_id: str
    user_name: str
    plan_id: str
    document: str
    created_at_ms: int | None = None
    updated_at_ms: int | None = None

    @property
    def key(self) -> str:
        """Gateway, user and plan: clients choose the ids of their plans."""
        return self.key_of(self.gateway_id, self.user_name, self.plan_id)

    @staticmethod
    def key_of(gateway_id: str, user_name: str, plan_id: str) -> str:
        """The key of a plan by its parts."""
        return composed_key(gateway_id, user_name, plan_id)
