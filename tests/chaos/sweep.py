"""Kills each stage at each named step that it has been seen to take, before and after it."""

from __future__ import annotations

import random
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from chaos.site import Site

LOOK_S = 0.2
REACHED_WITHIN_S = 40.0
"""A step that comes this seldom under load is given up, and the summary says so."""
READY_WITHIN_S = 120.0
"""Before that a service that has been started does nothing that could be a step, on a machine with other work."""


class Sweep:
    """Under load: every service is started to die at the next step of its stage, until none is left.

    Both services of a stage take from one list, so that where one leads and the other stands by, the
    death of the leader brings the other to its step. A step that was not reached in time (who stands by reaches none)
    has its second chance when the others have had theirs: then both are to die at it, whichever leads. The order is by
    chance; after ``limit_s`` no more are begun.
    """

    def __init__(
        self,
        site: Site,
        steps: Mapping[str, Sequence[str]],
        note: Callable[..., None],
        chance: random.Random,
        limit_s: float,
    ) -> None:
        self._site = site
        self._note = note
        self._limit_s = limit_s
        self._left = {stage: deque(chance.sample(names, len(names))) for stage, names in steps.items()}
        self._armed: dict[str, tuple[str, float]] = {}
        self._ready: set[str] = set()
        self._tried: set[tuple[str, str]] = set()
        self.killed_at: list[tuple[str, str]] = []
        self.not_reached: list[tuple[str, str]] = []
        self.not_tried = 0

    def carry_out(self) -> None:
        """Until each step has had its kill, or was not reached in time."""
        self._site.step_of = self._arm
        for name in self._site.fleet.names():
            self._site.fleet.kill(name)
        end_s = time.monotonic() + self._limit_s
        while (any(self._left.values()) or self._armed) and time.monotonic() < end_s:
            time.sleep(LOOK_S)
            self._look()
        self.not_tried = sum(len(steps) for steps in self._left.values()) + len(self._armed)
        self._site.step_of = lambda name: ""
        self._site.watch_steps = False
        for name in self._site.fleet.names():
            self._site.fleet.kill(name)

    def _arm(self, name: str) -> str:
        """The step at which the service is to die at this start."""
        stage = self._stage(name)
        if (armed := self._armed.pop(name, None)) is not None:
            self.killed_at.append((stage, armed[0]))
            self._note("killed at a step", service=name, step=armed[0])
            self._give_up(stage, armed[0])
        step = self._next(stage)
        if step:
            self._armed[name] = (step, time.monotonic() + READY_WITHIN_S)
            self._ready.discard(name)
        return step

    def _next(self, stage: str) -> str:
        """That of the stage's other service, if it is the second chance of a step; '' if nothing is left."""
        for name, (step, _) in self._armed.items():
            if self._stage(name) == stage and (stage, step) in self._tried:
                return step
        left = self._left.get(stage)
        if not left:
            return ""
        if (stage, left[0]) in self._tried and any(self._stage(name) == stage for name in self._armed):
            return ""  # its other service is still at its own step, and is armed anew after that
        return left.popleft()

    def _look(self) -> None:
        for name, (step, until_s) in list(self._armed.items()):
            if name not in self._ready and self._site.fleet.ready(name):
                self._ready.add(name)
                if name in self._armed:  # it may have died at it since we looked
                    self._armed[name] = (step, time.monotonic() + REACHED_WITHIN_S)
                continue
            if time.monotonic() < until_s or not self._site.fleet.running(name):
                continue
            stage = self._stage(name)
            if self._armed.pop(name, None) is None:
                continue
            if (stage, step) not in self._tried:
                self._tried.add((stage, step))
                self._left[stage].append(step)
            else:
                self.not_reached.append((stage, step))
                self._note("a step was not reached", service=name, step=step)
                self._give_up(stage, step)
            self._site.fleet.kill(name)
        self._wake_idle()

    def _give_up(self, stage: str, step: str) -> None:
        """Nobody else of the stage is to die at the step any more."""
        for other, (same, _) in list(self._armed.items()):
            if self._stage(other) == stage and same == step:
                self._armed.pop(other, None)
                self._site.fleet.kill(other)

    def _wake_idle(self) -> None:
        """Whoever was started without a step, and could have one now, is started anew."""
        for name in self._site.fleet.names():
            if name not in self._armed and self._site.fleet.running(name) and self._could_have_one(self._stage(name)):
                self._site.fleet.kill(name)

    def _could_have_one(self, stage: str) -> bool:
        at_work = [step for name, (step, _) in self._armed.items() if self._stage(name) == stage]
        if any((stage, step) in self._tried for step in at_work):
            return True
        return bool(self._left.get(stage)) and not at_work

    @staticmethod
    def _stage(name: str) -> str:
        return name.rpartition("-")[0]
