"""The present state of an experiment and its process, and which changes move it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from airavata_adapters.registries.tables import experiments
from airavata_adapters.sqlite.prepared import storable
from airavata_workload.domain.change import StateChange, Subject
from airavata_workload.domain.states import EXPERIMENT_ENDS, ExperimentState, ProcessState, may_follow

PRESENT = select(
    experiments.c.experiment_id,
    experiments.c.number,
    experiments.c.state,
    experiments.c.process_id,
    experiments.c.process_state,
    experiments.c.updated_at_us,
    experiments.c.reason,
    experiments.c.user_message,
)
"""Rows of the experiment's id and then what ``PresentState.of_row`` takes."""


@dataclass(slots=True)
class PresentState:
    """The present state of an experiment and of its process; ``number`` is that of its row."""

    number: int
    state: ExperimentState
    process_id: str
    process_state: ProcessState
    updated_at_us: int
    reason: str
    user_message: str
    state_changed: bool = False
    process_changed: bool = False

    @classmethod
    def of_row(cls, number: int, state: str, process_id: str, process_state: str, *rest: Any) -> PresentState:
        """The present state in a row of ``PRESENT``, the id left out."""
        return cls(number, ExperimentState(state), process_id, ProcessState(process_state), *rest)

    def follow(self, change: StateChange) -> bool:
        """Take the change's state over if the state machine lets it follow; whether it did."""
        if change.subject is Subject.EXPERIMENT:
            state = ExperimentState(change.state)
            if not may_follow(self.state, state) or (
                self.state in EXPERIMENT_ENDS and not self._may_begin_again(state)
            ):
                return False
            self.state, self.reason, self.user_message = state, change.reason, change.user_message
            self.state_changed = True
        else:
            process_state = ProcessState(change.state)
            if change.subject_id != self.process_id or not may_follow(self.process_state, process_state):
                return False
            self.process_state = process_state
            self.process_changed = True
        self.updated_at_us = max(self.updated_at_us, change.at_us)
        return True

    def _may_begin_again(self, state: ExperimentState) -> bool:
        """Whether an ended experiment takes the state: the same again, or another one with a process not yet begun."""
        return state is self.state or self.process_state is ProcessState.CREATED

    @property
    def changed(self) -> bool:
        """Whether a change has been followed."""
        return self.state_changed or self.process_changed

    def row(self) -> dict[str, Any]:
        """All columns that changes may move."""
        return {
            "state": str(self.state),
            "reason": storable(self.reason),
            "user_message": storable(self.user_message),
            "process_state": str(self.process_state),
            "updated_at_us": self.updated_at_us,
        }

    def changed_columns(self) -> dict[str, Any]:
        """The columns that changes have moved."""
        left_out = set() if self.process_changed else {"process_state"}
        left_out |= set() if self.state_changed else {"state", "reason", "user_message"}
        return {name: value for name, value in self.row().items() if name not in left_out}
