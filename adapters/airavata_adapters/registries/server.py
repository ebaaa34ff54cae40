"""Transactions of a registry that has a database of its own, named by a URL."""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from sqlalchemy import URL, Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from airavata_adapters.registries import server_errors, server_url

T = TypeVar("T")
_Opened = Callable[[], AbstractContextManager[Connection]]

_ATTEMPTS = 6
_FIRST_DELAY_S = 0.005


class Transactions(Protocol):
    """What the registry needs of a database; the shared SQLite file offers the same."""

    def write(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns, once what it wrote is durable; its error undoes what it wrote."""

    def write_early(self, work: Callable[[Connection], T]) -> T:
        """As ``write``, but a loss of power may undo it, if that undoes all that is written later, too."""

    def read(self, work: Callable[[Connection], T]) -> T:
        """What ``work`` returns; what one of its statements reads is of one instant."""

    def close(self) -> None:
        """Release connections."""


class ServerDatabase(Transactions):
    """Pooled connections to the database of a URL.

    Methods raise ``StoreUnavailableError`` when the server does not answer
    (later calls connect again by themselves), ``AuthenticationError`` and
    ``DeniedError``, ``SettingsError`` when the database or a table is not
    there, ``InputError`` for what does not fit a column, and whatever the
    given function raises.
    """

    def __init__(self, url: URL, *, pool_size: int) -> None:
        self._where = server_url.shown(url)
        self._engine = server_url.engine_of(url, pool_size=pool_size)
        self._reading = server_url.engine_of(url, pool_size=pool_size, only_reads=True)

    def write(self, work: Callable[[Connection], T]) -> T:
        """As ``Transactions.write``; ``work`` may run several times.

        Done again, a few times, is what the server has undone because of
        another transaction: it says so. What ended with a lost connection is
        not, because it may have been stored: who repeats it has to know that.
        """
        delay_s = _FIRST_DELAY_S
        for _ in range(_ATTEMPTS - 1):
            try:
                return self._once(work, self._engine.begin)
            except DBAPIError as error:
                if not server_errors.asks_to_try_again(error):
                    raise server_errors.translated(error, self._where) from error
            # Two that hinder one another should not come back at the same time.
            time.sleep(random.uniform(0, delay_s))  # noqa: S311 - nobody has to be kept from guessing it
            delay_s *= 2
        return self._settled(work, self._engine.begin)

    def write_early(self, work: Callable[[Connection], T]) -> T:
        """As ``write``: other connections may write what comes later, so nothing can be put off."""
        return self.write(work)

    def read(self, work: Callable[[Connection], T]) -> T:
        """As ``Transactions.read``."""
        return self._settled(work, self._reading.connect)

    def close(self) -> None:
        """As ``Transactions.close``."""
        self._engine.dispose()
        self._reading.dispose()

    def _settled(self, work: Callable[[Connection], T], opened: _Opened) -> T:
        try:
            return self._once(work, opened)
        except DBAPIError as error:
            raise server_errors.translated(error, self._where) from error

    def _once(self, work: Callable[[Connection], T], opened: _Opened) -> T:
        try:
            with opened() as connection:
                return work(connection)
        except PoolTimeoutError as error:
            raise server_errors.translated(error, self._where) from error
