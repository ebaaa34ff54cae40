"""A stage of which one instance works while the others stand by.

The scheduler decides about limits that hold for all workers together, and the
monitor asks each cluster one question for all jobs: either works only while it
leads. What it knows is in memory and can be rebuilt, so another instance takes
over by reading the graph store. Should two ever believe that they lead (one
was stopped and has not noticed yet), the compare-and-set of tasks keeps
whatever both do from being done twice.
"""

from __future__ import annotations

import time
from abc import abstractmethod

import structlog

from airavata_workload.ports.recovery_nodes import RecoveryNodes
from airavata_workload.stage import Stage

log = structlog.get_logger("airavata_workload")

ASK_INTERVAL_S = 1.0
"""How often a stage asks whether it leads."""


class LeadingStage(Stage):
    """Calls ``work`` again and again while this session leads ``role``."""

    def __init__(self, nodes: RecoveryNodes, role: str) -> None:
        super().__init__()
        self._nodes = nodes
        self._role = role
        self._leads = False
        self._taken_over = False
        self._next_ask_s = 0.0

    @property
    def leads(self) -> bool:
        """Whether this instance works."""
        return self._leads

    @abstractmethod
    def take_over(self) -> None:
        """Rebuild what a leader knows, from the stores; repeated until it succeeds."""

    @abstractmethod
    def give_way(self) -> None:
        """Another instance leads: forget what only a leader may act upon."""

    @abstractmethod
    def work(self) -> None:
        """One round of work; returns after a second at most when there is none."""

    def round(self) -> None:
        """Work if this instance leads, else wait for its turn."""
        if time.monotonic() >= self._next_ask_s:
            self._ask_for_lead()
        if not self._leads:
            self._stopping.wait(ASK_INTERVAL_S)
            return
        if not self._taken_over:
            self.take_over()
            self._taken_over = True
        self.work()

    def still_leads(self) -> bool:
        """Whether this instance leads at this moment, asked after messages were taken and before they are kept.

        A process that was stopped may go on with messages that it took after
        another instance had taken over. Kept here, they would be forgotten
        with the lead, and the other one has read the stores already: they
        have to be handed back. Raises ``UnavailableError`` while the session
        is in doubt.
        """
        if self._nodes.lead(self._role):
            return True
        self._next_ask_s = 0.0
        return False

    def join(self, timeout_s: float) -> bool:
        """Wait for the end of the present round, and let another instance lead."""
        ended = super().join(timeout_s)
        if ended and self._leads:
            self._leads = False
            self._resign()
        return ended

    def _ask_for_lead(self) -> None:
        # Raises while the session is in doubt, and then nothing is done: the stage's loop waits and asks again.
        leads = self._nodes.lead(self._role)
        self._next_ask_s = time.monotonic() + ASK_INTERVAL_S
        if leads and not self._leads:
            log.info("this instance leads", role=self._role)
        if self._leads and not leads:
            log.warning("another instance leads", role=self._role)
            self.give_way()
            self._taken_over = False
        self._leads = leads

    def _resign(self) -> None:
        try:
            self._nodes.resign(self._role)
        except Exception as error:  # noqa: BLE001 - the session ends anyway, and the lead with it
            log.warning("the lead is given up with the session", role=self._role, error=str(error))
