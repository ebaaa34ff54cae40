"""Keeps experiments coming while faults happen: submits, cancels, holds, tries again, and notes what has ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from chaos.site import Site
from chaos.trials import Trial, Trials

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import ConflictError, NotFoundError, UnavailableError

LOOK_S = 0.3

Note = Callable[..., None]


class Load:
    """A user of the site, in a thread of its own: at most ``at_once`` experiments open, ``most`` in all.

    It goes through the proxies and tries again what failed for want of a server, as a portal would; the ids of
    experiments are its own, so trying again makes no second one.
    """

    def __init__(self, site: Site, trials: Trials, note: Note, *, at_once: int, most: int | None) -> None:
        self._site = site
        self._trials = trials
        self._note = note
        self._at_once = at_once
        self._most = most
        self.trials: list[Trial] = []
        self.errors: list[BaseException] = []
        self._adding = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="load", daemon=True)

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def resume_adding(self) -> None:
        """Submit new ones, as at the beginning nobody does."""
        self._adding.set()

    def stop_adding(self) -> None:
        """Submit nothing new; what was begun is seen to its end."""
        self._adding.clear()

    def stop(self) -> None:
        """End the thread."""
        self._stopping.set()
        self._thread.join(60.0)

    def open(self) -> list[Trial]:
        """Trials that have not ended."""
        return [trial for trial in self.trials if trial.end is None]

    def exhausted(self) -> bool:
        """Whether all experiments of the run have been submitted."""
        return self._most is not None and len(self.trials) >= self._most

    def wait_until_all_ended(self, timeout_s: float) -> bool:
        """Wait for the open trials. False after ``timeout_s``, or if the load itself broke."""
        end_s = time.monotonic() + timeout_s
        while self.open() and not self.errors:
            if time.monotonic() > end_s:
                return False
            self._stopping.wait(LOOK_S)
        return not self.errors

    def _loop(self) -> None:
        try:
            with (
                self._site.installation("chaos-load", straight=False) as asking,
                self._site.installation("chaos-look", straight=True) as looking,
            ):
                while not self._stopping.wait(LOOK_S):
                    self._add()
                    self._act(asking)
                    self._look(looking)
        except BaseException as error:  # the run's own thread must hear of it
            self.errors.append(error)
            raise

    def _add(self) -> None:
        if self._adding.is_set() and len(self.open()) < self._at_once and not self.exhausted():
            self.trials.append(self._trials.next())

    def _act(self, asking: Installation) -> None:
        for trial in self.open():
            try:
                if not trial.submitted_at_s:
                    asking.workload().submit([trial.experiment])
                    trial.submitted_at_s = time.time()
                    self._note("submitted", sort=trial.sort, experiment=trial.experiment_id)
                elif (order := trial.due(time.time())) is not None:
                    getattr(asking.workload(), order.verb)(trial.experiment_id)
                    trial.orders = trial.orders[1:]
                    self._note(order.verb, sort=trial.sort, experiment=trial.experiment_id)
            except UnavailableError as error:
                self._note("a server did not answer the user", error=str(error))
                return
            except ConflictError:
                # It has ended, or was asked for already; whether it came out rightly is judged at the end.
                trial.orders = trial.orders[1:]

    def _look(self, looking: Installation) -> None:
        for trial in self.open():
            try:
                experiment = looking.registry.experiment(trial.experiment_id)
            except (NotFoundError, UnavailableError):
                continue
            if trial.submitted_at_s:
                trial.saw(experiment, time.time())
            if trial.end is not None:
                self._note("ended", sort=trial.sort, experiment=trial.experiment_id, state=str(experiment.state))
