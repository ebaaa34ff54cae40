"""Keeps experiments coming while faults happen: submits, cancels, holds, tries again, and notes what has ended."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from typing import Protocol

from chaos.site import Site
from chaos.trials import Trial

from airavata_workload.bootstrap import Installation
from airavata_workload.domain.errors import ConflictError, NotFoundError, UnavailableError

LOOK_S = 0.3

Note = Callable[..., None]


class Client(Protocol):
    """Through what a user asks; each method raises ``UnavailableError`` for want of a server, and may be repeated."""

    def submit(self, trial: Trial) -> None:
        """Have the trial's experiment launched."""

    def order(self, trial: Trial, verb: str) -> None:
        """Ask for something else. Raises ``ConflictError`` if it is too late for that."""


@dataclass
class EngineClient:
    """Who uses the engine itself, as the command line does; the ids of experiments are its own."""

    installation: Installation

    def submit(self, trial: Trial) -> None:
        """As ``Client.submit``: with the same id a second submission makes no second experiment."""
        self.installation.workload().submit([trial.experiment])

    def order(self, trial: Trial, verb: str) -> None:
        """A method of ``Workload``."""
        getattr(self.installation.workload(), verb)(trial.experiment_id)


@contextmanager
def engine_client(site: Site) -> Iterator[Client]:
    """A client through the proxies."""
    with site.installation("chaos-load", straight=False) as asking:
        yield EngineClient(asking)


@dataclass
class User:
    """Somebody with at most ``at_once`` experiments open, ``most`` in all; a thread each."""

    client: Callable[[], AbstractContextManager[Client]]
    next: Callable[[], Trial]
    at_once: int
    most: int | None = None
    trials: list[Trial] = field(default_factory=list)

    def open(self) -> list[Trial]:
        """Trials that have not ended."""
        return [trial for trial in self.trials if trial.end is None]

    def exhausted(self) -> bool:
        """Whether all that they have has been submitted."""
        return self.most is not None and len(self.trials) >= self.most


class Load:
    """The users of the site. They go through the proxies and try again what failed for want of a server, as a portal
    would; what has become of their experiments is looked up straight.
    """

    def __init__(self, site: Site, users: Sequence[User], note: Note) -> None:
        self._site = site
        self._users = users
        self._note = note
        self.errors: list[BaseException] = []
        self._adding = threading.Event()
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._loop, args=(user,), name=f"load-{number}", daemon=True)
            for number, user in enumerate(users)
        ]

    @property
    def trials(self) -> list[Trial]:
        """Those of all users."""
        return [trial for user in self._users for trial in user.trials]

    def start(self) -> None:
        """Begin."""
        for thread in self._threads:
            thread.start()

    def resume_adding(self) -> None:
        """Submit new ones, as at the beginning nobody does."""
        self._adding.set()

    def stop_adding(self) -> None:
        """Submit nothing new; what was begun is seen to its end."""
        self._adding.clear()

    def stop(self) -> None:
        """End the threads."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(60.0)

    def open(self) -> list[Trial]:
        """Trials that have not ended."""
        return [trial for user in self._users for trial in user.open()]

    def exhausted(self) -> bool:
        """Whether all experiments of the run have been submitted."""
        return all(user.exhausted() for user in self._users)

    def wait_until_all_ended(self, timeout_s: float) -> bool:
        """Wait for the open trials. False after ``timeout_s``, or if the load itself broke."""
        end_s = time.monotonic() + timeout_s
        while self.open() and not self.errors:
            if time.monotonic() > end_s:
                return False
            self._stopping.wait(LOOK_S)
        return not self.errors

    def _loop(self, user: User) -> None:
        try:
            with user.client() as client, self._site.installation("chaos-look", straight=True) as looking:
                while not self._stopping.wait(LOOK_S):
                    if self._adding.is_set() and len(user.open()) < user.at_once and not user.exhausted():
                        user.trials.append(user.next())
                    self._act(user, client)
                    self._look(user, looking)
        except BaseException as error:  # the run's own thread must hear of it
            self.errors.append(error)
            raise

    def _act(self, user: User, client: Client) -> None:
        for trial in user.open():
            try:
                if not trial.submitted_at_s:
                    client.submit(trial)
                    trial.submitted_at_s = time.time()
                    self._note("submitted", sort=trial.sort, experiment=trial.experiment_id)
                elif (order := trial.due(time.time())) is not None:
                    client.order(trial, order.verb)
                    trial.orders = trial.orders[1:]
                    self._note(order.verb, sort=trial.sort, experiment=trial.experiment_id)
            except UnavailableError as error:
                self._note("a server did not answer the user", error=str(error))
                return
            except ConflictError:
                # It has ended, or was asked for already; whether it came out rightly is judged at the end.
                trial.orders = trial.orders[1:]

    def _look(self, user: User, looking: Installation) -> None:
        for trial in user.open():
            if not trial.submitted_at_s:
                continue
            try:
                experiment = looking.registry.experiment(trial.experiment_id)
            except (NotFoundError, UnavailableError):
                continue
            trial.saw(experiment, time.time())
            if trial.end is not None:
                self._note("ended", sort=trial.sort, experiment=trial.experiment_id, state=str(experiment.state))
