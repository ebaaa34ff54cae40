"""How many names of relationship types are left.

A store has 65,535 of them and never gives one back, not even when no
relationship of the type is left (Source: Neo4j Operations Manual 5, "Store
formats"). How many are in use stands on one node; each store reserves a few at
a time there, so that writing needs no query for it.
"""

from __future__ import annotations

import threading

from airavata_adapters.neo4j import statements
from airavata_adapters.neo4j.server import Call, CommitUncertain, Server

NEXT = "NEXT"
"""The type of all relationships for which no type of their own is left."""
_CHUNK = 64


class TypeBudget:
    """Grants relationship types of their own while there are some."""

    def __init__(self, server: Server, writer_id: str) -> None:
        self._server = server
        self._writer_id = writer_id
        self._lock = threading.Lock()
        self._reserved = 0
        self._exhausted = False

    def type_for(self, name: str) -> str:
        """``name`` if a new relationship type may be made for it, else ``NEXT``. Raises what ``Server`` raises."""
        with self._lock:
            if not self._reserved and not self._exhausted:
                self._reserve()
            if not self._reserved:
                return NEXT
            self._reserved -= 1
            return name

    def give_back(self, relationship_type: str) -> None:
        """Nothing was made of what ``type_for`` granted."""
        if relationship_type != NEXT:
            with self._lock:
                self._reserved += 1

    def close(self) -> None:
        """Leave what was reserved and not used to others. Raises what ``Server`` raises."""
        with self._lock:
            unused, self._reserved, self._exhausted = self._reserved, 0, True
        if unused:
            self._server.transact([Call(statements.RETURN_TYPES, {"unused": unused})], patient=False)

    def _reserve(self) -> None:
        limit = self._server.options.relationship_type_limit
        parameters = {"writer_id": self._writer_id, "limit": limit, "wanted": _CHUNK}
        try:
            ((row,),) = self._server.transact([Call(statements.RESERVE_TYPES, parameters)])
        except CommitUncertain:
            return  # at worst a few names are never used; this relationship goes without
        self._reserved = int(row["granted"])
        self._exhausted = self._reserved == 0
