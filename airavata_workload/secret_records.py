"""A record store in which secrets of records stand encrypted, whichever store it is.

A marked field holds what the credential store has made of the text. Who reads
and writes records through this never notices; who reads the database does.
What an earlier version has stored plainly is read as it is, and encrypted when
the record is stored the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

from airavata_workload.domain.secret import Secret
from airavata_workload.ports.credential_store import CredentialStore
from airavata_workload.ports.record_store import EVERYTHING, Query, Records, RecordStore
from airavata_workload.records.record import Record, secret_fields

R = TypeVar("R", bound=Record)

ENCRYPTED = "airavata-workload-encrypted:"
"""Begins the text of a secret that is encrypted; the rest is the credential store's."""


class SecretRecordStore(RecordStore):
    """The store ``plain``, with the key of ``credentials``.

    Beside what the port says, reading raises ``DeniedError`` for a record with
    a secret of another key, and writing ``InputError`` for a secret that is no text.
    """

    def __init__(self, plain: RecordStore, credentials: CredentialStore) -> None:
        self._plain = plain
        self._credentials = credentials

    @contextmanager
    def transaction(self) -> Iterator[Records]:
        """As ``RecordStore.transaction``."""
        with self._plain.transaction() as records:
            yield _SecretRecords(records, self._credentials)

    @contextmanager
    def reading(self) -> Iterator[Records]:
        """As ``RecordStore.reading``."""
        with self._plain.reading() as records:
            yield _SecretRecords(records, self._credentials)

    def close(self) -> None:
        """As ``RecordStore.close``; the credential store stays open."""
        self._plain.close()


class _SecretRecords(Records):
    """The records of a transaction; only those of kinds that have secrets are touched."""

    def __init__(self, plain: Records, credentials: CredentialStore) -> None:
        self._plain = plain
        self._credentials = credentials

    def get(self, kind: type[R], key: str) -> R | None:
        """As ``Records.get``."""
        record = self._plain.get(kind, key)
        return None if record is None else self._shown(record)

    def expect(self, *wanted: tuple[type[Record], str]) -> None:
        """As ``Records.expect``."""
        self._plain.expect(*wanted)

    def add(self, record: Record) -> None:
        """As ``Records.add``."""
        self._plain.add(self._hidden(record))

    def put(self, record: Record) -> None:
        """As ``Records.put``."""
        self._plain.put(self._hidden(record))

    def put_all(self, kind: type[R], records: Iterable[R]) -> None:
        """As ``Records.put_all``."""
        self._plain.put_all(kind, map(self._hidden, records) if secret_fields(kind) else records)

    def delete(self, kind: type[Record], key: str) -> bool:
        """As ``Records.delete``."""
        return self._plain.delete(kind, key)

    def delete_all(self, kind: type[Record], which: Query) -> int:
        """As ``Records.delete_all``."""
        return self._plain.delete_all(kind, which)

    def find(
        self,
        kind: type[R],
        which: Query = EVERYTHING,
        *,
        order_by: str = "",
        descending: bool = False,
        limit: int | None = None,
        offset: int = 0,
        without: Collection[str] = (),
    ) -> list[R]:
        """As ``Records.find``."""
        found = self._plain.find(
            kind, which, order_by=order_by, descending=descending, limit=limit, offset=offset, without=without
        )
        return [self._shown(each) for each in found] if secret_fields(kind) else found

    def count(self, kind: type[Record], which: Query = EVERYTHING) -> int:
        """As ``Records.count``."""
        return self._plain.count(kind, which)

    def count_by(self, kind: type[Record], column: str, which: Query = EVERYTHING) -> Mapping[str, int]:
        """As ``Records.count_by``."""
        return self._plain.count_by(kind, column, which)

    def keys(self, kind: type[Record], which: Query = EVERYTHING) -> list[str]:
        """As ``Records.keys``."""
        return self._plain.keys(kind, which)

    def _hidden(self, record: R) -> R:
        return _changed(record, lambda text: ENCRYPTED + self._credentials.encrypted(Secret(text)))

    def _shown(self, record: R) -> R:
        return _changed(record, self._plainly)

    def _plainly(self, text: str) -> str:
        if not text.startswith(ENCRYPTED):
            return text
        return self._credentials.decrypted(text.removeprefix(ENCRYPTED)).reveal()


def _changed(record: R, change: Callable[[str], str]) -> R:
    """The record with its secrets changed; one that is not set, or empty, hides nothing."""
    texts = {name: text for name in secret_fields(type(record)) if (text := getattr(record, name))}
    if not texts:
        return record
    changes: dict[str, Any] = {name: change(text) for name, text in texts.items()}
    return replace(record, **changes)  # type: ignore[type-var]
